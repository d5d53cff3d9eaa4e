//! The rehearsal before a facility moves from MxLIVE: `beamlive shadow`.
//!
//! It stands before a running MxLIVE, passes its traffic on unchanged, plays a copy of each request
//! of the API to beamlive, and reports what differs. From the bottom to the top:
//!
//! | file | what it holds |
//! |---|---|
//! | `message.rs`, `head.rs`, `route.rs` | reads HTTP/1 as it passes; which requests are copied |
//! | `capture.rs` | copies of bodies, within bounds |
//! | `content.rs`, `shape.rs`, `known.rs`, `compare.rs` | compares two answers; intended differences |
//! | `report.rs`, `tally.rs` | the report, and the counts it is made of |
//! | `text.rs`, `html.rs`, `target.rs` | the report as text and as a page, and its file |
//! | `exchange.rs` | a request with its answer, from the tunnel to the copies |
//! | `watch.rs`, `tunnel.rs` | connections: passed on, and watched |
//! | `ids.rs`, `order.rs`, `copy.rs`, `play.rs` | the copies: ids, order, sending, their thread |
//!
//! Invariants: bytes are passed on whatever the watch makes of them; the tunnel waits for nothing
//! but its two sockets, and hands exchanges over through a queue with a bound; the copies have a
//! thread of their own with a lower priority; no value of a request or an answer gets into the
//! report or the log, only patterns of routes, keys and types.

mod capture;
mod compare;
mod content;
mod copy;
mod exchange;
mod head;
mod html;
mod ids;
mod known;
mod message;
mod order;
mod play;
mod report;
mod route;
mod shape;
mod tally;
mod target;
mod text;
mod tunnel;
mod watch;

pub use report::{Counted, Latency, Report, Row, Sample};
pub use target::Target;

use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::tls::Trust;
use beamlive_client::Failure;
use capture::Budget;
use copy::Copies;
use exchange::Event;
use play::Playing;
use reqwest::Url;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, Semaphore};
use tunnel::Tunnel;
use watch::Recorder;

/// How long requests that are on their way may take at a stop.
const LONGEST_STOP: Duration = Duration::from_secs(30);

/// What a rehearsal needs to know.
#[derive(Clone)]
pub struct Settings {
    /// The real server.
    pub upstream: Url,
    /// Where clients connect.
    pub listen: SocketAddr,
    /// The service that gets the copies.
    pub service: Url,
    /// Whom the copies trust.
    pub trust: Trust,
    /// Where the report is written.
    pub report: Option<Target>,
    /// How often the counts are printed and the report is written.
    pub every: Duration,
    /// Longest body that is copied, in bytes.
    pub max_body: usize,
    /// Memory for all bodies that wait, in bytes.
    pub max_memory: usize,
    /// Most copies that wait or are played.
    pub queue: usize,
    /// Most copies that are played at once.
    pub workers: usize,
    /// How long the service may take to answer a copy.
    pub timeout: Duration,
    /// How old a request may be when it is copied.
    pub oldest: Duration,
    /// How long the copies that wait may take at the end.
    pub last: Duration,
    /// The clock that tokens are compared with.
    pub clock: Arc<dyn Clock>,
}

