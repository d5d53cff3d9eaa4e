//! A body that a thread makes while it is sent: neither runs far ahead of the other, and each ends when the other does.

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, OwnedSemaphorePermit};
use tokio::time::timeout;

/// Bytes of a piece.
pub const PIECE: usize = 128 << 10;
/// Pieces that are made and not sent yet.
const AHEAD: usize = 4;
/// How long a client may take for one piece before it is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// A part of a body.
#[derive(Debug)]
pub enum Piece {
    /// It is here.
    Ready(Bytes),
    /// It is being made elsewhere.
    Later(oneshot::Receiver<io::Result<Bytes>>),
    /// There is no more: without this, the body is cut off.
    End,
}

/// Where the thread hands its pieces in.
#[derive(Debug)]
pub struct Outlet {
    pieces: mpsc::Sender<Piece>,
    runtime: Handle,
}

impl Outlet {
    /// Hands a piece in; waits while enough of them wait to be sent.
    ///
    /// # Errors
    /// When the client has gone, or takes nothing for five minutes.
    pub fn send(&self, piece: Piece) -> io::Result<()> {
        match self.runtime.block_on(timeout(PATIENCE, self.pieces.send(piece))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client takes nothing",
            )),
        }
    }
}

/// The body.
#[derive(Debug)]
pub struct Pumped {
    pieces: mpsc::Receiver<Piece>,
    current: Option<oneshot::Receiver<io::Result<Bytes>>>,
    ended: bool,
}

/// Begins: `work` runs on a thread of the pool and keeps `permit` until it has ended. An error of it cuts the body off.
pub fn start(
    permit: OwnedSemaphorePermit,
    work: impl FnOnce(&Outlet) -> io::Result<()> + Send + 'static,
) -> Pumped {
    let (sender, pieces) = mpsc::channel(AHEAD);
    let outlet = Outlet {
        pieces: sender,
        runtime: Handle::current(),
    };
    // Nobody waits for the thread: that it ends is seen by the pieces.
    drop(tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let done = work(&outlet).and_then(|()| outlet.send(Piece::End));
        if let Err(error) = done {
            tracing::warn!(%error, "a body ends before its end");
        }
    }));
    Pumped {
        pieces,
        current: None,
        ended: false,
    }
}

impl MessageBody for Pumped {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let cut_off = || Poll::Ready(Some(Err(io::Error::other("it could not be made to its end"))));
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if let Some(current) = &mut self.current {
                let Poll::Ready(made) = Pin::new(current).poll(context) else {
                    return Poll::Pending;
                };
                self.current = None;
                return match made {
                    Ok(made) => Poll::Ready(Some(made)),
                    Err(_) => cut_off(),
                };
            }
            match self.pieces.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Piece::Ready(bytes))) => return Poll::Ready(Some(Ok(bytes))),
                Poll::Ready(Some(Piece::Later(later))) => self.current = Some(later),
                Poll::Ready(Some(Piece::End)) => self.ended = true,
                Poll::Ready(None) => return cut_off(),
            }
        }
    }
}
