//! `GET /api/v2/keys/{username}` (and `/access/keys/{username}`): login keys, as sshd asks for
//! them.

use crate::auth::AppData;
use crate::caller::KnownCaller;
use crate::error::ApiError;
use crate::openapi::responses::HostErrors;
use actix_web::web::Path;
use actix_web::{HttpResponse, Responder};

/// Login keys of an account, as sshd asks for them
///
/// Empty unless the caller's address has an access list and the user is on it.
#[utoipa::path(
    get,
    path = "/api/v2/keys/{username}",
    tag = "remote access",
    params(("username" = String, Path, description = "The account.")),
    responses(
        (
            status = 200,
            description = "OpenSSH lines, one per line.",
            body = String,
            content_type = "text/plain"
        ),
        HostErrors,
    ),
)]
pub async fn get(
    app: AppData,
    KnownCaller(caller): KnownCaller,
    username: Path<String>,
) -> Result<impl Responder, ApiError> {
    let username = username.into_inner();
    let catalog = app.directory.services().catalog.current().await?;
    let mut text = String::new();
    if app.access_lists.users(caller.0).await?.contains(&username) {
        let account = catalog.account(&username);
        for key in account.map_or(&[][..], |account| catalog.ssh_keys(account)) {
            text.push_str(key);
            text.push('\n');
        }
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(text))
}
