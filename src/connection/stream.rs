//! The bytes of a connection, and its one timer.
//!
//! The timer is set to a deadline and checked when it fires: then it ends the connection, or is set
//! to the next deadline. A request only reads the clock; it sets no timer of its own.

use super::refusal;
use super::rules::Rules;
use super::transport::Transport;
use crate::error::ApiError;
use actix_web::web::BytesMut;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{ready, Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};

/// How long a closed connection is still read, so that what the client sends meanwhile causes no
/// reset.
const LINGER: Duration = Duration::from_secs(1);

/// The state that a connection's stream shares with its requests and with the service.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    /// A handler works on a request, so no deadline applies.
    working: Cell<bool>,
    /// The connection, to be served again after a request that asked for another protocol.
    pub resumed: RefCell<Option<Stream>>,
    /// A connection that ended while its last answer was held back, because that may be a refusal
    /// by the HTTP parser.
    pub held_back: RefCell<Option<Transport>>,
}

/// A request that is being worked on, until its answer's body ends.
#[derive(Debug)]
pub(super) struct Working(Rc<ConnectionState>);

impl Working {
    pub(super) fn begin(state: &Rc<ConnectionState>) -> Self {
        state.working.set(true);
        Self(state.clone())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.set(false);
    }
}

/// What did not happen in time.
enum Overdue {
    /// The head of a request did not arrive.
    Head,
    /// An answer made no progress.
    Write,
}

/// A connection that is served.
pub(super) struct Stream {
    io: Transport,
    /// The bytes that the kernel had taken at the last look.
    sent: u64,
    rules: Rc<Rules>,
    state: Rc<ConnectionState>,
    timer: Pin<Box<Sleep>>,
    /// How long the head of the next request may take, idle time included.
    head: Duration,
    /// When the connection was accepted, or when the last bytes of an answer were written.
    quiet_since: Instant,
    /// Since when no byte of an answer could be written.
    blocked_since: Option<Instant>,
    /// The head timed out and 408 was sent. Nothing more is read.
    timed_out: bool,
    closing: bool,
    /// Bytes that are read before those of the socket.
    ahead: BytesMut,
    /// An answer that looks like a refusal by the HTTP parser. If the connection goes on, it is
    /// sent as it is. If it was a refusal, the connection ends, and the client gets an answer with
    /// a body.
    held_back: Vec<u8>,
    /// Nothing of it was sent.
    whole: bool,
    flushed: bool,
    _place: OwnedSemaphorePermit,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl Stream {
    pub(super) fn new(io: Transport, rules: Rc<Rules>, place: OwnedSemaphorePermit) -> Self {
        let head = rules.head;
        let now = Instant::now();
        Self {
            sent: io.sent(),
            io,
            rules,
            state: Rc::default(),
            timer: Box::pin(tokio::time::sleep_until(now + head)),
            head,
            quiet_since: now,
            blocked_since: None,
            timed_out: false,
            closing: false,
            ahead: BytesMut::new(),
            held_back: Vec::new(),
            whole: false,
            flushed: false,
            _place: place,
        }
    }

    /// The state that requests on this connection share with it.
    pub(super) fn state(&self) -> Rc<ConnectionState> {
        self.state.clone()
    }

    /// The address that the client connected to. `None` for a Unix socket.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.io.local()
    }

    /// Whether it is encrypted.
    pub(super) fn is_tls(&self) -> bool {
        self.io.is_tls()
    }

    /// Has `bytes` read before those of the socket. Earlier ones must have been read.
    pub(super) fn read_first(&mut self, bytes: BytesMut) {
        self.ahead = bytes;
    }

    fn hold_back(&mut self, bytes: &[u8]) {
        self.held_back = bytes.to_vec();
        self.whole = true;
        self.flushed = false;
    }

