//! The built-in Data Proxy, `/download`: keys for directories, and the files behind them. Every answer is told once in the
//! log, when it has ended.

pub mod archive;
pub mod create;
pub mod frame;
pub mod multi;
mod picture;
pub mod raw;
pub mod snapshot;

use crate::app::App;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::proxy::files::Files;
use crate::proxy::transfer::Transfer;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::Method;
use actix_web::web;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A request for something behind a key. Nothing of it has been checked.
pub(super) struct Asked {
    /// What it is served from.
    pub files: Arc<Files>,
    /// Meant to be 40 hex digits.
    pub key: String,
    /// What follows the key in the URL, still encoded.
    pub rest: String,
    /// Where it comes from.
    pub address: IpAddr,
    /// A HEAD: nothing need be made.
    pub head_only: bool,
}

/// Answers a request for something behind a key with `answer`, which says what is sent, and tells of it.
///
/// # Errors
/// 404 when files are not served here, and whatever `answer` fails with.
pub(super) async fn serve<A: Future<Output = Result<HttpResponse, ApiError>>>(
    route: &'static str,
    request: &HttpRequest,
    answer: impl FnOnce(Asked) -> A,
) -> Result<HttpResponse, ApiError> {
    let app = App::of(request)?;
    let caller = Caller::extract(request).await?;
    let files = app.files.clone().ok_or_else(off)?;
    // As the client has written it: the router decodes some of it, and once is enough.
    let mut parts = request.uri().path().splitn(6, '/').skip(4);
    let key = parts.next().unwrap_or_default().to_owned();
    let rest = parts.next().unwrap_or_default().to_owned();
    let transfer = Transfer::begin(route, &key, &rest, caller.0, app.metrics.file_bytes(route));
    let asked = Asked {
        files,
        key,
        rest,
        address: caller.0,
        head_only: *request.method() == Method::HEAD,
    };
    match answer(asked).await {
        Ok(response) if *request.method() == Method::HEAD => {
            transfer.answered(response.status());
            Ok(response)
        }
        Ok(response) => {
            let status = response.status();
            Ok(response
                .map_body(|_, body| transfer.with(status, body))
                .map_into_boxed_body())
        }
        Err(error) => {
            transfer.answered(error.status_code());
            Err(error)
        }
    }
}

/// The body of an answer to a HEAD: only its size, or that it has none that is known.
#[derive(Debug)]
pub(super) struct HeadOnly(pub BodySize);

impl MessageBody for HeadOnly {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

/// What is answered where files are not served.
fn off() -> ApiError {
    let why = "files are not served here: an external Data Proxy is configured, or the built-in one is off";
    ApiError::NotFound(why.to_owned())
}

/// What is answered when the system gives no thread to make a body on.
pub(super) fn no_thread(error: std::io::Error) -> ApiError {
    tracing::error!(%error, "no thread for a file can be started");
    ApiError::Unavailable(beamlive_actors::ask::Unavailable::Busy)
}

/// What is answered to a path that no file can have: the same as for a file that is not there.
pub(super) fn no_such_file() -> ApiError {
    crate::proxy::shelf::FileError::NotFound.into()
}
