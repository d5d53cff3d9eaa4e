//! The handlers, one file per endpoint, and what they share. `router.rs` has the URL table.

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
pub mod v3;

use crate::blocking;
use crate::error::ApiError;
use crate::wire::json;
use crate::wire::msgpack::MAX_DEPTH;
use actix_web::web::Bytes;
use actix_web::HttpRequest;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::BeamlineId;
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::Map;
use utoipa::ToSchema;

/// Longest session name.
const MAX_SESSION_NAME: usize = 100;
/// A longer body, in bytes, is parsed on a pool, so that other requests of the thread do not wait.
const LARGE: usize = 256 * 1024;

/// The answer to an upload.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadedId)]
pub struct Id {
    /// The record's id, to be sent with the next upload of the same.
    #[schema(example = 17)]
    pub id: u64,
}

/// An empty answer.
#[derive(Debug, Serialize, ToSchema)]
struct Empty {}

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

/// Reads an URL-encoded form. The first value of each field counts; unknown fields are ignored.
fn form<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let mut fields = Map::new();
    for (name, value) in serde_urlencoded::from_bytes::<Vec<(String, String)>>(bytes).ok()? {
        fields.entry(name).or_insert(value.into());
    }
    serde_json::from_value(fields.into()).ok()
}

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
    blocking::run("body reader", work).await?
}

/// Converts a JSON body to MessagePack.
fn to_msgpack(is_json: bool, body: Bytes) -> Result<Bytes, ApiError> {
    if !is_json {
        return Ok(body);
    }
    let bytes =
        json::to_msgpack(&body, MAX_DEPTH).map_err(|error| ApiError::field("body", error.to_string()))?;
    Ok(Bytes::from(bytes))
}
