//! `GET /api/admin/projects/{username}`, and `PUT` and `DELETE` of its key.

use super::{answer, form};
use crate::auth::{Admin, AppData};
use crate::body::Body;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::responses::{BodyErrors, RecordErrors};
use crate::routes::Empty;
use crate::views::projects::{self, ProjectRow};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::activity::Origin;
use beamlive_actors::facility::KeySetting;
use serde::Deserialize;
use utoipa::ToSchema;

/// A public key to set.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = KeySetting)]
struct KeyBody {
    /// Its OpenSSH line.
    #[schema(example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… alice@BM")]
    key: Option<String>,
    /// The same, by the name that clients use when they register a key.
    public: Option<String>,
}

/// An account, without secrets
#[utoipa::path(
    get,
    path = "/api/admin/projects/{username}",
    tag = "admin",
    params(("username" = String, Path, description = "The account.")),
    responses((status = 200, description = "The account.", body = ProjectRow), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    let (_, catalog) = answer::sources(&app).await?;
    match projects::find(&catalog, &path) {
        Some(row) => answer::one(&row),
        None => Err(answer::not_found("project", &path)),
    }
}

/// Set an account's key, in place of any other
#[utoipa::path(
    put,
    path = "/api/admin/projects/{username}/key",
    tag = "admin",
    params(("username" = String, Path, description = "The account.")),
    request_body(
        description = "The key.",
        content((KeyBody = "application/json"), (KeyBody = "application/x-www-form-urlencoded")),
    ),
    responses(
        (status = 200, description = "The account has this key.", body = Empty),
        (status = 400, description = "The key is missing or can't be used.", body = ErrorBody),
        RecordErrors,
        BodyErrors,
    ),
    security(("admin token" = [])),
)]
pub async fn put_key(
    request: HttpRequest,
    app: AppData,
    admin: Admin,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let KeyBody { key, public } = form::read(&request, body).await?;
    let missing = || ApiError::field("key", "is missing: send the OpenSSH line of the public key");
    let line = key.or(public).ok_or_else(missing)?;
    set(&app, path.into_inner(), Some(line), admin.origin).await
}

/// Reset an account's key: the next one to register a key has the account
#[utoipa::path(
    delete,
    path = "/api/admin/projects/{username}/key",
    tag = "admin",
    params(("username" = String, Path, description = "The account.")),
    responses((status = 200, description = "The account has no key.", body = Empty), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn delete_key(app: AppData, admin: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    set(&app, path.into_inner(), None, admin.origin).await
}

async fn set(
    app: &AppData,
    username: String,
    line: Option<String>,
    origin: Origin,
) -> Result<HttpResponse, ApiError> {
    match app.directory.set_key(username.clone(), line, origin).await? {
        KeySetting::Done => answer::one(&Empty {}),
        KeySetting::UnknownUser => Err(answer::not_found("project", &username)),
        KeySetting::BadKey(why) => Err(ApiError::field("key", why)),
    }
}
