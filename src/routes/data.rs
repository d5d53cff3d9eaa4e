//! `POST /api/v2/{token}/data/{beamline}/`: uploads a dataset.

use super::{upload, Id};
use crate::auth::{Acting, AppData, TokenSegment, Verified};
use crate::body::Body;
use crate::error::ApiError;
use crate::openapi::parameters::{BeamlineParameter, IdempotencyKey};
use crate::openapi::responses::{BodyErrors, SignedErrors, UploadErrors};
use crate::wire::dataset;
use crate::wire::shapes::DatasetFields;
use actix_web::web::{Json, Path};
use actix_web::{HttpRequest, Responder};

/// Upload a dataset
///
/// A body without a `Content-Type` is MessagePack. Answered once the dataset is durable, and with
/// it the request to the Data Proxy for its directory. The dataset belongs to the beamline's open
/// session if that is the project's.
#[utoipa::path(
    post,
    path = "/api/v2/{token}/data/{beamline}",
    tag = "beamlines",
    params(TokenSegment, BeamlineParameter, IdempotencyKey),
    request_body(
        description = "The dataset.",
        content((DatasetFields = "application/msgpack"), (DatasetFields = "application/json")),
    ),
    responses(
        (status = 200, description = "The dataset is stored.", body = Id),
        SignedErrors,
        UploadErrors,
        BodyErrors,
    ),
)]
pub async fn post(
    request: HttpRequest,
    app: AppData,
    verified: Verified,
    path: Path<(String, String)>,
    body: Body,
) -> Result<impl Responder, ApiError> {
    let (_, acronym) = path.into_inner();
    upload(&request, &app, verified.0, acronym, body).await
}

/// Records a dataset.
pub(super) async fn upload(
    request: &HttpRequest,
    app: &AppData,
    acting: Acting,
    acronym: String,
    body: Body,
) -> Result<Json<Id>, ApiError> {
    let (catalog, zone) = (acting.catalog.clone(), app.settings.timezone);
    let parse = move |bytes: &[u8]| dataset::parse(bytes, &catalog, zone);
    upload::record(request, app, acting, acronym, body, parse).await
}