    /// Writes the answer that was held back.
    fn poll_release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held_back.is_empty() {
            self.whole = false;
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.held_back))?;
            self.held_back.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// The next deadline. While a handler works there is none, and this is when to check again.
    fn deadline(&self, now: Instant) -> (Instant, Overdue) {
        match self.blocked_since {
            Some(since) => (since + self.rules.write, Overdue::Write),
            None if self.state.working.get() => (now + self.head, Overdue::Head),
            None => (self.quiet_since + self.head, Overdue::Head),
        }
    }

    /// Ready when a deadline has passed. Otherwise the task is woken at the next one.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<Overdue> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            let (at, overdue) = self.deadline(now);
            if at <= now {
                return Poll::Ready(overdue);
            }
            self.timer.as_mut().reset(at);
        }
    }

    /// Ends a connection whose client does not read. The kernel drops what it has not sent.
    fn stalled(&mut self) -> io::Error {
        self.rules.metrics.overloaded("slow_reader");
        self.io.drop_unsent();
        io::ErrorKind::TimedOut.into()
    }

    /// Ends a connection whose head is too slow. The answer is written if the socket takes it at
    /// once; all earlier answers have been written.
    fn time_out(&mut self, cx: &mut Context<'_>) {
        self.rules.metrics.overloaded("slow_head");
        self.timed_out = true;
        let seconds = self.rules.head.as_secs();
        let answer = refusal::answer(&ApiError::SlowHead { seconds });
        let written = Pin::new(&mut self.io).poll_write(cx, &answer);
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        if !matches!((written, flushed), (Poll::Ready(Ok(_)), Poll::Ready(Ok(())))) {
            tracing::debug!("a slow client could not be answered");
        }
    }

    /// Ready with an error when nothing of an answer could be sent for too long.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.blocked_since.is_none() {
            let now = Instant::now();
            self.blocked_since = Some(now);
            let (at, _) = self.deadline(now);
            self.timer.as_mut().reset(at);
        }
        let _ = ready!(self.poll_overdue(cx));
        Poll::Ready(self.stalled())
    }

    /// Checks whether the kernel has taken bytes. Bytes that TLS has buffered do not count.
    fn look_for_progress(&mut self, cx: &mut Context<'_>) {
        let sent = self.io.sent();
        if sent > self.sent {
            self.sent = sent;
            self.progressed(cx);
        }
    }

    fn progressed(&mut self, cx: &mut Context<'_>) {
        // The HTTP dispatcher ends connections that are idle for too long before the next head
        // begins.
        self.head = self.rules.idle.saturating_add(self.rules.head);
        self.quiet_since = Instant::now();
        if self.blocked_since.take().is_some() {
            self.timer.as_mut().reset(self.quiet_since + self.head);
            let _ = self.timer.as_mut().poll(cx);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(Err(error)) = self.poll_release(cx) {
            return Poll::Ready(Err(error));
        }
        if self.timed_out {
            return Poll::Ready(Ok(()));
        }
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(length));
            return Poll::Ready(Ok(()));
        }
        if let Poll::Ready(read) = Pin::new(&mut self.io).poll_read(cx, buf) {
            return Poll::Ready(read);
        }
        match ready!(self.poll_overdue(cx)) {
            Overdue::Head => {
                self.time_out(cx);
                Poll::Ready(Ok(()))
            }
            Overdue::Write => Poll::Ready(Err(self.stalled())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_release(cx))?;
        let (bytes, bare) = bytes
            .split_at_checked(refusal::bare_start(bytes))
            .unwrap_or((bytes, &[]));
        if bytes.is_empty() && !bare.is_empty() {
            self.hold_back(bare);
            // If it is not a refusal, the next poll flushes again.
            cx.waker().wake_by_ref();
            return Poll::Ready(Ok(bare.len()));
        }
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.look_for_progress(cx);
        match written {
            Poll::Ready(written) => Poll::Ready(written),
            Poll::Pending => self.poll_stalled(cx).map(Err),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The first flush follows the write itself. The connection goes on if there is another.
        if std::mem::replace(&mut self.flushed, true) {
            ready!(self.poll_release(cx))?;
        }
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.look_for_progress(cx);
        match flushed {
            Poll::Ready(flushed) => Poll::Ready(flushed),
            Poll::Pending => self.poll_stalled(cx).map(Err),
        }
    }

    /// Closes the sending half. Where the client may not expect that, what it sends meanwhile is
    /// read and dropped for up to a second, because a reset could destroy the end of its last
    /// answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_release(cx))?;
        if !self.closing {
            match Pin::new(&mut self.io).poll_shutdown(cx) {
                Poll::Ready(ended) => ended?,
                Poll::Pending => return self.poll_stalled(cx).map(Err),
            }
            self.closing = true;
            self.timer.as_mut().reset(Instant::now() + LINGER);
        }
        if !self.timed_out && !self.rules.gate.is_stopping() {
            return Poll::Ready(Ok(()));
        }
        loop {
            let mut scratch = [0; 1024];
            let mut scratch = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.io).poll_read(cx, &mut scratch) {
                Poll::Ready(Ok(())) if !scratch.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return self.timer.as_mut().poll(cx).map(Ok),
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.whole {
            self.state.held_back.replace(Some(self.io.take()));
        }
    }
}

#[cfg(test)]
mod tests;
