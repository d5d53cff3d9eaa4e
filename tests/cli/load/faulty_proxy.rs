//! A proxy between a client and the service that injects a fault.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// The fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The third upload is acknowledged and not forwarded.
    Swallow,
    /// The third upload is forwarded a second time, with another `uuid`.
    Repeat,
    /// Every answer with samples is delayed.
    Delay(Duration),
}

/// The proxy. It listens until the end of the test.
pub struct FaultyProxy {
    pub url: String,
}

impl FaultyProxy {
    pub fn start(url: &str, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let service = url.strip_prefix("http://").unwrap().to_owned();
        let uploads = Arc::new(AtomicU32::new(0));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (service, uploads) = (service.clone(), uploads.clone());
                std::thread::spawn(move || pass(client, &service, fault, &uploads));
            }
        });
        Self {
            url: format!("http://{address}"),
        }
    }
}

/// Reads one request or answer. Returns `None` when the connection ends.
fn message(from: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            assert!(!head.contains("transfer-encoding"), "{head}");
            if bytes.len() >= end + 4 + length {
                return Some(bytes);
            }
        }
        match from.read(&mut buffer) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}

fn ask(service: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(service).unwrap();
    stream.write_all(request).unwrap();
    message(&mut stream).unwrap()
}

fn pass(mut client: TcpStream, service: &str, fault: Fault, uploads: &AtomicU32) {
    while let Some(request) = message(&mut client) {
        let line = String::from_utf8_lossy(&request[..request.len().min(300)]).into_owned();
        let is_third = line.starts_with("POST")
            && line.contains("/data/")
            && uploads.fetch_add(1, Ordering::SeqCst) == 2;
        let answer = match fault {
            Fault::Swallow if is_third => {
                b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"id\":4000000}".to_vec()
            }
            Fault::Repeat if is_third => {
                let answer = ask(service, &request);
                let place = request.windows(5).position(|five| five == b"\xa4uuid").unwrap();
                let mut again = request.clone();
                again[place + 8..place + 16].copy_from_slice(b"ffffffff");
                ask(service, &again);
                answer
            }
            Fault::Delay(time) if line.starts_with("GET") && line.contains("/samples/") => {
                let (_keep, never) = std::sync::mpsc::channel::<()>();
                let _ = never.recv_timeout(time);
                ask(service, &request)
            }
            _ => ask(service, &request),
        };
        if client.write_all(&answer).is_err() {
            return;
        }
    }
}
