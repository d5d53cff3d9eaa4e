//! `GET|POST /api/v2/accesslist/` (and `/access/accesslist/`): who may use the caller's host.

use crate::auth::AppData;
use crate::body::Body;
use crate::caller::KnownCaller;
use crate::error::ApiError;
use crate::wire::access;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::activity::Origin;

/// The users of the caller's list; none when there is no list for its address.
///
/// # Errors
/// 400 for a forwarded address that is none. Never an empty or partial list in place of an error.
pub async fn get(app: AppData, KnownCaller(caller): KnownCaller) -> HttpResponse {
    answer(app.access_lists.users_json(caller.0))
}

/// Keeps the history of connections, and answers as GET.
///
/// # Errors
/// 400 for a body that is no list; 503 when the history can't be kept.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    KnownCaller(caller): KnownCaller,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    // This route is unsigned: whoever has no list does not get to send anything.
    let Some((list, name)) = app.access_lists.find(caller.0) else {
        return Ok(answer(Bytes::from_static(b"[]")));
    };
    let bytes = body.read(access::MAX_BODY).await?;
    let entries = super::parsed(&request, bytes, access::parse).await?;
    let origin = Origin {
        who: name,
        address: Some(caller.0),
    };
    app.directory.post_connections(list, entries, origin).await?;
    Ok(answer(app.access_lists.users_json(caller.0)))
}

fn answer(users: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(users)
}
