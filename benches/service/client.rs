//! A lean HTTP/1.1 client: one connection that is kept, one request at a time, no allocation per request.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::ops::Range;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Room for an answer at first; it grows with the longest one.
const ROOM: usize = 64 * 1024;

/// One kept connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// The answer to one request; its bytes are in the connection's buffer until the next one.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: Range<usize>,
    body: Range<usize>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; ROOM],
        })
    }

    /// Sends a whole request, and reads the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let mut expected: Option<Answer> = None;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if expected.is_none() {
                expected = head(&self.buffer[..filled])?;
            }
            if let Some(answer) = expected.take_if(|answer| filled >= answer.body.end) {
                return Ok(answer);
            }
        }
    }

    /// The body of the newest answer.
    pub(crate) fn body(&self, answer: &Answer) -> &[u8] {
        &self.buffer[answer.body.clone()]
    }

    /// A header of the newest answer, by its name in small letters.
    pub(crate) fn header(&self, answer: &Answer, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(&self.buffer[answer.head.clone()]).ok()?;
        header(head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// What is to be read, once the head is whole.
fn head(bytes: &[u8]) -> Result<Option<Answer>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let malformed = || Error::from(ErrorKind::InvalidData);
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| malformed())?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(malformed)?;
    let length = match status {
        204 | 304 => 0,
        _ => header(head, "content-length")
            .and_then(|length| length.parse().ok())
            .ok_or_else(malformed)?,
    };
    let start = end + 4;
    Ok(Some(Answer {
        status,
        head: 0..end,
        body: start..start + length,
    }))
}
