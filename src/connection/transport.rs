//! What carries the bytes of a connection: a TCP or a Unix socket, plain or with TLS.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{ready, Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

/// Maximum unsent bytes of an answer in the kernel. The progress of a slow reader is seen here in
/// steps of about half of this.
const UNSENT: u32 = 128 * 1024;

/// An accepted socket, which counts what it takes.
#[derive(Debug)]
pub(super) struct Socket {
    io: Io,
    sent: u64,
}

#[derive(Debug)]
enum Io {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl From<TcpStream> for Socket {
    fn from(io: TcpStream) -> Self {
        if let Err(error) = socket2::SockRef::from(&io).set_tcp_notsent_lowat(UNSENT) {
            tracing::debug!(%error, "the progress of slow readers will be seen late");
        }
        Self {
            io: Io::Tcp(io),
            sent: 0,
        }
    }
}

impl From<UnixStream> for Socket {
    fn from(io: UnixStream) -> Self {
        Self {
            io: Io::Unix(io),
            sent: 0,
        }
    }
}

impl Socket {
    /// The address of the client. That of a Unix socket is on this machine.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match &self.io {
            Io::Tcp(io) => io.peer_addr().ok(),
            Io::Unix(_) => Some((Ipv4Addr::LOCALHOST, 0).into()),
        }
    }

    /// The first byte that the client sends, which stays to be read. None if it sends nothing.
    pub(super) async fn first_byte(&self) -> io::Result<Option<u8>> {
        let mut first = [0];
        let read = match &self.io {
            Io::Tcp(io) => io.peek(&mut first).await?,
            Io::Unix(_) => 0,
        };
        Ok(first.first().copied().filter(|_| read > 0))
    }

    fn local(&self) -> Option<SocketAddr> {
        match &self.io {
            Io::Tcp(io) => io.local_addr().ok(),
            Io::Unix(_) => None,
        }
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match &self.io {
            Io::Tcp(io) => Some(io),
            Io::Unix(_) => None,
        }
    }

    fn count(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let written = ready!(written)?;
        self.sent = self.sent.saturating_add(written as u64);
        Poll::Ready(Ok(written))
    }
}

/// Calls a method of the socket.
macro_rules! of_io {
    ($socket:expr, $method:ident($($argument:expr),*)) => {
        match &mut $socket.io {
            Io::Tcp(io) => Pin::new(io).$method($($argument),*),
            Io::Unix(io) => Pin::new(io).$method($($argument),*),
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        of_io!(self, poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = of_io!(self, poll_write(cx, bytes));
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = of_io!(self, poll_write_vectored(cx, pieces));
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_io!(self, poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_io!(self, poll_shutdown(cx))
    }
}

/// What carries the bytes of a connection.
pub(super) enum Transport {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
    /// The socket was moved out, to answer with a refusal.
    Taken,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

impl Transport {
    fn socket(&self) -> Option<&Socket> {
        match self {
            Self::Plain(socket) => Some(socket),
            Self::Tls(stream) => Some(stream.get_ref().0),
            Self::Taken => None,
        }
    }

    /// How many bytes the kernel has taken, those of TLS itself included.
    pub(super) fn sent(&self) -> u64 {
        self.socket().map_or(0, |socket| socket.sent)
    }

    /// Whether it is encrypted.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The address that the client connected to. `None` for a Unix socket.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.socket().and_then(Socket::local)
    }

    /// Has the kernel drop what it has not sent when the connection is closed.
    pub(super) fn drop_unsent(&self) {
        if let Some(Err(error)) = self
            .socket()
            .and_then(Socket::tcp)
            .map(TcpStream::set_zero_linger)
        {
            tracing::debug!(%error, "a stalled connection ends slowly");
        }
    }

    /// Takes the connection away.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Taken)
    }
}

/// Calls a method of what carries the bytes.
macro_rules! of_transport {
    ($transport:expr, $method:ident($($argument:expr),*)) => {
        match &mut *$transport {
            Transport::Plain(io) => Pin::new(io).$method($($argument),*),
            Transport::Tls(io) => Pin::new(&mut **io).$method($($argument),*),
            Transport::Taken => Poll::Ready(Err(ErrorKind::NotConnected.into())),
        }
    };
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(of_transport!(self, poll_read(cx, buf))) {
            // Many clients close without TLS's `close_notify`. HTTP shows whether a request is
            // complete.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && self.is_tls() => Poll::Ready(Ok(())),
            read => Poll::Ready(read),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        of_transport!(self, poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_transport!(self, poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_transport!(self, poll_shutdown(cx))
    }
}
