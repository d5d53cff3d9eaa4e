//! Writes HTTP/1.1 by hand, for requests that normal clients never send.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// The longest wait for more bytes of an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The parts of a request. None of them is checked or encoded.
#[derive(Debug, Clone)]
pub struct RawRequest {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A whole answer.
#[derive(Debug)]
pub struct RawReply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl RawRequest {
    pub fn get(target: impl Into<String>) -> Self {
        Self {
            method: "GET",
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn post(target: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST",
            body: body.into(),
            ..Self::get(target)
        }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn json(self) -> Self {
        self.header("Content-Type", "application/json")
    }

    /// Its bytes, with the headers that every request needs.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: beamlive\r\nAccept: application/json\r\nConnection: close\r\n",
            self.method, self.target
        );
        if self.method != "GET" {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl RawReply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.head, self.text()))
    }

    /// The fields that an error names.
    pub fn fields(&self) -> Vec<String> {
        let fields = self.json()["error"]["fields"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        fields.into_iter().map(|(name, _)| name).collect()
    }
}

/// Sends bytes and reads one answer. Returns `None` if the connection ends without one. With
/// `half_close` the client closes its side after it has sent everything.
///
/// Sending and reading run at the same time, because an answer can come before the whole body
/// is sent.
pub fn exchange(address: SocketAddr, bytes: &[u8], half_close: bool) -> Option<RawReply> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    std::thread::scope(|scope| {
        let mut writing = stream.try_clone().unwrap();
        scope.spawn(move || {
            // The service can close the connection before it has read everything.
            if writing.write_all(bytes).is_ok() && half_close {
                let _ = writing.shutdown(Shutdown::Write);
            }
        });
        let reply = replies(&stream, 1).pop();
        let _ = stream.shutdown(Shutdown::Both);
        reply
    })
}

/// Reads up to `count` answers from one connection.
pub fn replies(mut stream: &TcpStream, count: usize) -> Vec<RawReply> {
    let mut bytes = Vec::new();
    let mut replies = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        while let Some((reply, length)) = parse(&bytes, false) {
            bytes.drain(..length);
            replies.push(reply);
            if replies.len() == count {
                return replies;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!(
                    "no answer within {PATIENCE:?}; so far {:?}",
                    String::from_utf8_lossy(&bytes)
                );
            }
            Err(_) => break,
        }
    }
    replies.extend(parse(&bytes, true).map(|(reply, _)| reply));
    replies
}

/// The first answer in `bytes`, and its length. If the connection has `ended`, the rest of
/// `bytes` is the body, even if it is shorter than `Content-Length`.
pub fn parse(bytes: &[u8], ended: bool) -> Option<(RawReply, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    let length = match length {
        Some(length) if bytes.len() - end >= length => length,
        _ if ended => bytes.len() - end,
        _ => return None,
    };
    let body = bytes[end..end + length].to_vec();
    Some((RawReply { status, head, body }, end + length))
}
