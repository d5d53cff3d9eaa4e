//! `GET /api/v3/samples/{beamline}/`: the project's samples that can be mounted there.

use super::{ProjectHeader, ProjectParameter};
use crate::auth::signed_in::{Purpose, SignedIn};
use crate::auth::AppData;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::{BeamlineParameter, SampleListHeaders};
use crate::openapi::responses::SignedInErrors;
use crate::routes::{beamline, samples};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::inventory::listing::ListedSample;

/// The project's samples that can be mounted
///
/// As in version 2.
#[utoipa::path(
    get,
    path = "/api/v3/samples/{beamline}",
    tag = "version 3",
    params(BeamlineParameter, ProjectParameter, ProjectHeader, SampleListHeaders),
    security(("access token" = []), ("authorization" = [])),
    responses(
        (status = 200, description = "The samples.", body = Vec<ListedSample<'static>>),
        (status = 304, description = "The list is the one that the client has."),
        SignedInErrors,
        (status = 404, description = "There is no such beamline or project.", body = ErrorBody),
    ),
)]
pub async fn get(
    request: HttpRequest,
    app: AppData,
    signed_in: SignedIn,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let acronym = path.into_inner();
    let id = beamline(signed_in.catalog(), &acronym)?;
    let acting = signed_in.acting(&app, None, id, Purpose::Use).await?;
    samples::list(&request, &app, &acting, &acronym).await
}
