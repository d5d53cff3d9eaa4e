//! One answer of the routes that serve files, told once in the log when it has ended: what was asked for, from where, and
//! how many bytes were sent, also when it was cut off.

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use prometheus::IntCounter;
use std::error::Error;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Digits of a key that the log shows.
const SHOWN: usize = 8;
/// Characters of a path that it shows.
const LONGEST_PATH: usize = 512;

/// What is told, at the latest when it is dropped.
#[derive(Debug)]
pub struct Transfer {
    route: &'static str,
    key: String,
    path: String,
    address: IpAddr,
    status: Option<StatusCode>,
    sent: u64,
    whole: bool,
    counter: IntCounter,
}

impl Transfer {
    /// A request for `path`, as the URL says it, by `key`; nothing has been answered yet. What is sent is added to `counter`.
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

    /// It is answered without any of its bytes.
    pub fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
        self.whole = true;
    }

    /// `body` is what it is answered with.
    pub fn with<B>(mut self, status: StatusCode, body: B) -> Told<B> {
        self.status = Some(status);
        Told { transfer: self, body }
    }
}

impl Drop for Transfer {
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

/// A body that is told of.
#[derive(Debug)]
pub struct Told<B> {
    transfer: Transfer,
    body: B,
}

impl<B: MessageBody + Unpin> MessageBody for Told<B>
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
        let transfer = &mut self.transfer;
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => {
                let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                transfer.sent = transfer.sent.saturating_add(more);
                transfer.counter.inc_by(more);
                // Whoever knows the length need not ask for the end.
                transfer.whole |= size == BodySize::Sized(transfer.sent);
            }
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(key = transfer.key, path = transfer.path, %error, "a file is cut off");
            }
            Poll::Ready(None) => transfer.whole = true,
            Poll::Pending => {}
        }
        polled
    }
}
