//! Pure: whether a disk answers, from its running operations and when the last one returned.

use super::operation::Operation;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A disk with stuck operations counts as responding for this time after another operation
/// returned. Longer than [`QUIET`], so that probes keep it so.
const TRUST: Duration = Duration::from_secs(3);
/// After an operation returned, no probe is needed for this time.
const QUIET: Duration = Duration::from_secs(1);

/// The status of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskStatus {
    /// Operations return.
    pub answers: bool,
    /// Threads whose current step exceeds the deadline.
    pub stuck: usize,
    /// Threads that run a job.
    pub running: usize,
}

/// The running operations of a disk.
#[derive(Debug, Default)]
pub(super) struct Running {
    operations: HashMap<u64, Arc<Operation>>,
    next: u64,
    last_return: Option<Instant>,
}

impl Running {
    pub(super) fn begin(&mut self, operation: &Arc<Operation>) -> u64 {
        self.next += 1;
        self.operations.insert(self.next, operation.clone());
        self.next
    }

    pub(super) fn end(&mut self, number: u64, now: Instant) {
        self.operations.remove(&number);
        self.last_return = Some(now);
    }

    pub(super) fn status(&self, now: Instant, deadline: Duration) -> DiskStatus {
        let stuck = self
            .operations
            .values()
            .filter(|operation| operation.is_stuck(now, deadline));
        let stuck = stuck.count();
        let recently = self.since_return(now).is_some_and(|since| since < TRUST);
        DiskStatus {
            answers: stuck == 0 || recently,
            stuck,
            running: self.operations.len(),
        }
    }

    /// Whether no operation has returned recently.
    pub(super) fn is_quiet(&self, now: Instant) -> bool {
        self.since_return(now).is_none_or(|since| since >= QUIET)
    }

    fn since_return(&self, now: Instant) -> Option<Duration> {
        self.last_return.map(|last| now.saturating_duration_since(last))
    }
}
