//! Files of datasets: those of the built-in Data Proxy have addresses of their own, those of an
//! external one are passed on.

use super::refusal::PageError;
use super::visitor::Visitor;
use crate::app::{App, AppData};
use crate::proxy::remote::{RemoteFiles, ANSWERED};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::ask::Unavailable;
use futures_util::TryStreamExt;
use reqwest::header as http;

/// Where the files of keys are: `/download/files/` or, with an external Data Proxy, `/files/`.
/// `None` when they are nowhere.
pub(super) fn base(app: &App) -> Option<&'static str> {
    if app.files.is_some() {
        Some("/download/files/")
    } else {
        app.remote_files.is_some().then_some("/files/")
    }
}

/// `GET /files/{path}`: a file of the external Data Proxy.
///
/// # Errors
/// 404 without an external Data Proxy, 503 when it does not answer.
pub async fn get(request: HttpRequest, app: AppData, _: Visitor) -> Result<HttpResponse, PageError> {
    let uri = request.uri().path_and_query().map_or("", |path| path.as_str());
    let path = uri.strip_prefix("/files/").unwrap_or("");
    let missing = || PageError::no("file", path);
    let files = app.remote_files.as_ref().ok_or_else(missing)?;
    let asked = to_reqwest(request.headers());
    let answered = files.get(path, &asked).await.ok_or_else(missing)?;
    let reply = answered.map_err(|error| {
        tracing::warn!(%error, "a file of the Data Proxy could not be fetched");
        Unavailable::Lost("Data Proxy")
    })?;
    let status = StatusCode::from_u16(reply.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return Err(missing());
    }
    let mut answer = super::frame::guarded(HttpResponse::build(status));
    for name in ANSWERED {
        if let Some(value) = reply.headers().get(&name) {
            answer.insert_header((name.as_str(), value.as_bytes()));
        }
    }
    Ok(answer.streaming(reply.bytes_stream().map_err(std::io::Error::other)))
}

/// The same headers, as the client has them.
fn to_reqwest(headers: &HeaderMap) -> http::HeaderMap {
    let same = headers
        .iter()
        .filter_map(|(name, value): (&HeaderName, &HeaderValue)| {
            let name = http::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
            Some((name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?))
        });
    same.collect()
}

/// A file of the external Data Proxy as text, at most `longest` bytes. `None` when it is not there.
pub(super) async fn text(files: &RemoteFiles, path: &str, longest: usize) -> Option<String> {
    let reply = files.get(path, &http::HeaderMap::new()).await?.ok()?;
    if !reply.status().is_success() {
        return None;
    }
    let mut bytes = Vec::new();
    let mut stream = reply.bytes_stream();
    while let Ok(Some(piece)) = stream.try_next().await {
        bytes.extend_from_slice(&piece);
        if bytes.len() >= longest {
            bytes.truncate(longest);
            break;
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
