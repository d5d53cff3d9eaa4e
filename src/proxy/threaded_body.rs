//! A body that a thread produces while it is sent. Each side waits for the other, and each ends
//! when the other does.
//!
//! By hand, because no channel has all of this: a thread that sends with a timeout, a receiver that
//! is polled, and a third party that closes it.

use super::disk::{off_disk, Disk, Operation};
use super::slots::Slot;
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::{sleep, Sleep};

/// Bytes of a piece.
pub const PIECE: usize = 128 << 10;
/// Pieces that are queued, at most.
const QUEUED: usize = 4;
/// A client that takes no piece for this time is given up.
const SEND_TIMEOUT: Duration = Duration::from_secs(300);

/// A part of a body.
#[derive(Debug)]
pub enum Piece {
    /// These bytes.
    Ready(Bytes),
    /// Bytes that another thread still makes.
    Later(oneshot::Receiver<io::Result<Bytes>>),
    /// The end. Without it, the body ends in an error.
    End,
}

/// Shared by the thread and the body.
#[derive(Debug, Default)]
struct Channel {
    state: Mutex<State>,
    /// Notified when there is room in the queue, and when the channel is closed.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Piece>,
    receiver: Option<Waker>,
    /// The thread has ended.
    finished: bool,
    /// The body was dropped, or is to end early.
    closed: bool,
}

impl State {
    fn wake(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            receiver.wake();
        }
    }

    fn check_open(&self) -> io::Result<()> {
        match self.closed {
            true => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")),
            false => Ok(()),
        }
    }
}

impl Channel {
    /// Ends both sides.
    fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.queue.clear();
        state.wake();
        drop(state);
        self.room.notify_all();
    }
}

/// The thread's side. If it is dropped before [`Piece::End`] is sent, the body ends in an error.
#[derive(Debug)]
pub struct BodyWriter {
    channel: Arc<Channel>,
}

impl BodyWriter {
    /// Sends a piece. Blocks while the queue is full.
    ///
    /// # Errors
    /// If the client has gone, has lost its slot, or takes nothing for five minutes.
    pub fn send(&self, piece: Piece) -> io::Result<()> {
        off_disk(|| {
            let is_full = |state: &mut State| state.queue.len() >= QUEUED && !state.closed;
            let mut state = self.channel.state.lock();
            let room = &self.channel.room;
            let waited = room.wait_while_for(&mut state, is_full, SEND_TIMEOUT);
            state.check_open()?;
            if waited.timed_out() {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client takes nothing",
                ));
            }
            state.queue.push_back(piece);
            state.wake();
            Ok(())
        })
    }

    /// # Errors
    /// If the client has gone or has lost its slot.
    pub fn check_open(&self) -> io::Result<()> {
        self.channel.state.lock().check_open()
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        let mut state = self.channel.state.lock();
        state.finished = true;
        state.wake();
    }
}

/// The body.
#[derive(Debug)]
pub struct ThreadedBody {
    channel: Arc<Channel>,
    /// A piece that another thread still makes.
    pending: Option<oneshot::Receiver<io::Result<Bytes>>>,
    ended: bool,
    slot: Arc<Slot>,
    operation: Arc<Operation>,
    /// How long a step of the thread may take, and when that is checked next.
    deadline: Duration,
    check: Option<Pin<Box<Sleep>>>,
}

/// Starts a thread that reads from `disk` and runs `work`. It holds `slot` until it has ended. The
/// body ends in an error if `work` fails, or if the disk does not answer.
///
/// # Errors
/// If the system can't start a thread.
pub fn start(
    disk: &Arc<Disk>,
    slot: Slot,
    work: impl FnOnce(&BodyWriter) -> io::Result<()> + Send + 'static,
) -> io::Result<ThreadedBody> {
    let channel = Arc::new(Channel::default());
    let writer = BodyWriter {
        channel: channel.clone(),
    };
    let operation = Operation::new();
    let slot = Arc::new(slot);
    let closed = channel.clone();
    slot.set_producer(operation.clone(), disk.deadline(), move || closed.close());
    let held = slot.clone();
    disk.run_separately("archive", operation.clone(), move || {
        let _held = held;
        let done = work(&writer).and_then(|()| writer.send(Piece::End));
        if let Err(error) = done {
            tracing::warn!(%error, "a body ends early");
        }
    })?;
    Ok(ThreadedBody {
        channel,
        pending: None,
        ended: false,
        slot,
        operation,
        deadline: disk.deadline(),
        check: None,
    })
}

impl ThreadedBody {
    fn next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        let cut_off = || Poll::Ready(Err(io::Error::other("the body could not be made to its end")));
        loop {
            if self.ended {
                return Poll::Ready(Ok(None));
            }
            if let Some(pending) = &mut self.pending {
                let Poll::Ready(made) = Pin::new(pending).poll(context) else {
                    return Poll::Pending;
                };
                self.pending = None;
                return match made {
                    Ok(made) => Poll::Ready(made.map(Some)),
                    Err(_) => cut_off(),
                };
            }
            let mut state = self.channel.state.lock();
            let Some(piece) = state.queue.pop_front() else {
                if state.finished || state.closed {
                    return cut_off();
                }
                state.receiver = Some(context.waker().clone());
                return Poll::Pending;
            };
            drop(state);
            self.channel.room.notify_one();
            match piece {
                Piece::Ready(bytes) => return Poll::Ready(Ok(Some(bytes))),
                Piece::Later(pending) => self.pending = Some(pending),
                Piece::End => self.ended = true,
            }
        }
    }

    /// Whether the thread is stuck on the disk. If not, the task is woken for the next check.
    fn is_stuck(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let check = self.check.get_or_insert_with(|| Box::pin(sleep(self.deadline)));
            if check.as_mut().poll(context).is_pending() {
                return false;
            }
            self.check = None;
            if self.operation.is_stuck(Instant::now(), self.deadline) {
                return true;
            }
        }
    }
}

impl MessageBody for ThreadedBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match self.next(context) {
            Poll::Ready(piece) => {
                self.check = None;
                if let Ok(Some(bytes)) = &piece {
                    self.slot.received(bytes.len(), Instant::now());
                }
                Poll::Ready(piece.transpose())
            }
            Poll::Pending => {
                self.slot.waits(Instant::now());
                if self.is_stuck(context) {
                    self.slot.release();
                    return Poll::Ready(Some(Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "the disk of the users' root does not answer",
                    ))));
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for ThreadedBody {
    fn drop(&mut self) {
        self.channel.close();
    }
}
