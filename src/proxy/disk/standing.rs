//! Pure: whether a disk answers, by what runs on it and when something last came back.

use super::operation::Operation;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a disk on which something is stuck counts as one that answers after something else came back. It is asked more often than that.
const TRUST: Duration = Duration::from_secs(3);
/// How long after something came back it is not asked again.
const QUIET: Duration = Duration::from_secs(1);

/// How a disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Something comes back.
    pub answers: bool,
    /// Threads that wait for it longer than they should.
    pub stuck: usize,
    /// Threads that are on it, or have been given work for it.
    pub running: usize,
}

/// What runs on it.
#[derive(Debug, Default)]
pub(super) struct Running {
    operations: HashMap<u64, Arc<Operation>>,
    next: u64,
    last_back: Option<Instant>,
}

impl Running {
    pub(super) fn begin(&mut self, operation: &Arc<Operation>) -> u64 {
        self.next += 1;
        self.operations.insert(self.next, operation.clone());
        self.next
    }

    pub(super) fn end(&mut self, number: u64, now: Instant) {
        self.operations.remove(&number);
        self.last_back = Some(now);
    }

    pub(super) fn standing(&self, now: Instant, deadline: Duration) -> Standing {
        let stuck = self
            .operations
            .values()
            .filter(|operation| operation.is_stuck(now, deadline));
        let stuck = stuck.count();
        let lately = self.since_back(now).is_some_and(|since| since < TRUST);
        Standing {
            answers: stuck == 0 || lately,
            stuck,
            running: self.operations.len(),
        }
    }

    /// Nothing has come back for a while.
    pub(super) fn is_quiet(&self, now: Instant) -> bool {
        self.since_back(now).is_none_or(|since| since >= QUIET)
    }

    fn since_back(&self, now: Instant) -> Option<Duration> {
        self.last_back.map(|last| now.saturating_duration_since(last))
    }
}
