//! `POST /api/v3/session/{beamline}/{session}/start/` and `…/close/`: takes the beamline for a
//! session, and gives it up.

use super::{ProjectHeader, ProjectParameter};
use crate::auth::signed_in::{Purpose, SignedIn};
use crate::auth::AppData;
use crate::body::Body;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::BeamlineParameter;
use crate::openapi::responses::{BodyErrors, SignedInErrors};
use crate::routes::{beamline, close as closing, form, launch};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::schedule::UNSCHEDULED;
use serde::Deserialize;

/// Longest form, in bytes.
const MAX_FORM: usize = 16 * 1024;

/// What a form may say.
#[derive(Debug, Default, Deserialize)]
struct ProjectForm {
    project: Option<String>,
}

/// Take the beamline for a session
///
/// As `launch` of version 2. A person can't start a session at a beamline that is not active. At a
/// simulated beamline, time without beamtime is two hours.
#[utoipa::path(
    post,
    path = "/api/v3/session/{beamline}/{session}/start",
    tag = "version 3",
    params(
        BeamlineParameter,
        ("session" = String, Path, description = "The session's name: 1 to 100 letters, digits, `_` or `-`."),
        ProjectParameter, ProjectHeader,
    ),
    security(("access token" = []), ("authorization" = [])),
    responses(
        (status = 200, description = "The session has the beamline.", body = launch::Launched<'static>),
        SignedInErrors,
        (status = 404, description = "There is no such beamline or project.", body = ErrorBody),
        BodyErrors,
    ),
)]
pub async fn start(
    request: HttpRequest,
    app: AppData,
    signed_in: SignedIn,
    path: Path<(String, String)>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let (acronym, name) = path.into_inner();
    let id = beamline(signed_in.catalog(), &acronym)?;
    let known = signed_in.catalog().beamlines.get(id.0);
    let inactive = known.is_some_and(|it| !it.record.active);
    let simulated = known.is_some_and(|it| it.record.simulated);
    if inactive && signed_in.is_person() {
        return Err(ApiError::Forbidden(format!(
            "{acronym} is not active: sessions can't be started there"
        )));
    }
    let project = in_form(body).await?;
    let acting = signed_in.acting(&app, project, id, Purpose::Start).await?;
    launch::launch(&request, &app, acting, &acronym, &name, |now| {
        simulated.then(|| now.plus(UNSCHEDULED))
    })
    .await
}

/// Give up the beamline
///
/// As `close` of version 2.
#[utoipa::path(
    post,
    path = "/api/v3/session/{beamline}/{session}/close",
    tag = "version 3",
    params(
        BeamlineParameter,
        ("session" = String, Path, description = "The session's name."),
        ProjectParameter, ProjectHeader,
    ),
    security(("access token" = []), ("authorization" = [])),
    responses(
        (
            status = 200,
            description = "The session does not have the beamline any more.",
            body = closing::Closed<'static>
        ),
        SignedInErrors,
        (
            status = 404,
            description = "There is no such beamline or project, or it never started this session there.",
            body = ErrorBody
        ),
        BodyErrors,
    ),
)]
pub async fn close(
    app: AppData,
    signed_in: SignedIn,
    path: Path<(String, String)>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let (acronym, name) = path.into_inner();
    let id = beamline(signed_in.catalog(), &acronym)?;
    let project = in_form(body).await?;
    let acting = signed_in.acting(&app, project, id, Purpose::Close(&name)).await?;
    closing::close(&app, acting, &acronym, &name).await
}

async fn in_form(body: Body) -> Result<Option<String>, ApiError> {
    let bytes = body.read(MAX_FORM).await?;
    Ok(form::<ProjectForm>(&bytes).unwrap_or_default().project)
}
