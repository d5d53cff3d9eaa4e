//! A lean HTTP/1.1 client: one kept connection, one request at a time, whole requests as bytes, no allocation per
//! request. It takes little of the processors that it may share with the service it measures.

use super::answer::{self, Answer, Length};
use crate::cli::Failure;
use std::io::{Error, ErrorKind, Result as IoResult};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Room for an answer at first; it grows with the longest one.
const ROOM: usize = 16 * 1024;
/// Longest answer.
const LONGEST: usize = 256 << 20;

/// A service: where it is, and what its requests begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where to connect.
    pub address: SocketAddr,
    /// The `Host` header.
    pub host: String,
    /// What paths begin with: `""`, or `/somewhere`.
    pub prefix: String,
}

impl Target {
    /// The service at `url`.
    ///
    /// # Errors
    /// When it is no URL, not http, or its host has no address.
    pub async fn of(url: &str) -> Result<Self, Failure> {
        let parsed = reqwest::Url::parse(url).map_err(|error| format!("{url} is no URL: {error}"))?;
        if parsed.scheme() != "http" {
            return Err(format!(
                "{url}: load speaks plain http, so that it measures the service and not TLS; \
                 give the address of the service behind its TLS front end"
            )
            .into());
        }
        let host = parsed.host_str().ok_or_else(|| format!("{url} has no host"))?;
        let port = parsed.port_or_known_default().unwrap_or(80);
        let bare = host.trim_matches(['[', ']']);
        let mut addresses = tokio::net::lookup_host((bare, port))
            .await
            .map_err(|error| format!("{host} has no address: {error}"))?;
        Ok(Self {
            address: addresses.next().ok_or_else(|| format!("{host} has no address"))?,
            host: match parsed.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            prefix: parsed.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// One kept connection.
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
    /// When nobody listens there.
    pub async fn open(address: SocketAddr) -> IoResult<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; ROOM],
            ends: false,
        })
    }

    /// This side's address.
    ///
    /// # Errors
    /// When the connection is no more.
    pub fn local_address(&self) -> IoResult<SocketAddr> {
        self.stream.local_addr()
    }

    /// Whether another request can be sent: the service has not closed the connection since the last answer.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let mut byte = [0];
        !self.ends
            && matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Sends a whole request, and reads the whole answer.
    ///
    /// # Errors
    /// When the connection breaks, or what comes is no HTTP ([`ErrorKind::InvalidData`]). Whether the service has done
    /// what was asked is not known then.
    pub async fn exchange(&mut self, request: &[u8]) -> IoResult<Answer> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let mut head = None;
        loop {
            let ended = self.read_more(&mut filled).await?;
            let bytes = self.buffer.get_mut(..filled).unwrap_or_default();
            if head.is_none() {
                head = answer::head(bytes)?;
            }
            if let Some(head) = &head {
                if let Some(body) = answer::body(head, bytes, ended)? {
                    self.ends = head.closes || ended;
                    return Ok(Answer {
                        status: head.status,
                        head: 0..head.length,
                        body,
                    });
                }
            }
            if ended {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(Length::Known(length)) = head.as_ref().map(|head| head.body) {
                if length > LONGEST {
                    return Err(Error::new(ErrorKind::InvalidData, "the answer is too long"));
                }
            }
        }
    }

    /// Reads what there is; true when that was all.
    async fn read_more(&mut self, filled: &mut usize) -> IoResult<bool> {
        if *filled == self.buffer.len() {
            if self.buffer.len() >= LONGEST {
                return Err(Error::new(ErrorKind::InvalidData, "the answer is too long"));
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let room = self.buffer.get_mut(*filled..).unwrap_or_default();
        let read = self.stream.read(room).await?;
        *filled += read;
        Ok(read == 0)
    }

    /// The body of the newest answer.
    #[must_use]
    pub fn body(&self, answer: &Answer) -> &[u8] {
        self.buffer.get(answer.body.clone()).unwrap_or_default()
    }

    /// A header of the newest answer.
    #[must_use]
    pub fn header(&self, answer: &Answer, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.buffer.get(answer.head.clone())?).ok()?;
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}
