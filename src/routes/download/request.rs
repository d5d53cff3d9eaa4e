//! What all routes for files share: the request, the access log and the errors.

use crate::app::App;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::proxy::access_log::AccessEntry;
use crate::proxy::files::Files;
use crate::proxy::shelf::FileError;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::Method;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use beamlive_actors::ask::Unavailable;
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A request for a file behind a key, not validated.
pub(super) struct FileRequest {
    /// Serves the files.
    pub files: Arc<Files>,
    /// Expected to be 40 hex digits.
    pub key: String,
    /// The rest of the URL after the key, still encoded.
    pub rest: String,
    /// The address of the client.
    pub address: IpAddr,
    /// A HEAD request, which needs no body.
    pub head_only: bool,
}

/// Answers a request for a file with `answer`, and logs it.
///
/// # Errors
/// 404 if files are not served here, and the errors of `answer`.
pub(super) async fn serve<A: Future<Output = Result<HttpResponse, ApiError>>>(
    route: &'static str,
    request: &HttpRequest,
    answer: impl FnOnce(FileRequest) -> A,
) -> Result<HttpResponse, ApiError> {
    let app = App::of(request)?;
    let caller = Caller::extract(request).await?;
    let files = app.files.clone().ok_or_else(not_served)?;
    // From the URL itself, because the router decodes a part of it, and it must be decoded only
    // once.
    let mut parts = request.uri().path().splitn(6, '/').skip(4);
    let key = parts.next().unwrap_or_default().to_owned();
    let rest = parts.next().unwrap_or_default().to_owned();
    let entry = AccessEntry::begin(route, &key, &rest, caller.0, app.metrics.file_bytes(route));
    let head_only = *request.method() == Method::HEAD;
    let file_request = FileRequest {
        files,
        key,
        rest,
        address: caller.0,
        head_only,
    };
    match answer(file_request).await {
        Ok(response) if head_only => {
            entry.finish(response.status());
            Ok(response)
        }
        Ok(response) => {
            let status = response.status();
            Ok(response
                .map_body(|_, body| entry.with(status, body))
                .map_into_boxed_body())
        }
        Err(error) => {
            entry.finish(error.status_code());
            Err(error)
        }
    }
}

/// The body of a response to HEAD: only its size.
#[derive(Debug)]
pub(super) struct HeadOnly(pub BodySize);

impl MessageBody for HeadOnly {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

/// The error if no files are served here.
pub(super) fn not_served() -> ApiError {
    let why = "files are not served here: an external Data Proxy is configured, or the built-in one is off";
    ApiError::NotFound(why.to_owned())
}

/// The error if no thread can be started for a body.
pub(super) fn no_thread(error: std::io::Error) -> ApiError {
    tracing::error!(%error, "no thread for a file can be started");
    ApiError::Unavailable(Unavailable::Busy)
}

/// The error for an invalid path, which is the same as for a file that does not exist.
pub(super) fn no_such_file() -> ApiError {
    FileError::NotFound.into()
}
