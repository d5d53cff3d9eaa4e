//! A server in the place of MxLIVE. The test chooses how it answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with a request.
pub enum Act {
    /// Sends these bytes.
    Say(Vec<u8>),
    /// Sends them after a while.
    Late(Duration, Vec<u8>),
    /// Sends these bytes and ends the connection.
    Cut(Vec<u8>),
    /// Does not answer, and holds the connection.
    Never,
    /// Sends a body of this length, which [`large`] makes.
    Large(usize),
    /// Asks for the body (100), reads it, and sends these bytes.
    AfterContinue(Vec<u8>),
    /// Sends these bytes, and returns everything that comes after.
    Echo(Vec<u8>),
}

/// A whole request.
pub struct Seen {
    /// The bytes of the head.
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    /// `METHOD /path`
    pub fn line(&self) -> String {
        let mut words = self.head.split(' ');
        format!("{} {}", words.next().unwrap(), words.next().unwrap())
    }
}

type Script = dyn Fn(&Seen) -> Act + Send + Sync;

/// The server. Its threads end with the process.
pub struct Upstream {
    pub address: SocketAddr,
    /// Every byte that came, connection by connection.
    pub bytes: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// An answer with this status line, more headers, and a body.
pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// An answer with JSON.
pub fn json(value: &serde_json::Value) -> Act {
    Act::Say(answer(
        "200 OK",
        "Content-Type: application/json\r\n",
        value.to_string(),
    ))
}

/// Bytes that differ everywhere.
pub fn large(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 / 8).to_le_bytes()[0]).collect()
}

impl Upstream {
    pub fn start(script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (script, all): (Arc<Script>, _) = (Arc::new(script), bytes.clone());
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (script, all) = (script.clone(), all.clone());
                all.lock().unwrap().push(Vec::new());
                std::thread::spawn(move || {
                    let connection = Connection {
                        stream: stream.unwrap(),
                        unread: Vec::new(),
                        number,
                        all,
                    };
                    connection.serve(&*script);
                });
            }
        });
        Self { address, bytes }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bytes of all connections.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        self.bytes.lock().unwrap().clone()
    }
}

struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
    number: usize,
    all: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Connection {
    /// Reads more; false at the end.
    fn more(&mut self) -> bool {
        let mut piece = vec![0; 64 * 1024];
        let read = self.stream.read(&mut piece).unwrap_or(0);
        self.unread.extend_from_slice(&piece[..read]);
        self.all.lock().unwrap()[self.number].extend_from_slice(&piece[..read]);
        read > 0
    }

    fn serve(mut self, script: &Script) {
        while let Some(head) = self.until(b"\r\n\r\n") {
            let head = String::from_utf8(head).unwrap();
            let mut seen = Seen {
                head,
                body: Vec::new(),
            };
            let waits = seen.head.contains("Expect:");
            if !waits {
                seen.body = self.body(&seen.head);
            }
            let said = match script(&seen) {
                Act::Say(bytes) => self.stream.write_all(&bytes),
                Act::Late(wait, bytes) => {
                    let (_sender, never) = std::sync::mpsc::channel::<()>();
                    let _ = never.recv_timeout(wait);
                    self.stream.write_all(&bytes)
                }
                Act::Cut(bytes) => {
                    let _ = self.stream.write_all(&bytes);
                    return;
                }
                Act::Never => {
                    while self.more() {}
                    return;
                }
                Act::Large(length) => {
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                    self.stream
                        .write_all(head.as_bytes())
                        .and_then(|()| self.stream.write_all(&large(length)))
                }
                Act::AfterContinue(bytes) => {
                    self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
                    self.body(&seen.head);
                    self.stream.write_all(&bytes)
                }
                Act::Echo(bytes) => {
                    self.stream.write_all(&bytes).unwrap();
                    loop {
                        let unread = std::mem::take(&mut self.unread);
                        self.stream.write_all(&unread).unwrap();
                        if !self.more() {
                            return;
                        }
                    }
                }
            };
            if said.is_err() {
                return;
            }
        }
    }

    /// Everything up to `end`, with it.
    fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            let at = self.unread.windows(end.len()).position(|bytes| bytes == end);
            if let Some(at) = at {
                return Some(self.unread.drain(..at + end.len()).collect());
            }
            if !self.more() {
                return None;
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length && self.more() {}
        let length = length.min(self.unread.len());
        self.unread.drain(..length).collect()
    }

    fn body(&mut self, head: &str) -> Vec<u8> {
        let lower = head.to_ascii_lowercase();
        if lower.contains("transfer-encoding: chunked") {
            let mut body = Vec::new();
            while let Some(line) = self.until(b"\r\n") {
                let line = String::from_utf8(line).unwrap();
                let size = usize::from_str_radix(line.trim(), 16).unwrap();
                body.extend(self.exactly(size));
                self.exactly(2);
                if size == 0 {
                    break;
                }
            }
            return body;
        }
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length = length.and_then(|length| length.trim().parse().ok());
        self.exactly(length.unwrap_or(0))
    }
}
