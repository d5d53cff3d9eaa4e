//! The current step of a thread: whether it accesses the disk, and since when.

use parking_lot::Mutex;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The state of one job. Its thread updates it, and others check for how long the step has lasted.
#[derive(Debug)]
pub struct Operation(Mutex<Phase>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// In the queue.
    Queued,
    /// Accessing the disk since then.
    OnDisk(Instant),
    /// Computing, or waiting for a client.
    OffDisk,
}

thread_local! {
    /// The operations of this thread, the innermost last. Empty on threads that must not block on a
    /// disk.
    static CURRENT: RefCell<Vec<Arc<Operation>>> = const { RefCell::new(Vec::new()) };
}

impl Operation {
    /// An operation that is queued.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Phase::Queued)))
    }

    pub(super) fn queued(&self) {
        self.set(Phase::Queued);
    }

    pub(super) fn enter(&self) {
        self.set(Phase::OnDisk(Instant::now()));
    }

    fn set(&self, phase: Phase) {
        *self.0.lock() = phase;
    }

    fn phase(&self) -> Phase {
        *self.0.lock()
    }

    /// Whether its current step has lasted for `deadline` or longer.
    #[must_use]
    pub fn is_stuck(&self, now: Instant, deadline: Duration) -> bool {
        match self.phase() {
            Phase::OnDisk(since) => now.saturating_duration_since(since) >= deadline,
            Phase::Queued | Phase::OffDisk => false,
        }
    }

    /// How much longer to wait for it, after a wait for `deadline`; `None` to give up.
    pub(super) fn remaining(&self, now: Instant, deadline: Duration) -> Option<Duration> {
        match self.phase() {
            Phase::Queued => None,
            Phase::OnDisk(since) => {
                let remaining = deadline.saturating_sub(now.saturating_duration_since(since));
                (!remaining.is_zero()).then_some(remaining)
            }
            Phase::OffDisk => Some(deadline),
        }
    }
}

/// Runs `work` as `operation`, which accesses the disk from now on.
pub(super) fn run_as<T>(operation: &Arc<Operation>, work: impl FnOnce() -> T) -> T {
    operation.enter();
    CURRENT.with_borrow_mut(|current| current.push(operation.clone()));
    let _end = EndOperation;
    work()
}

/// Ends the innermost operation, also if it panics.
struct EndOperation;

impl Drop for EndOperation {
    fn drop(&mut self) {
        if let Some(operation) = CURRENT.with_borrow_mut(Vec::pop) {
            operation.set(Phase::OffDisk);
        }
    }
}

/// Whether this thread may block on a disk.
pub(super) fn may_block() -> bool {
    CURRENT.with_borrow(|current| !current.is_empty())
}

/// Begins the next step: the deadline counts from now on.
pub fn next_step() {
    all(Operation::enter);
}

/// Runs `work` without a deadline. It must not access a disk; it may compute, or wait for a client.
pub fn off_disk<T>(work: impl FnOnce() -> T) -> T {
    all(|operation| operation.set(Phase::OffDisk));
    let done = work();
    next_step();
    done
}

fn all(change: impl Fn(&Operation)) {
    CURRENT.with_borrow(|current| current.iter().for_each(|operation| change(operation)));
}
