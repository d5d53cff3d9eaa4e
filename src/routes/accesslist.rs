//! `GET|POST /api/v2/accesslist/` (and `/access/accesslist/`): who may use the caller's host.

use crate::auth::AppData;
use crate::body::Body;
use crate::caller::KnownCaller;
use crate::error::{ApiError, ErrorBody};
use crate::events::Kind;
use crate::openapi::responses::{BodyErrors, BusyErrors, HostErrors};
use crate::wire::access;
use crate::wire::shapes::ConnectionReport;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::activity::Origin;

/// Who may use the caller's host now
///
/// The users of the access list that has the caller's address; none when no list has it. The list
/// is always whole: what prevents that is answered with 503.
#[utoipa::path(
    get,
    path = "/api/v2/accesslist",
    tag = "remote access",
    responses(
        (
            status = 200,
            description = "Usernames, sorted.",
            body = Vec<String>,
            example = json!(["alice", "bob"])
        ),
        HostErrors,
    ),
)]
pub async fn get(app: AppData, KnownCaller(caller): KnownCaller) -> Result<HttpResponse, ApiError> {
    Ok(answer(app.access_lists.users_json(caller.0).await?))
}

/// Report connections; who may use the host now
///
/// Stores the history of each connection. Posting the same again changes nothing. A bad entry is
/// skipped and logged, the rest is stored. The answer is that of GET.
#[utoipa::path(
    post,
    path = "/api/v2/accesslist",
    tag = "remote access",
    request_body(
        description = "The connections.",
        content(
            (Vec<ConnectionReport> = "application/msgpack"),
            (Vec<ConnectionReport> = "application/json")
        ),
    ),
    responses(
        (
            status = 200,
            description = "Usernames, sorted.",
            body = Vec<String>,
            example = json!(["alice", "bob"])
        ),
        (
            status = 400,
            description = "The body is no list, or a trusted proxy forwards something that is no address.",
            body = ErrorBody
        ),
        BodyErrors,
        BusyErrors,
    ),
)]
pub async fn post(
    request: HttpRequest,
    app: AppData,
    KnownCaller(caller): KnownCaller,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    // This route is not signed: the body is only read from callers that have a list.
    let Some((list, name)) = app.access_lists.find(caller.0).await? else {
        return Ok(answer(Bytes::from_static(b"[]")));
    };
    let bytes = body.read(access::MAX_BODY).await?;
    let entries = super::parsed(&request, bytes, access::parse).await?;
    let origin = Origin {
        who: name,
        address: Some(caller.0),
    };
    app.directory.post_connections(list, entries, origin).await?;
    app.events
        .announce(Kind::Connection, app.directory.services().clock.now());
    Ok(answer(app.access_lists.users_json(caller.0).await?))
}

fn answer(users: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(users)
}
