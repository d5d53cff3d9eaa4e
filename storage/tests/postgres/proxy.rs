//! A proxy between the store and PostgreSQL that cuts connections, at any byte.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A running proxy. Its threads end with the process.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    /// Bytes until the next cut, counted over all connections; 0: none.
    left: AtomicU64,
    /// Whether connections are refused.
    refuses: AtomicBool,
    cuts: AtomicU64,
    streams: Mutex<BTreeMap<u64, TcpStream>>,
}

impl Proxy {
    /// Starts a proxy before the server of `url`. Returns it, and the address to use instead.
    pub(crate) fn before(url: &str) -> (Self, String) {
        let (head, database) = url.rsplit_once('/').unwrap();
        let (user, server) = head.rsplit_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            shared: Arc::new(Shared {
                server: server.parse().unwrap(),
                left: AtomicU64::new(0),
                refuses: AtomicBool::new(false),
                cuts: AtomicU64::new(0),
                streams: Mutex::default(),
            }),
        };
        let shared = Arc::clone(&proxy.shared);
        std::thread::spawn(move || {
            for (number, client) in (0..).zip(listener.incoming().flatten()) {
                if !shared.refuses.load(Ordering::SeqCst) {
                    shared.connect(number, client);
                }
            }
        });
        let url = format!("{user}@{}/{database}", proxy.address);
        (proxy, url)
    }

    /// Cuts all connections after `bytes` more bytes.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.shared.left.store(bytes.max(1), Ordering::SeqCst);
    }

    /// Cuts all connections now, and refuses new ones while `refuses`.
    pub(crate) fn cut(&self, refuses: bool) {
        self.shared.refuses.store(refuses, Ordering::SeqCst);
        self.shared.cut();
    }

    /// Number of cuts.
    pub(crate) fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, number: u64, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.server) else {
            return;
        };
        let mut streams = self.streams.lock().unwrap();
        streams.insert(number * 2, client.try_clone().unwrap());
        streams.insert(number * 2 + 1, server.try_clone().unwrap());
        drop(streams);
        for (mut from, mut to) in [
            (client.try_clone().unwrap(), server.try_clone().unwrap()),
            (server, client),
        ] {
            let shared = Arc::clone(self);
            std::thread::spawn(move || {
                let mut buffer = [0; 8192];
                while let Ok(length @ 1..) = from.read(&mut buffer) {
                    let passed = shared.pass(length);
                    if to.write_all(&buffer[..passed]).is_err() {
                        break;
                    }
                    if passed < length {
                        shared.cut();
                        break;
                    }
                }
                let _ = to.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
            });
        }
    }

    /// How many of `length` bytes pass before the cut.
    fn pass(&self, length: usize) -> usize {
        let mut passed = length;
        let _ = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                let length = length as u64;
                passed = match left {
                    0 => length,
                    left if left <= length => left.saturating_sub(1),
                    _ => length,
                } as usize;
                match left {
                    0 => None,
                    left if left <= length => Some(0),
                    left => Some(left - length),
                }
            });
        passed
    }

    fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
        for stream in std::mem::take(&mut *self.streams.lock().unwrap()).into_values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
