//! `GET /api/v2/keys/{username}` (and `/access/keys/{username}`): login keys, as sshd asks for them.

use crate::auth::AppData;
use crate::caller::KnownCaller;
use crate::error::ApiError;
use actix_web::web::Path;
use actix_web::{HttpResponse, Responder};

/// One key per line, if the caller's host is on a list and the user is on that; otherwise nothing.
///
/// # Errors
/// 400 for a forwarded address that is none.
pub async fn get(
    app: AppData,
    KnownCaller(caller): KnownCaller,
    username: Path<String>,
) -> Result<impl Responder, ApiError> {
    let username = username.into_inner();
    let catalog = app.directory.services().catalog.load_full();
    let mut text = String::new();
    if app.access_lists.users(caller.0).contains(&username) {
        for key in catalog
            .project(&username)
            .map(|(_, project)| &project.ssh_keys)
            .into_iter()
            .flatten()
        {
            text.push_str(key);
            text.push('\n');
        }
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(text))
}
