//! What the threads of a disk are given to do.

use super::operation::{as_current, Operation};
use std::fs::File;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a thread is given.
pub(super) trait Job: Send {
    /// Nobody waits for it any more.
    fn abandoned(&self) -> bool;
    fn run(self: Box<Self>);
}

/// Work that somebody waits for.
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
            let made = as_current(&operation, work);
            // What nobody takes is dropped here, where closing may hang.
            let _ = done.send(made);
        }
    }
}

/// A file to close.
pub(super) struct Closing(pub(super) File);

impl Job for Closing {
    fn abandoned(&self) -> bool {
        false
    }

    fn run(self: Box<Self>) {
        drop(self.0);
    }
}
