//! Passes bytes between clients and the real server. Nothing here waits for a copy.
//!
//! Each connection of a client has one of its own to the real server, and every byte is passed on
//! as it is. So what HTTP allows (kept connections, pipelining, `Expect`, chunks, upgrades) is
//! between the client and the server as before.

use super::exchange::Event;
use super::watch::{Recorder, Watch};
use std::cell::{Cell, RefCell};
use std::io::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long the real server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(60);
/// How long a client may take to close a connection that has ended.
const LINGER: Duration = Duration::from_secs(2);
/// The wait after the system refused to accept a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often a stop looks whether a request is still on its way.
const STOP_STEP: Duration = Duration::from_millis(10);
/// Bytes that are passed on at once.
const PIECE: usize = 64 * 1024;

/// What the connections need.
#[derive(Debug, Clone)]
pub(super) struct Tunnel {
    /// The real server, as host and port.
    upstream: String,
    recorder: Recorder,
    /// How many connections are open.
    open: Rc<Cell<usize>>,
    stop: Rc<watch::Sender<bool>>,
}

impl Tunnel {
    pub(super) fn new(upstream: String, recorder: Recorder) -> Self {
        Self {
            upstream,
            recorder,
            open: Rc::default(),
            stop: Rc::new(watch::Sender::new(false)),
        }
    }

    /// Accepts connections for ever.
    pub(super) async fn accept(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((client, address)) => {
                    let tunnel = self.clone();
                    actix_web::rt::spawn(async move {
                        // Broken connections are not logged.
                        let _ = tunnel.pass(client, address).await;
                    });
                }
                Err(error) => {
                    eprintln!("can't accept a connection: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Ends every connection as soon as no request is on its way, and waits for that, at most
    /// `longest`.
    pub(super) async fn stop(&self, longest: Duration) {
        self.stop.send_replace(true);
        let wait = async {
            while self.open.get() > 0 {
                sleep(STOP_STEP).await;
            }
        };
        // What is still on its way is cut off.
        let _ = timeout(longest, wait).await;
    }

    /// Passes on one connection until both sides have ended it.
    async fn pass(self, mut client: TcpStream, address: SocketAddr) -> Result<(), Error> {
        let _open = Open::new(&self.open);
        let mut stop = self.stop.subscribe();
        client.set_nodelay(true)?;
        // No connection to the real server before there is something to send.
        tokio::select! {
            readable = client.readable() => readable?,
            () = stopped(&mut stop) => return Ok(()),
        }
        let watch = RefCell::new(Watch::new(address.ip(), self.recorder.clone()));
        let connected = timeout(CONNECT, TcpStream::connect(self.upstream.as_str())).await;
        let mut server = match connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
            Ok(server) => server,
            Err(error) => return self.refuse(client, &watch, &error).await,
        };
        server.set_nodelay(true)?;
        tokio::select! {
            ended = both(&mut client, &mut server, &watch) => ended?,
            () = idle(&mut stop, &watch) => {}
        }
        if watch.borrow().awaits_first_answer() {
            // Answer 502, as a proxy does.
            let why = "it ended the connection without an answer";
            let answer = bad_gateway(&watch.borrow(), why);
            client.write_all(&answer).await?;
            self.recorder.tell(Event::NoUpstream);
        }
        watch.borrow_mut().upstream_ended();
        end(client).await
    }

    /// Answers for a server that can't be reached.
    async fn refuse(
        &self,
        mut client: TcpStream,
        watch: &RefCell<Watch>,
        error: &Error,
    ) -> Result<(), Error> {
        let mut piece = vec![0; PIECE];
        while !watch.borrow().awaits_first_answer() {
            let read = timeout(CONNECT, client.read(&mut piece)).await??;
            if read == 0 {
                return Ok(());
            }
            let bytes = piece.get(..read).unwrap_or_default();
            watch.borrow_mut().request(bytes);
        }
        let answer = bad_gateway(&watch.borrow(), &error.to_string());
        client.write_all(&answer).await?;
        self.recorder.tell(Event::NoUpstream);
        end(client).await
    }
}

/// Counts a connection as open until this is dropped.
struct Open(Rc<Cell<usize>>);

impl Open {
    fn new(all: &Rc<Cell<usize>>) -> Self {
        all.set(all.get() + 1);
        Self(all.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Waits for the stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as any connection.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits for the stop, and then until no request is on its way.
async fn idle(stop: &mut watch::Receiver<bool>, watch: &RefCell<Watch>) {
    stopped(stop).await;
    while !watch.borrow().is_idle() {
        sleep(STOP_STEP).await;
    }
}

/// Both directions, until the server has ended its own.
async fn both(client: &mut TcpStream, server: &mut TcpStream, watch: &RefCell<Watch>) -> Result<(), Error> {
    let (client_reads, client_writes) = client.split();
    let (server_reads, server_writes) = server.split();
    let up = upwards(client_reads, server_writes, watch);
    let down = downwards(server_reads, client_writes, watch);
    tokio::pin!(up, down);
    tokio::select! {
        ended = &mut down => ended,
        broken = &mut up => {
            broken?;
            down.await
        }
    }
}

/// From the client to the real server. Ends with an error only if the client's side is broken.
async fn upwards(
    mut client: ReadHalf<'_>,
    mut server: WriteHalf<'_>,
    watch: &RefCell<Watch>,
) -> Result<(), Error> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = client.read(&mut piece).await?;
        let bytes = piece.get(..read).unwrap_or_default();
        // Before it is passed on, so that no answer is seen before its request.
        watch.borrow_mut().request(bytes);
        let passed = if read == 0 {
            server.shutdown().await
        } else {
            server.write_all(bytes).await
        };
        // If the server takes nothing more, its answer can still come.
        if read == 0 || passed.is_err() {
            return Ok(());
        }
    }
}

/// From the real server to the client. Ends with an error only if the client's side is broken.
async fn downwards(
    mut server: ReadHalf<'_>,
    mut client: WriteHalf<'_>,
    watch: &RefCell<Watch>,
) -> Result<(), Error> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = server.read(&mut piece).await.unwrap_or_default();
        if read == 0 {
            return Ok(());
        }
        let bytes = piece.get(..read).unwrap_or_default();
        client.write_all(bytes).await?;
        watch.borrow_mut().response(bytes);
    }
}

/// Ends the client's connection. What it still sends is read, because closing with unread bytes
/// would destroy the answer on its way.
async fn end(mut client: TcpStream) -> Result<(), Error> {
    client.shutdown().await?;
    let mut piece = vec![0; PIECE];
    let drain = async { while client.read(&mut piece).await.is_ok_and(|read| read > 0) {} };
    // The client had time to close.
    let _ = timeout(LINGER, drain).await;
    Ok(())
}

/// The answer in place of a server that gave none.
fn bad_gateway(watch: &Watch, why: &str) -> Vec<u8> {
    let words = format!("The server behind this one can't be reached: {why}.\n");
    let body = if watch.method() == Some("HEAD") {
        ""
    } else {
        &words
    };
    format!(
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        words.len()
    )
    .into_bytes()
}
