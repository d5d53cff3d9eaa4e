//! Jobs for the threads of a disk.

use super::operation::{run_as, Operation};
use std::fs::File;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A job for one thread.
pub(super) trait Job: Send {
    /// Whether no caller waits for it any more.
    fn abandoned(&self) -> bool;
    fn run(self: Box<Self>);
}

/// Work with a caller that waits for the result.
pub(super) struct Task<W, T> {
    pub(super) work: W,
    pub(super) operation: Arc<Operation>,
    pub(super) done: oneshot::Sender<T>,
}

impl<T: Send, W: FnOnce() -> T + Send> Job for Task<W, T> {
    fn abandoned(&self) -> bool {
        self.done.is_closed()
    }

    fn run(self: Box<Self>) {
        let Self {
            work,
            operation,
            done,
        } = *self;
        if !done.is_closed() {
            let made = run_as(&operation, work);
            // Without a caller, the result is dropped here, where closing a file may block.
            let _ = done.send(made);
        }
    }
}

/// Closes a file.
pub(super) struct Close(pub(super) File);

impl Job for Close {
    fn abandoned(&self) -> bool {
        false
    }

    fn run(self: Box<Self>) {
        drop(self.0);
    }
}
