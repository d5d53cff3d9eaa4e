//! `POST /api/v2/{token}/close/{beamline}/{session}/`: gives up the beamline.

use super::{beamline, session_name};
use crate::auth::{Acting, AppData, TokenSegment, Verified};
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::BeamlineParameter;
use crate::openapi::responses::SignedErrors;
use actix_web::web::Path;
use actix_web::HttpResponse;
use beamlive_actors::beamline::CloseSession;
use beamlive_actors::duration;
use serde::Serialize;
use utoipa::ToSchema;

/// A closed session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClosedSession)]
pub(super) struct Closed<'a> {
    /// Its name.
    #[schema(example = "visit-1")]
    session: &'a str,
    /// How long its newest stretch was.
    #[schema(example = "25 mins")]
    duration: String,
}

/// Give up the beamline
///
/// Ends the open stretch. Closing again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v2/{token}/close/{beamline}/{session}",
    tag = "beamlines",
    params(TokenSegment, BeamlineParameter, ("session" = String, Path, description = "The session's name.")),
    responses(
        (
            status = 200,
            description = "The session does not have the beamline any more.",
            body = Closed<'static>
        ),
        SignedErrors,
        (
            status = 404,
            description = "There is no such beamline, or the project never launched this session there.",
            body = ErrorBody
        ),
    ),
)]
pub async fn post(
    app: AppData,
    verified: Verified,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (_, acronym, name) = path.into_inner();
    close(&app, verified.0, &acronym, &name).await
}

/// Gives up the beamline.
pub(super) async fn close(
    app: &AppData,
    acting: Acting,
    acronym: &str,
    name: &str,
) -> Result<HttpResponse, ApiError> {
    let name = session_name(name)?;
    let beamline = beamline(&acting.catalog, acronym)?;
    let command = CloseSession {
        project: acting.project,
        name: name.into(),
        origin: acting.origin,
        reread: false,
    };
    match app.directory.close(beamline, command).await? {
        Some(micros) => Ok(HttpResponse::Ok().json(Closed {
            session: name,
            duration: duration::humanize(micros),
        })),
        None => Err(ApiError::NotFound(format!(
            "{} never launched a session {name} at {acronym}",
            acting.username
        ))),
    }
}
