//! What one thread does on a disk, as others see it: since when, and whether it is on the disk at all.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One piece of work. Its thread says where it is; others ask how long it has been there.
#[derive(Debug)]
pub struct Operation(Mutex<Phase>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// In the queue, no thread has it.
    Waiting,
    /// On the disk since then.
    OnDisk(Instant),
    /// Its thread computes, or waits for a client.
    Elsewhere,
}

thread_local! {
    /// What this thread does, the innermost last. Empty on threads that must not touch a disk.
    static CURRENT: RefCell<Vec<Arc<Operation>>> = const { RefCell::new(Vec::new()) };
}

impl Operation {
    /// One that no thread has yet.
    #[must_use]
    pub fn waiting() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Phase::Waiting)))
    }

    pub(super) fn waits(&self) {
        self.set(Phase::Waiting);
    }

    pub(super) fn enter(&self) {
        self.set(Phase::OnDisk(Instant::now()));
    }

    fn set(&self, phase: Phase) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    fn phase(&self) -> Phase {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its current step has lasted for `deadline`.
    #[must_use]
    pub fn is_stuck(&self, now: Instant, deadline: Duration) -> bool {
        match self.phase() {
            Phase::OnDisk(since) => now.saturating_duration_since(since) >= deadline,
            Phase::Waiting | Phase::Elsewhere => false,
        }
    }

    /// How long somebody who has waited for `deadline` may go on waiting for it; none when that is enough.
    pub(super) fn left(&self, now: Instant, deadline: Duration) -> Option<Duration> {
        match self.phase() {
            Phase::Waiting => None,
            Phase::OnDisk(since) => {
                let left = deadline.saturating_sub(now.saturating_duration_since(since));
                (!left.is_zero()).then_some(left)
            }
            Phase::Elsewhere => Some(deadline),
        }
    }
}

/// Runs `work` as `operation`, from now on the disk.
pub(super) fn as_current<T>(operation: &Arc<Operation>, work: impl FnOnce() -> T) -> T {
    operation.enter();
    CURRENT.with_borrow_mut(|current| current.push(operation.clone()));
    let _left = Left;
    work()
}

/// Ends the innermost operation, also when its work panics.
struct Left;

impl Drop for Left {
    fn drop(&mut self) {
        if let Some(operation) = CURRENT.with_borrow_mut(Vec::pop) {
            operation.set(Phase::Elsewhere);
        }
    }
}

/// Whether this thread may wait for a disk.
pub(super) fn is_on_disk() -> bool {
    CURRENT.with_borrow(|current| !current.is_empty())
}

/// A step is done and the next one begins: the deadline counts anew.
pub fn beat() {
    all(Operation::enter);
}

/// Does what touches no disk, such as computing or waiting for a client: its time does not count.
pub fn elsewhere<T>(work: impl FnOnce() -> T) -> T {
    all(|operation| operation.set(Phase::Elsewhere));
    let done = work();
    beat();
    done
}

fn all(change: impl Fn(&Operation)) {
    CURRENT.with_borrow(|current| current.iter().for_each(|operation| change(operation)));
}
