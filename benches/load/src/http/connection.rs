//! A kept connection.

use super::response::{self, Length, Response};
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Initial size of the buffer; it grows with the longest response.
const INITIAL_BUFFER: usize = 16 * 1024;
/// Longest response.
const MAX_RESPONSE: usize = 256 << 20;

/// A kept connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    ends: bool,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nothing listens there.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; INITIAL_BUFFER],
            ends: false,
        })
    }

    /// This side's address.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn local_address(&self) -> Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Whether another request can be sent: the service has not closed the connection.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let mut byte = [0];
        !self.ends
            && matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Sends a whole request, and reads the whole response.
    ///
    /// # Errors
    /// When the connection breaks, or the response is not HTTP ([`ErrorKind::InvalidData`]). The
    /// service may have executed the request in both cases.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Response> {
        self.stream.write_all(request).await?;
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
        let read = self.stream.read(free).await?;
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

fn too_long() -> Error {
    Error::new(ErrorKind::InvalidData, "the response is too long")
}
