//! `POST /api/v2/{token}/launch/{beamline}/{session}/`: takes the beamline for a session.

use super::{beamline, session_name};
use crate::auth::{Acting, AppData, TokenSegment, Verified};
use crate::connection::base_url;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::BeamlineParameter;
use crate::openapi::responses::SignedErrors;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::beamline::LaunchSession;
use beamlive_actors::duration;
use beamlive_storage::Timestamp;
use chrono::SecondsFormat;
use serde::Serialize;
use utoipa::ToSchema;

/// A launched session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LaunchedSession)]
pub(super) struct Launched<'a> {
    /// Its name.
    #[schema(example = "visit-1")]
    session: &'a str,
    /// Its total time over all stretches.
    #[schema(example = "2 hours 5 mins")]
    duration: String,
    /// A page where its user leaves feedback.
    #[schema(
        format = "uri",
        example = "https://beamlive.example.org/survey/5d41402abc4b2a76b9719d911017c592ae27be1f/"
    )]
    survey: String,
    /// When its scheduled time ends; null when scheduling is off or the beamline is taken.
    #[schema(format = DateTime)]
    end_time: Option<String>,
}

/// Take the beamline for a session
///
/// Ends every open stretch of other sessions on the beamline. A session of the same name that was
/// active within the last 7 days is joined; otherwise a new one begins.
#[utoipa::path(
    post,
    path = "/api/v2/{token}/launch/{beamline}/{session}",
    tag = "beamlines",
    params(
        TokenSegment,
        BeamlineParameter,
        ("session" = String, Path, description = "The session's name: 1 to 100 letters, digits, `_` or `-`."),
    ),
    responses(
        (status = 200, description = "The session has the beamline.", body = Launched<'static>),
        SignedErrors,
        (
            status = 404,
            description = "There is no such beamline, or the session's name is not valid.",
            body = ErrorBody
        ),
    ),
)]
pub async fn post(
    request: HttpRequest,
    app: AppData,
    verified: Verified,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (_, acronym, name) = path.into_inner();
    launch(&request, &app, verified.0, &acronym, &name, |_| None).await
}

/// Takes the beamline for a session. `unscheduled` says when its time ends if no schedule does.
pub(super) async fn launch(
    request: &HttpRequest,
    app: &AppData,
    acting: Acting,
    acronym: &str,
    name: &str,
    unscheduled: impl FnOnce(Timestamp) -> Option<Timestamp>,
) -> Result<HttpResponse, ApiError> {
    let name = session_name(name)?;
    let beamline = beamline(&acting.catalog, acronym)?;
    let command = LaunchSession {
        project: acting.project,
        username: acting.username,
        name: name.into(),
        origin: acting.origin,
        reread: false,
    };
    let launched = app.directory.launch(beamline, command).await?;
    let now = app.directory.services().clock.now();
    let schedule = app.directory.schedule();
    let scheduled = schedule.and_then(|it| it.end_time(&acting.catalog, acting.project, beamline, now));
    let end_time = scheduled.or_else(|| unscheduled(now));
    Ok(HttpResponse::Ok().json(Launched {
        session: name,
        duration: duration::humanize(launched.total_micros),
        survey: format!(
            "{}/survey/{}/",
            base_url(request, app.settings.public_url.as_deref()),
            launched.survey.to_hex()
        ),
        end_time: end_time.map(|end| end.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, false)),
    }))
}
