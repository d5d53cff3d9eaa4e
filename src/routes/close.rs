//! `POST /api/v2/{token}/close/{beamline}/{session}/`: gives up the beamline.

use super::{beamline, session_name};
use crate::auth::{AppData, Verified};
use crate::error::ApiError;
use actix_web::web::Path;
use actix_web::HttpResponse;
use beamlive_actors::beamline::CloseSession;
use beamlive_actors::duration;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Closed<'a> {
    session: &'a str,
    duration: String,
}

/// Ends the open stretch. Closing again changes nothing.
///
/// # Errors
/// 404 for an unknown beamline, an invalid session name, or a session that this project never
/// launched there.
pub async fn post(
    app: AppData,
    verified: Verified,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (_, acronym, name) = path.into_inner();
    let name = session_name(&name)?;
    let beamline = beamline(&verified.catalog, &acronym)?;
    let command = CloseSession {
        project: verified.project,
        name: name.into(),
        origin: verified.origin,
        reread: false,
    };
    match app.directory.close(beamline, command).await? {
        Some(micros) => Ok(HttpResponse::Ok().json(Closed {
            session: name,
            duration: duration::humanize(micros),
        })),
        None => Err(ApiError::NotFound(format!(
            "{} never launched a session {name} at {acronym}",
            verified.username
        ))),
    }
}
