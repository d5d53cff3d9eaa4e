//! A kept connection that reports how it ended.

use crate::support::raw::{parse, RawReply};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const READ_TIMEOUT: Duration = Duration::from_secs(60);

pub struct Kept {
    pub stream: TcpStream,
    bytes: Vec<u8>,
}

/// The result of a request.
#[derive(Debug)]
pub enum Answer {
    /// A whole answer.
    Whole(RawReply),
    /// The connection was closed before a byte of an answer.
    Closed,
    /// The connection was reset, or ended within an answer.
    Torn(String),
}

impl Kept {
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        Ok(Self {
            stream,
            bytes: Vec::new(),
        })
    }

    /// Sends a request, or a part of one.
    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads one answer.
    pub fn receive(&mut self) -> Answer {
        let mut buffer = [0; 4096];
        loop {
            if let Some((reply, length)) = parse(&self.bytes, false) {
                self.bytes.drain(..length);
                return Answer::Whole(reply);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) if self.bytes.is_empty() => return Answer::Closed,
                Ok(0) => return Answer::Torn(String::from_utf8_lossy(&self.bytes).into_owned()),
                Ok(read) => self.bytes.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Answer::Torn(error.to_string()),
            }
        }
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, request: &[u8]) -> Answer {
        match self.send(request) {
            Ok(()) => self.receive(),
            Err(error) => match self.receive() {
                // The connection ended before this request. A last answer may still be readable.
                Answer::Closed => Answer::Closed,
                other => Answer::Torn(format!("{error}: {other:?}")),
            },
        }
    }

    /// The answer of a request that must have one.
    pub fn reply(&mut self) -> RawReply {
        match self.receive() {
            Answer::Whole(reply) => reply,
            other => panic!("{other:?}"),
        }
    }
}
