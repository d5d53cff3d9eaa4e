//! Answers that a thread of the blocking pool makes while the client takes them, piece by piece.

use std::time::Duration;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;

/// How long a client may take for one piece: the thread waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pieces that wait for the client at a time.
const WAITING: usize = 1;

/// The client has gone, or is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the client has gone, or is too slow")]
pub struct ClientGone;

/// The end of the thread that makes the pieces.
#[derive(Debug)]
pub struct PieceSender<T> {
    pieces: Sender<T>,
    runtime: Handle,
}

impl<T> PieceSender<T> {
    /// Both ends. It must be called in a runtime.
    #[must_use]
    pub fn new() -> (Self, Receiver<T>) {
        let (pieces, receiver) = mpsc::channel(WAITING);
        let runtime = Handle::current();
        (Self { pieces, runtime }, receiver)
    }

    /// Sends a piece, when the client has taken the one before. It must be called on a thread of
    /// the blocking pool.
    ///
    /// # Errors
    /// [`ClientGone`]: no further piece is wanted.
    pub fn send(&self, piece: T) -> Result<(), ClientGone> {
        match self.runtime.block_on(timeout(PATIENCE, self.pieces.send(piece))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ClientGone),
        }
    }
}
