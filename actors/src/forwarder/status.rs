//! The forwarder's counters and state, which everybody can read without asking the actor.

use super::circuit::CircuitState;
use super::due_queue::{DueQueue, Outcome, Success};
use arc_swap::ArcSwap;
use beamlive_storage::Timestamp;
use std::sync::Arc;

/// The latest [`ForwarderStatus`]. It outlives the actor.
#[derive(Debug, Default)]
pub struct ForwarderHealth(ArcSwap<ForwarderStatus>);

/// The forwarder at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwarderStatus {
    /// Whether the Data Proxy works, as far as is known.
    pub up: bool,
    /// Since when it has worked, or not; none before the actor's first start.
    pub since: Option<Timestamp>,
    /// Rows of the outbox that the forwarder holds. See [`Self::more`].
    pub waiting: u64,
    /// Whether the outbox may hold more than [`Self::waiting`] rows.
    pub more: bool,
    /// Calls to the Data Proxy that are running.
    pub in_flight: u64,
    /// When the oldest of the waiting rows was created.
    pub oldest: Option<Timestamp>,
    /// Keys received and recorded since the process started.
    pub delivered: u64,
    /// Calls that failed since the process started.
    pub failed: u64,
    /// Why the last failed call failed; none once the proxy is up and nothing waits.
    pub last_error: Option<Arc<String>>,
}

impl Default for ForwarderStatus {
    fn default() -> Self {
        Self {
            up: true,
            since: None,
            waiting: 0,
            more: true,
            in_flight: 0,
            oldest: None,
            delivered: 0,
            failed: 0,
            last_error: None,
        }
    }
}

impl ForwarderHealth {
    /// The latest status.
    #[must_use]
    pub fn status(&self) -> ForwarderStatus {
        ForwarderStatus::clone(&self.0.load())
    }

    /// Replaces it.
    pub(crate) fn publish(&self, status: ForwarderStatus) {
        self.0.store(Arc::new(status));
    }
}

impl ForwarderStatus {
    /// Counts the end of a delivery.
    pub(crate) fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Ok(Success::Delivered) => self.delivered += 1,
            Ok(Success::Gone | Success::Contended) => {}
            Err(failure) => {
                self.failed += 1;
                self.last_error = Some(Arc::new(failure.to_string()));
            }
        }
    }

    /// Takes over the present state. `more` tells whether the outbox may hold rows that were not
    /// read yet.
    pub(crate) fn update(&mut self, queue: &DueQueue, more: bool) {
        let up = queue.circuit().state() == CircuitState::Closed;
        match (self.up, up) {
            (false, true) => tracing::info!("the Data Proxy is up again"),
            (true, false) => {
                tracing::warn!(last_error = ?self.last_error, "the Data Proxy is down; uploads wait");
            }
            _ => {}
        }
        self.up = up;
        self.since = Some(queue.circuit().since());
        self.waiting = queue.len() as u64;
        self.more = more;
        self.in_flight = queue.in_flight() as u64;
        self.oldest = queue.oldest();
        if up && self.waiting == 0 {
            self.last_error = None;
        }
    }
}
