//! The forwarder's counters and state, which everybody can read without asking the actor.

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
    /// Since when it has worked, or not; `None` before the actor's first start.
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
    /// Deliveries that failed since the process started.
    pub failed: u64,
    /// Why the last failed delivery failed; `None` once the proxy is up and nothing waits.
    pub last_error: Option<Arc<String>>,
    /// The other process that sends the outbox; empty while none is known. `None` if it is this
    /// one.
    pub elsewhere: Option<Arc<str>>,
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
            elsewhere: None,
        }
    }
}

impl ForwarderStatus {
    /// The status while `node` sends the outbox. What waits there is not known here.
    pub(crate) fn elsewhere(self, node: &Arc<str>) -> Self {
        Self {
            up: true,
            waiting: 0,
            more: false,
            oldest: None,
            last_error: None,
            elsewhere: Some(Arc::clone(node)),
            ..self
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
