//! A request and its answer, as they passed, and the messages of the tunnel about it.

use super::capture::Capture;
use super::head::Headers;
use super::report::Report;
use super::route::Route;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, OwnedSemaphorePermit};

/// A request and the answer that it got.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) route: Route,
    pub(super) client: IpAddr,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) request_headers: Headers,
    pub(super) request_body: Capture,
    pub(super) status: u16,
    pub(super) response_headers: Headers,
    pub(super) response_body: Capture,
    /// When the answer was complete.
    pub(super) answered: Instant,
    /// Its place in the queue, free again when this is dropped.
    pub(super) _place: OwnedSemaphorePermit,
}

/// Why a request of a route that is copied was not copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dropped {
    /// Too many copies wait already.
    QueueFull,
    /// The body of the request or of the answer is longer than what is copied.
    TooLarge,
    /// The bodies that wait have no room for it.
    NoRoom,
    /// The connection ended before the request or its answer was complete.
    Incomplete,
    /// It waited so long that its token would be refused.
    Late,
    /// The address cannot be sent to the service as it was written.
    Target,
    /// The service was not reached, or ended the connection.
    Unreached,
    /// The service did not answer in time.
    TimedOut,
    /// It waited when the rehearsal ended.
    Ended,
}

impl Dropped {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::QueueFull => "too many copies waited",
            Self::TooLarge => "longer than what is copied",
            Self::NoRoom => "no memory left for copies",
            Self::Incomplete => "cut off before the answer was complete",
            Self::Late => "waited too long, its token is too old",
            Self::Target => "an address that can't be copied exactly",
            Self::Unreached => "the service was not reached",
            Self::TimedOut => "the service did not answer in time",
            Self::Ended => "waited when the rehearsal ended",
        }
    }
}

/// What became of a request that passed.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is to be copied.
    Copy(Box<Exchange>),
    /// It is not to be copied.
    Passed,
    /// It should have been copied, but can't be.
    Lost(Dropped),
}

/// The messages from the tunnel to the thread that copies.
#[derive(Debug)]
pub(super) enum Event {
    /// A request passed.
    Seen {
        method: String,
        pattern: &'static str,
        /// From the end of the request to the end of the answer; `None` without an answer.
        took: Option<Duration>,
        outcome: Outcome,
    },
    /// A request for which the real server was not reached, or gave no answer.
    NoUpstream,
    /// A connection on which something passed that is not HTTP/1.
    Unread,
    /// Write the report now.
    Write,
    /// Play what waits, write the report, and return it.
    Finish(oneshot::Sender<Report>),
}
