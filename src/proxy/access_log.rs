//! The access log of the routes that serve files. Each request is logged once, when its response
//! has ended or was cut off, with the number of bytes that were sent.

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use prometheus::IntCounter;
use std::error::Error;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Digits of a key in the log.
const SHOWN: usize = 8;
/// Characters of a path in the log.
const LONGEST_PATH: usize = 512;

/// The entry for one request. It is logged when it is dropped.
#[derive(Debug)]
pub struct AccessEntry {
    route: &'static str,
    key: String,
    path: String,
    address: IpAddr,
    status: Option<StatusCode>,
    sent: u64,
    whole: bool,
    counter: IntCounter,
}

impl AccessEntry {
    /// A request for `path`, as in the URL, by `key`. The bytes sent are added to `counter`.
    #[must_use]
    pub fn begin(route: &'static str, key: &str, path: &str, address: IpAddr, counter: IntCounter) -> Self {
        let shown = |text: &str, most| text.chars().take(most).flat_map(char::escape_debug).collect();
        Self {
            route,
            key: shown(key, SHOWN),
            path: shown(path, LONGEST_PATH),
            address,
            status: None,
            sent: 0,
            whole: false,
            counter,
        }
    }

    /// The response has `status` and no bytes of the file.
    pub fn finish(mut self, status: StatusCode) {
        self.status = Some(status);
        self.whole = true;
    }

    /// The response has `status` and `body`.
    pub fn with<B>(mut self, status: StatusCode, body: B) -> LoggedBody<B> {
        self.status = Some(status);
        LoggedBody { entry: self, body }
    }
}

impl Drop for AccessEntry {
    fn drop(&mut self) {
        tracing::info!(
            target: "beamlive::files",
            route = self.route,
            key = self.key,
            path = self.path,
            status = self.status.map(|status| status.as_u16()),
            bytes = self.sent,
            whole = self.whole,
            address = %self.address,
            "file access"
        );
    }
}

/// A body that is logged.
#[derive(Debug)]
pub struct LoggedBody<B> {
    entry: AccessEntry,
    body: B,
}

impl<B: MessageBody + Unpin> MessageBody for LoggedBody<B>
where
    B::Error: Into<Box<dyn Error>> + std::fmt::Display,
{
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        let size = self.body.size();
        let entry = &mut self.entry;
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => {
                let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                entry.sent = entry.sent.saturating_add(more);
                entry.counter.inc_by(more);
                // A body of known length may not be polled for its end.
                entry.whole |= size == BodySize::Sized(entry.sent);
            }
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(key = entry.key, path = entry.path, %error, "a file is cut off");
            }
            Poll::Ready(None) => entry.whole = true,
            Poll::Pending => {}
        }
        polled
    }
}
