//! `GET /api/admin/projects/{username}`, and `PUT` and `DELETE` of its key.

use super::{answer, not_found, sources};
use crate::auth::{Admin, AppData};
use crate::body::{self, Body};
use crate::error::ApiError;
use crate::views::projects;
use crate::wire::bom::without_bom;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::activity::Origin;
use beamlive_actors::facility::KeySetting;
use serde::Deserialize;
use serde_json::json;

/// Longest body with a key.
const MAX_BODY: usize = 64 * 1024;

#[derive(Debug, Deserialize)]
struct KeyBody {
    key: Option<String>,
}

/// The account, without secrets.
///
/// # Errors
/// 401, 404.
pub(super) async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    let (_, catalog) = sources(&app);
    match projects::find(&catalog, &path) {
        Some(row) => answer::one(&row),
        None => Err(not_found("project", &*path)),
    }
}

/// Sets the account's key, whatever it was.
///
/// # Errors
/// 400 for a key that can't be used, 401, 404, 408, 413, 503.
pub(super) async fn put_key(
    request: HttpRequest,
    app: AppData,
    admin: Admin,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let body = body.read(MAX_BODY).await?;
    let line = if body::is_json(&request) {
        from_json(&body)?
    } else {
        from_form(&body)
    };
    let line =
        line.ok_or_else(|| ApiError::field("key", "is missing: send the OpenSSH line of the public key"))?;
    set(&app, path.into_inner(), Some(line), admin.origin).await
}

/// Resets the account's key: whoever registers one next has the account.
///
/// # Errors
/// 401, 404, 503.
pub(super) async fn delete_key(
    app: AppData,
    admin: Admin,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    set(&app, path.into_inner(), None, admin.origin).await
}

async fn set(
    app: &AppData,
    username: String,
    line: Option<String>,
    origin: Origin,
) -> Result<HttpResponse, ApiError> {
    match app.directory.set_key(username.clone(), line, origin).await? {
        KeySetting::Done => answer::one(&json!({})),
        KeySetting::UnknownUser => Err(not_found("project", username)),
        KeySetting::BadKey(why) => Err(ApiError::field("key", why)),
    }
}

fn from_json(body: &[u8]) -> Result<Option<String>, ApiError> {
    let body: KeyBody = serde_json::from_slice(without_bom(body))
        .map_err(|error| ApiError::field("body", error.to_string()))?;
    Ok(body.key)
}

/// The field of a form; `public` is what clients call it when they register a key.
fn from_form(body: &[u8]) -> Option<String> {
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    fields
        .into_iter()
        .find_map(|(name, value)| matches!(name.as_str(), "key" | "public").then_some(value))
}
