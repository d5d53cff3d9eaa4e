//! A kept connection.

use super::response::{self, Length, Response};
use super::target::Target;
use std::future::poll_fn;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::task::Poll;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Initial size of the buffer; it grows with the longest response.
const INITIAL_BUFFER: usize = 16 * 1024;
/// Longest response.
const MAX_RESPONSE: usize = 256 << 20;

/// A kept connection.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    buffer: Vec<u8>,
    ends: bool,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl Connection {
    /// Connects to an address that speaks plain http.
    ///
    /// # Errors
    /// When nothing listens there.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self::over(Stream::Plain(connect(address).await?)))
    }

    /// Connects to a service.
    ///
    /// # Errors
    /// When nothing listens there, or it is not trusted.
    pub async fn to(target: &Target) -> Result<Self> {
        let stream = connect(target.address).await?;
        Ok(Self::over(match &target.secure {
            None => Stream::Plain(stream),
            Some(secure) => {
                let opened = secure.connector.connect(secure.name.clone(), stream).await?;
                Stream::Tls(Box::new(opened))
            }
        }))
    }

    fn over(stream: Stream) -> Self {
        Self {
            stream,
            buffer: vec![0; INITIAL_BUFFER],
            ends: false,
        }
    }

    /// This side's address.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn local_address(&self) -> Result<SocketAddr> {
        self.stream.tcp().local_addr()
    }

    /// Whether another request can be sent: the service has neither closed the connection nor said
    /// in TLS that it will.
    pub async fn is_usable(&self) -> bool {
        let mut byte = [0];
        let mut peeked = ReadBuf::new(&mut byte);
        let nothing_came =
            poll_fn(|cx| Poll::Ready(self.stream.tcp().poll_peek(cx, &mut peeked).is_pending())).await;
        !self.ends && nothing_came
    }

    /// Sends a whole request, and reads the whole response.
    ///
    /// # Errors
    /// When the connection breaks, or the response is not HTTP ([`ErrorKind::InvalidData`]). The
    /// service may have executed the request in both cases.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Response> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(request).await?,
            Stream::Tls(stream) => {
                stream.write_all(request).await?;
                stream.flush().await?;
            }
        }
        let mut filled = 0;
        let mut head = None;
        loop {
            let ended = self.read_more(&mut filled).await?;
            let bytes = self.buffer.get_mut(..filled).unwrap_or_default();
            if head.is_none() {
                head = response::head(bytes)?;
            }
            if let Some(head) = &head {
                if let Some(body) = response::body(head, bytes, ended)? {
                    self.ends = head.closes || ended;
                    return Ok(Response {
                        status: head.status,
                        head: 0..head.length,
                        body,
                    });
                }
                if matches!(head.body, Length::Known(length) if length > MAX_RESPONSE) {
                    return Err(too_long());
                }
            }
            if ended {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads more bytes; true at the end of the stream.
    async fn read_more(&mut self, filled: &mut usize) -> Result<bool> {
        if *filled == self.buffer.len() {
            if self.buffer.len() >= MAX_RESPONSE {
                return Err(too_long());
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let free = self.buffer.get_mut(*filled..).unwrap_or_default();
        let read = match &mut self.stream {
            Stream::Plain(stream) => stream.read(free).await?,
            Stream::Tls(stream) => stream.read(free).await?,
        };
        *filled += read;
        Ok(read == 0)
    }

    /// The body of the newest response.
    #[must_use]
    pub fn body(&self, response: &Response) -> &[u8] {
        self.buffer.get(response.body.clone()).unwrap_or_default()
    }

    /// A header of the newest response.
    #[must_use]
    pub fn header(&self, response: &Response, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.buffer.get(response.head.clone())?).ok()?;
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn too_long() -> Error {
    Error::new(ErrorKind::InvalidData, "the response is too long")
}
