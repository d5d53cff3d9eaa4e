//! Work whose caller waits for the answer.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Work for one caller. Several threads may do it; the first answer counts.
pub(super) struct Task<T, F, P> {
    work: F,
    /// Whom to answer, and the caller's place in the queue. `None` once it is answered.
    waiting: Mutex<Option<(oneshot::Sender<T>, P)>>,
}

/// A task, whatever it returns.
pub(super) trait Run: Send + Sync {
    /// Does the work and answers, unless it is answered or the caller has gone.
    fn run(&self) -> Done;
}

/// How a task went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// It was done, or no caller waits for it any more.
    Well,
    /// It panicked. The caller gets no answer.
    Panicked,
}

impl<T, F: Fn() -> T, P> Task<T, F, P> {
    /// Work that answers `caller`, who has `place` until then.
    pub(super) fn new(work: F, caller: oneshot::Sender<T>, place: P) -> Self {
        Self {
            work,
            waiting: Mutex::new(Some((caller, place))),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<(oneshot::Sender<T>, P)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send, F: Fn() -> T + Send + Sync, P: Send> Run for Task<T, F, P> {
    fn run(&self) -> Done {
        let wanted = self
            .waiting()
            .as_ref()
            .is_some_and(|(caller, _)| !caller.is_closed());
        let done = wanted.then(|| catch_unwind(AssertUnwindSafe(&self.work)));
        let waiting = self.waiting().take();
        match (done, waiting) {
            (Some(Ok(answer)), Some((caller, place))) => {
                // The place is free before the caller can ask again.
                drop(place);
                let _ = caller.send(answer);
                Done::Well
            }
            (Some(Err(_)), _) => Done::Panicked,
            _ => Done::Well,
        }
    }
}