impl Settings {
    /// The defaults, for these servers, on a free port.
    #[must_use]
    pub fn new(upstream: Url, service: Url) -> Self {
        Self {
            upstream,
            service,
            trust: Trust::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            report: None,
            every: Duration::from_secs(60),
            max_body: 16 << 20,
            max_memory: 256 << 20,
            queue: 1024,
            workers: 16,
            timeout: Duration::from_secs(10),
            oldest: Duration::from_secs(45),
            last: Duration::from_secs(10),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Why a rehearsal can't begin.
#[derive(Debug, Error)]
pub enum ShadowError {
    /// The address of the real server cannot be used.
    #[error("--upstream must be http://HOST or http://HOST:PORT: the shadow stands behind what speaks TLS")]
    Upstream,
    /// The address of the service cannot be used.
    #[error("--service must be http://HOST:PORT or https://HOST, without a name or a password")]
    Service,
    /// Both would be the same.
    #[error("--service is the real server: every request would count twice there")]
    Same,
    /// The address can't be listened on.
    #[error("can't listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The system has no thread left.
    #[error("can't start the thread that plays the copies")]
    Thread(#[source] std::io::Error),
    /// The client for the copies can't be made.
    #[error("can't send copies: {0}")]
    Client(Failure),
    /// The thread that plays the copies is gone.
    #[error("the thread that plays the copies has ended")]
    Gone,
}

/// A running rehearsal.
pub struct Running {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Event>,
    tunnel: Tunnel,
    accepting: actix_web::rt::task::JoinHandle<()>,
}

impl Running {
    /// Starts to listen. It runs on the thread of the caller's runtime.
    ///
    /// # Errors
    /// [`ShadowError`] says what can't be used.
    pub async fn start(settings: Settings) -> Result<Self, ShadowError> {
        let upstream = upstream(&settings.upstream)?;
        let service = &settings.service;
        let is_plain = service.username().is_empty() && service.password().is_none();
        if !matches!(service.scheme(), "http" | "https") || service.cannot_be_a_base() || !is_plain {
            return Err(ShadowError::Service);
        }
        if service.host() == settings.upstream.host()
            && service.port_or_known_default() == settings.upstream.port_or_known_default()
        {
            return Err(ShadowError::Same);
        }
        let listener = TcpListener::bind(settings.listen)
            .await
            .map_err(|error| ShadowError::Listen(settings.listen, error))?;
        let address = listener
            .local_addr()
            .map_err(|error| ShadowError::Listen(settings.listen, error))?;
        let (events, heard) = mpsc::unbounded_channel();
        let heading = Report {
            version: env!("CARGO_PKG_VERSION"),
            upstream: settings.upstream.to_string(),
            service: service.to_string(),
            ..Report::default()
        };
        let copies =
            Copies::new(settings.service, settings.timeout, &settings.trust).map_err(ShadowError::Client)?;
        let playing = Playing {
            copies: Arc::new(copies),
            workers: settings.workers.max(1),
            oldest: settings.oldest,
            last: settings.last,
            every: settings.every,
            target: settings.report,
            clock: settings.clock,
            heading,
        };
        play::start(playing, heard).map_err(ShadowError::Thread)?;
        let recorder = Recorder {
            events: events.clone(),
            places: Arc::new(Semaphore::new(settings.queue.min(Semaphore::MAX_PERMITS))),
            budget: Budget::new(settings.max_memory),
            most: settings.max_body,
        };
        let tunnel = Tunnel::new(upstream, recorder);
        let accepting = actix_web::rt::spawn(tunnel.clone().accept(listener));
        Ok(Self {
            address,
            events,
            tunnel,
            accepting,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Writes the report now: into its file, or without one to standard error.
    pub fn write(&self) {
        // Without the thread there is no report, and the stop says so.
        let _ = self.events.send(Event::Write);
    }

    /// Accepts nothing new, lets requests on their way finish, ends all connections, plays the
    /// copies that wait, and returns the report. The report's file is written.
    ///
    /// # Errors
    /// When the thread that plays the copies is gone.
    pub async fn stop(self) -> Result<Report, ShadowError> {
        self.accepting.abort();
        self.tunnel.stop(LONGEST_STOP).await;
        let (done, report) = oneshot::channel();
        self.events
            .send(Event::Finish(done))
            .map_err(|_| ShadowError::Gone)?;
        report.await.map_err(|_| ShadowError::Gone)
    }
}

/// The real server as host and port.
fn upstream(url: &Url) -> Result<String, ShadowError> {
    let host = url.host().ok_or(ShadowError::Upstream)?;
    let port = url.port_or_known_default().ok_or(ShadowError::Upstream)?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    if url.scheme() != "http" || !is_bare {
        return Err(ShadowError::Upstream);
    }
    Ok(format!("{host}:{port}"))
}
