//! A connection's bytes, and its one timer.
//!
//! The timer is set a whole deadline ahead and looked at when it fires: then it ends the connection, or is set again for
//! what is due next. A request costs a reading of the clock, and no timer of its own.

use super::{Line, Place};
use crate::app::App;
use crate::error::ApiError;
use actix_web::web::Data;
use std::future::Future;
use std::io;
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
    _place: Place,
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
            _place: place,
        }
    }

    /// What requests on it know of it.
    pub(super) fn line(&self) -> Rc<Line> {
        self.line.clone()
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
        if self.cut {
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
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Says that nothing more comes. Where the client may not have expected that, what it sends meanwhile is read and
    /// dropped, for a moment: a reset could take the end of its last answer away from it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
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
