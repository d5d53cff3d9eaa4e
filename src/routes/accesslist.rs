//! `GET|POST /api/v2/accesslist/` (and `/access/accesslist/`): who may use the caller's host.

use crate::auth::AppData;
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::wire::access;
use actix_web::web::Json;
use actix_web::{HttpRequest, Responder};
use beamlive_actors::activity::Origin;

/// The users of the caller's list; none when there is no list for its address.
///
/// # Errors
/// 400 for a forwarded address that is none. Never an empty or partial list in place of an error.
pub async fn get(app: AppData, caller: Caller) -> Result<impl Responder, ApiError> {
    Ok(Json(app.users_for(caller)))
}

/// Keeps the history of connections, and answers as GET.
///
/// # Errors
/// 400 for a body that is no list; 503 when the history can't be kept.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    caller: Caller,
    body: Body,
) -> Result<impl Responder, ApiError> {
    // This route is unsigned: whoever has no list does not get to send anything.
    let Some((list, name)) = app.list_for(caller) else {
        return Ok(Json(Vec::new()));
    };
    let bytes = body.read(access::MAX_BODY).await?;
    let entries = super::parsed(&request, bytes, access::parse).await?;
    let origin = Origin {
        who: name,
        address: Some(caller.0),
    };
    app.directory.post_connections(list, entries, origin).await?;
    Ok(Json(app.users_for(caller)))
}
