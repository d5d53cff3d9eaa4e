//! The limits that every connection keeps to.

use super::gate::Gate;
use crate::config::Limits;
use crate::metrics::counters::Metrics;
use crate::tls::Secure;
use std::sync::Arc;
use std::time::Duration;

/// The limits that every connection keeps to, and where their effect is counted.
#[derive(Debug)]
pub(super) struct Rules {
    /// How long the head of a request may take to arrive.
    pub head: Duration,
    /// How long an answer may make no progress.
    pub write: Duration,
    /// How long a connection may be idle between two requests.
    pub idle: Duration,
    /// The number of connections.
    pub gate: Arc<Gate>,
    pub metrics: Metrics,
    /// TLS, if this address speaks it.
    pub secure: Option<Arc<Secure>>,
}

impl Rules {
    pub(super) fn new(
        limits: &Limits,
        gate: Arc<Gate>,
        metrics: Metrics,
        secure: Option<Arc<Secure>>,
    ) -> Self {
        Self {
            head: Duration::from_secs(limits.head_seconds),
            write: Duration::from_secs(limits.write_seconds),
            idle: Duration::from_secs(limits.idle_seconds),
            gate,
            metrics,
            secure,
        }
    }
}
