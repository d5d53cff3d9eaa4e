//! A connection's bytes, and its one timer.
//!
//! The timer is set a whole deadline ahead and looked at when it fires: then it ends the connection, or is set again for
//! what is due next. A request costs a reading of the clock, and no timer of its own.

use super::{Line, Place};
use crate::app::App;
use crate::error::ApiError;
use actix_web::web::{BytesMut, Data};
use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{ready, Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How much of an answer waits unsent in the kernel, in bytes. The less that is, the finer is the progress of a slow
/// reader that can be seen from here: about half of it at a time.
const UNSENT: u32 = 128 * 1024;
/// How long a client may take to notice that its connection has ended, so that what it sent meanwhile is not answered
/// with a reset.
const FAREWELL: Duration = Duration::from_secs(1);

/// What did not happen in time.
enum Overdue {
    /// The head of a request.
    Head,
    /// Progress of an answer.
    Write,
}

/// A connection that is served.
pub(super) struct Stream {
    io: TcpStream,
    app: Data<App>,
    line: Rc<Line>,
    timer: Pin<Box<Sleep>>,
    /// Longest wait for the head of the next request.
    head: Duration,
    /// When it came, or when the last bytes of an answer went.
    quiet_since: Instant,
    /// Since when no byte of an answer could be written.
    blocked_since: Option<Instant>,
    /// It waited for a head for too long, and has been told so.
    cut: bool,
    closing: bool,
    /// What is read before more of the socket.
    ahead: BytesMut,
    /// An answer that looks like one of the parser's own. It goes out when the connection goes on after it; if it was a
    /// refusal, the connection ends there, and the client gets one with a body instead.
    held_back: Vec<u8>,
    flushed: bool,
    _place: Place,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl Stream {
    pub(super) fn new(io: TcpStream, app: Data<App>, place: Place) -> Self {
        if let Err(error) = socket2::SockRef::from(&io).set_tcp_notsent_lowat(UNSENT) {
            tracing::debug!(%error, "progress of slow readers will be seen late");
        }
        let head = Duration::from_secs(app.settings.limits.head_seconds);
        let now = Instant::now();
        Self {
            io,
            app,
            line: Rc::default(),
            timer: Box::pin(tokio::time::sleep_until(now + head)),
            head,
            quiet_since: now,
            blocked_since: None,
            cut: false,
            closing: false,
            ahead: BytesMut::new(),
            held_back: Vec::new(),
            flushed: false,
            _place: place,
        }
    }

    /// What requests on it know of it.
    pub(super) fn line(&self) -> Rc<Line> {
        self.line.clone()
    }

    /// Has `bytes` read before all else. There is nothing left of earlier ones.
    pub(super) fn read_first(&mut self, bytes: BytesMut) {
        self.ahead = bytes;
    }

    fn hold_back(&mut self, bytes: &[u8]) -> io::Result<()> {
        let socket = self.io.as_fd().try_clone_to_owned()?;
        self.line.held_back.replace(Some(socket.into()));
        self.held_back = bytes.to_vec();
        self.flushed = false;
        Ok(())
    }

    /// Writes what was held back.
    fn poll_release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held_back.is_empty() {
            self.line.held_back.take();
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.held_back))?;
            self.held_back.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// What is due next, and when. While a handler works nothing is; it is looked at again later.
    fn due(&self, now: Instant) -> (Instant, Overdue) {
        let limits = &self.app.settings.limits;
        match self.blocked_since {
            Some(since) => (since + Duration::from_secs(limits.write_seconds), Overdue::Write),
            None if self.line.working.get() => (now + self.head, Overdue::Head),
            None => (self.quiet_since + self.head, Overdue::Head),
        }
    }

    /// Whether its time is up. Otherwise the task is woken when that has to be asked again.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<Overdue> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            let (at, overdue) = self.due(now);
            if at <= now {
                return Poll::Ready(overdue);
            }
            self.timer.as_mut().reset(at);
        }
    }

    /// Nobody reads the answer: the kernel need not keep it either.
    fn stalled(&mut self) -> io::Error {
        self.app.metrics.overloaded("slow_reader");
        if let Err(error) = self.io.set_zero_linger() {
            tracing::debug!(%error, "a stalled connection ends slowly");
        }
        io::ErrorKind::TimedOut.into()
    }

    /// Says why, as far as that can be said at once. All answers have gone, so nothing is torn by it.
    fn cut(&mut self) {
        let seconds = self.app.settings.limits.head_seconds;
        self.app.metrics.overloaded("slow_head");
        self.cut = true;
        let answer = super::refusal::answer(&ApiError::SlowHead { seconds });
        if let Err(error) = self.io.try_write(&answer) {
            tracing::debug!(%error, "a slow client was not told why");
        }
    }

    fn progressed(&mut self, cx: &mut Context<'_>) {
        // Kept connections may rest before the next head begins; that they end then is the dispatcher's business.
        let limits = &self.app.settings.limits;
        self.head = Duration::from_secs(limits.idle_seconds.saturating_add(limits.head_seconds));
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
        if self.cut {
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
                self.cut();
                Poll::Ready(Ok(()))
            }
            Overdue::Write => Poll::Ready(Err(self.stalled())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_release(cx))?;
        let (bytes, refusal) = bytes
            .split_at_checked(super::refusal::bare(bytes))
            .unwrap_or((bytes, &[]));
        if bytes.is_empty() && !refusal.is_empty() {
            self.hold_back(refusal)?;
            // If it is no refusal, the connection is looked at again.
            cx.waker().wake_by_ref();
            return Poll::Ready(Ok(refusal.len()));
        }
        if let Poll::Ready(written) = Pin::new(&mut self.io).poll_write(cx, bytes) {
            self.progressed(cx);
            return Poll::Ready(written);
        }
        if self.blocked_since.is_none() {
            let now = Instant::now();
            self.blocked_since = Some(now);
            let (at, _) = self.due(now);
            self.timer.as_mut().reset(at);
        }
        let _ = ready!(self.poll_overdue(cx));
        Poll::Ready(Err(self.stalled()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The first time belongs to the writing itself.
        if std::mem::replace(&mut self.flushed, true) {
            ready!(self.poll_release(cx))?;
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Says that nothing more comes. Where the client may not have expected that, what it sends meanwhile is read and
    /// dropped, for a moment: a reset could take the end of its last answer away from it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_release(cx))?;
        if !self.closing {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
            self.closing = true;
            self.timer.as_mut().reset(Instant::now() + FAREWELL);
        }
        if !self.cut && !self.app.connections.is_stopping() {
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
