//! How many connections there may be, and whether the service stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Maximum refusals in progress. Further connections are closed without an answer.
pub const REFUSALS: usize = 256;

/// Counts connections, and knows whether the service stops.
#[derive(Debug)]
pub struct Gate {
    limit: usize,
    free: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    stopping: AtomicBool,
}

impl Gate {
    /// Admits `limit` connections at once.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self {
            limit,
            free: Arc::new(Semaphore::new(limit)),
            refusals: Arc::new(Semaphore::new(REFUSALS)),
            stopping: AtomicBool::new(false),
        }
    }

    /// Connections that are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.limit.saturating_sub(self.free.available_permits())
    }

    /// Whether each connection ends after its current answer.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// From now on, connections end after their current answer.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// A place for one connection, unless all are taken.
    pub(super) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().try_acquire_owned().ok()
    }

    /// A place for one refusal, unless all are taken.
    pub(super) fn refuse(&self) -> Option<OwnedSemaphorePermit> {
        self.refusals.clone().try_acquire_owned().ok()
    }
}
