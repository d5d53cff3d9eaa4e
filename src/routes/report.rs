//! `POST /api/v2/{token}/report/{beamline}/`: uploads an analysis report.

use super::{upload, Id};
use crate::auth::{Acting, AppData, TokenSegment, Verified};
use crate::body::Body;
use crate::error::ApiError;
use crate::openapi::parameters::{BeamlineParameter, IdempotencyKey};
use crate::openapi::responses::{BodyErrors, SignedErrors, UploadErrors};
use crate::wire::report;
use crate::wire::shapes::ReportFields;
use actix_web::web::{Json, Path};
use actix_web::{HttpRequest, Responder};

/// Upload an analysis report
///
/// A body without a `Content-Type` is MessagePack. Answered once the report is durable.
#[utoipa::path(
    post,
    path = "/api/v2/{token}/report/{beamline}",
    tag = "beamlines",
    params(TokenSegment, BeamlineParameter, IdempotencyKey),
    request_body(
        description = "The report.",
        content((ReportFields = "application/msgpack"), (ReportFields = "application/json")),
    ),
    responses(
        (status = 200, description = "The report is stored.", body = Id),
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

/// Records a report.
pub(super) async fn upload(
    request: &HttpRequest,
    app: &AppData,
    acting: Acting,
    acronym: String,
    body: Body,
) -> Result<Json<Id>, ApiError> {
    upload::record(request, app, acting, acronym, body, report::parse).await
}
