//! A body that a thread makes while it is sent: neither runs far ahead of the other, and each ends when the other does.

use super::disk::{elsewhere, Disk, Operation};
use super::shares::Place;
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::{sleep, Sleep};

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

/// What the thread and the body share.
#[derive(Debug, Default)]
struct Belt {
    state: Mutex<OnBelt>,
    /// There is room, or nobody takes anything any more.
    room: Condvar,
}

#[derive(Debug, Default)]
struct OnBelt {
    pieces: VecDeque<Piece>,
    body: Option<Waker>,
    /// The thread has ended.
    made: bool,
    /// The body is gone, or is to end early.
    left: bool,
}

impl Belt {
    fn lock(&self) -> MutexGuard<'_, OnBelt> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is made or sent any more.
    fn leave(&self) {
        let mut state = self.lock();
        state.left = true;
        state.pieces.clear();
        if let Some(body) = state.body.take() {
            body.wake();
        }
        drop(state);
        self.room.notify_all();
    }
}

/// Where the thread hands its pieces in. The body is cut off if it is dropped before [`Piece::End`].
#[derive(Debug)]
pub struct Outlet {
    belt: Arc<Belt>,
}

impl Outlet {
    /// Hands a piece in; waits while enough of them wait to be sent.
    ///
    /// # Errors
    /// When the client has gone or gives up its place, or takes nothing for five minutes.
    pub fn send(&self, piece: Piece) -> io::Result<()> {
        elsewhere(|| {
            let is_full = |state: &mut OnBelt| state.pieces.len() >= AHEAD && !state.left;
            let (mut state, waited) = self
                .belt
                .room
                .wait_timeout_while(self.belt.lock(), PATIENCE, is_full)
                .unwrap_or_else(PoisonError::into_inner);
            if state.left {
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone"));
            }
            if waited.timed_out() {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client takes nothing",
                ));
            }
            state.pieces.push_back(piece);
            if let Some(body) = state.body.take() {
                body.wake();
            }
            Ok(())
        })
    }

    /// Whether anybody takes what is made.
    ///
    /// # Errors
    /// When nobody does.
    pub fn is_taken(&self) -> io::Result<()> {
        match self.belt.lock().left {
            true => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")),
            false => Ok(()),
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let mut state = self.belt.lock();
        state.made = true;
        if let Some(body) = state.body.take() {
            body.wake();
        }
    }
}

/// The body.
#[derive(Debug)]
pub struct Pumped {
    belt: Arc<Belt>,
    current: Option<oneshot::Receiver<io::Result<Bytes>>>,
    ended: bool,
    place: Arc<Place>,
    operation: Arc<Operation>,
    /// How long a step of the thread may take, and when that is looked at next.
    deadline: Duration,
    look: Option<Pin<Box<Sleep>>>,
}

/// Begins: `work` runs on a thread of its own, which reads from `disk` and keeps `place` until it has ended. An error of it cuts the
/// body off, and so does a disk that does not answer.
///
/// # Errors
/// When the system gives no thread.
pub fn start(
    disk: &Arc<Disk>,
    place: Place,
    work: impl FnOnce(&Outlet) -> io::Result<()> + Send + 'static,
) -> io::Result<Pumped> {
    let belt = Arc::new(Belt::default());
    let outlet = Outlet { belt: belt.clone() };
    let operation = Operation::waiting();
    let place = Arc::new(place);
    let leaving = belt.clone();
    place.occupied(operation.clone(), disk.deadline(), move || leaving.leave());
    let kept = place.clone();
    disk.run_apart("archive", operation.clone(), move || {
        let _kept = kept;
        let done = work(&outlet).and_then(|()| outlet.send(Piece::End));
        if let Err(error) = done {
            tracing::warn!(%error, "a body ends before its end");
        }
    })?;
    Ok(Pumped {
        belt,
        current: None,
        ended: false,
        place,
        operation,
        deadline: disk.deadline(),
        look: None,
    })
}

impl Pumped {
    /// The next piece, as it was made.
    fn next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        let cut_off = || Poll::Ready(Err(io::Error::other("it could not be made to its end")));
        loop {
            if self.ended {
                return Poll::Ready(Ok(None));
            }
            if let Some(current) = &mut self.current {
                let Poll::Ready(made) = Pin::new(current).poll(context) else {
                    return Poll::Pending;
                };
                self.current = None;
                return match made {
                    Ok(made) => Poll::Ready(made.map(Some)),
                    Err(_) => cut_off(),
                };
            }
            let mut state = self.belt.lock();
            let Some(piece) = state.pieces.pop_front() else {
                if state.made || state.left {
                    return cut_off();
                }
                state.body = Some(context.waker().clone());
                return Poll::Pending;
            };
            drop(state);
            self.belt.room.notify_one();
            match piece {
                Piece::Ready(bytes) => return Poll::Ready(Ok(Some(bytes))),
                Piece::Later(later) => self.current = Some(later),
                Piece::End => self.ended = true,
            }
        }
    }

    /// Whether the disk keeps the thread for too long. Has itself asked again while it does not.
    fn is_stuck(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let look = self.look.get_or_insert_with(|| Box::pin(sleep(self.deadline)));
            if look.as_mut().poll(context).is_pending() {
                return false;
            }
            self.look = None;
            if self.operation.is_stuck(Instant::now(), self.deadline) {
                return true;
            }
        }
    }
}

impl MessageBody for Pumped {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match self.next(context) {
            Poll::Ready(piece) => {
                self.look = None;
                if let Ok(Some(bytes)) = &piece {
                    self.place.took(bytes.len(), Instant::now());
                }
                Poll::Ready(piece.transpose())
            }
            Poll::Pending => {
                self.place.starves(Instant::now());
                if self.is_stuck(context) {
                    self.place.give_up();
                    let silent = io::Error::new(
                        io::ErrorKind::TimedOut,
                        "the disk of the users' root does not answer",
                    );
                    return Poll::Ready(Some(Err(silent)));
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Pumped {
    fn drop(&mut self) {
        self.belt.leave();
    }
}
