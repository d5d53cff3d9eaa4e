//! `POST /api/v2/{token}/data/{beamline}/`: uploads a dataset.

use super::{upload, Id};
use crate::auth::{AppData, TokenSegment, Verified};
use crate::body::Body;
use crate::error::ApiError;
use crate::openapi::parameters::{BeamlineParameter, IdempotencyKey};
use crate::openapi::responses::{BodyErrors, SignedErrors, UploadErrors};
use crate::wire::dataset;
use crate::wire::shapes::DatasetFields;
use actix_web::web::Path;
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
    let (catalog, zone) = (verified.catalog.clone(), app.settings.timezone);
    let parse = move |bytes: &[u8]| dataset::parse(bytes, &catalog, zone);
    upload::record(&request, &app, verified, acronym, body, parse).await
}
