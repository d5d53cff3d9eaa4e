//! The whole URL table. Every route works with and without its trailing slash.

pub mod accesslist;
pub mod admin;
pub mod close;
pub mod data;
pub mod docs;
pub mod download;
pub mod health;
pub mod keys;
pub mod launch;
pub mod project;
pub mod report;
pub mod samples;
pub mod survey;
mod upload;

use crate::error::ApiError;
use crate::metrics::Pattern;
use crate::wire::json;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{guard, HttpRequest, Resource};
use beamlive_actors::ask::Unavailable;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::BeamlineId;
use serde::Serialize;

/// Deepest nesting of a body as a whole; fields have limits of their own.
pub const MAX_DEPTH: usize = 128;
/// Longest session name.
const MAX_SESSION_NAME: usize = 100;

const GET: &str = "GET, HEAD";
const POST: &str = "POST";
const GET_POST: &str = "GET, HEAD, POST";

/// Declares the routes of the API, the survey and the built-in Data Proxy. They are tried one after the other, so those
/// that are asked most come first.
pub fn api(config: &mut ServiceConfig) {
    config
        .service(
            on("/api/v2/accesslist", GET_POST)
                .route(read().to(accesslist::get))
                .route(web::post().to(accesslist::post)),
        )
        .service(
            on("/access/accesslist", GET_POST)
                .route(read().to(accesslist::get))
                .route(web::post().to(accesslist::post)),
        )
        .service(on("/api/v2/{token}/data/{beamline}", POST).route(web::post().to(data::post)))
        .service(on("/api/v2/{token}/samples/{beamline}", GET).route(read().to(samples::get)))
        .service(on("/api/v2/{token}/launch/{beamline}/{session}", POST).route(web::post().to(launch::post)))
        .service(on("/api/v2/{token}/close/{beamline}/{session}", POST).route(web::post().to(close::post)))
        .service(on("/api/v2/{token}/report/{beamline}", POST).route(web::post().to(report::post)))
        // Before project/, whose pattern a user of that name would match.
        .service(on("/api/v2/keys/{username}", GET).route(read().to(keys::get)))
        .service(on("/access/keys/{username}", GET).route(read().to(keys::get)))
        .service(on("/api/v2/{token}/project", POST).route(web::post().to(project::post)))
        .service(on("/survey/style.css", GET).route(read().to(survey::style)))
        .service(
            on("/survey/{key}", GET_POST)
                .route(read().to(survey::get))
                .route(web::post().to(survey::post)),
        );
    download::routes(config);
    admin::routes(config);
    config
        .service(on("/api/docs/openapi.json", GET).route(read().to(docs::description)))
        .service(on("/api/docs", GET).route(read().to(docs::page)))
        .service(on("/api/docs/{file}", GET).route(read().to(docs::asset)));
}

/// Declares health and metrics.
pub fn machines(config: &mut ServiceConfig) {
    config
        .service(on("/health/live", GET).route(read().to(health::live)))
        .service(on("/health/ready", GET).route(read().to(health::ready)))
        .service(on("/metrics", GET).route(read().to(health::metrics)));
}

/// A path with and without its trailing slash, which answers other methods than `allowed` with 405.
pub(crate) fn on(path: &'static str, allowed: &'static str) -> Resource {
    web::resource([path.to_owned(), format!("{path}/")])
        .app_data(Pattern(path))
        .default_service(web::to(move || async move {
            Err::<&str, _>(ApiError::WrongMethod(allowed))
        }))
}

/// GET, and HEAD, which is the same without the body.
pub(crate) fn read() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// What every other path gets.
///
/// # Errors
/// Always 404.
pub async fn nowhere(request: HttpRequest) -> Result<&'static str, ApiError> {
    // Only the last part of a path is safe to repeat: the others may hold a token.
    let _ = request;
    Err(ApiError::NotFound(
        "there is nothing at this path: see /api/docs for what there is".to_owned(),
    ))
}

/// The answer to an upload.
#[derive(Debug, Serialize)]
pub struct Id {
    /// The record's id.
    pub id: u64,
}

/// The beamline of an acronym in a path.
fn beamline(catalog: &Catalog, acronym: &str) -> Result<BeamlineId, ApiError> {
    match catalog.beamline(acronym) {
        Some((id, _)) => Ok(id),
        None => Err(ApiError::NotFound("there is no such beamline".to_owned())),
    }
}

/// A session's name in a path.
fn session_name(name: &str) -> Result<&str, ApiError> {
    let good = (1..=MAX_SESSION_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if good {
        Ok(name)
    } else {
        Err(ApiError::NotFound(format!(
            "a session's name is 1 to {MAX_SESSION_NAME} letters, digits, \"_\" or \"-\""
        )))
    }
}

/// A body above this many bytes is read on a pool, so that it holds up nobody else on the same thread.
const LARGE: usize = 256 * 1024;

/// Reads a body, which may be MessagePack or JSON, with `read`.
async fn parsed<T: Send + 'static>(
    request: &HttpRequest,
    body: Bytes,
    read: impl FnOnce(&[u8]) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let is_json = crate::body::is_json(request);
    let large = body.len() > LARGE;
    let work = move || read(&to_msgpack(is_json, body)?);
    if !large {
        return work();
    }
    let done = web::block(work).await;
    done.map_err(|_| ApiError::Unavailable(Unavailable::Lost("body reader")))?
}

/// A body as MessagePack, whatever it came as.
fn to_msgpack(is_json: bool, body: Bytes) -> Result<Bytes, ApiError> {
    if !is_json {
        return Ok(body);
    }
    let bytes =
        json::to_msgpack(&body, MAX_DEPTH).map_err(|error| ApiError::field("body", error.to_string()))?;
    Ok(Bytes::from(bytes))
}
