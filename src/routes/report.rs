//! `POST /api/v2/{token}/report/{beamline}/`: uploads an analysis report.

use super::{beamline, Id};
use crate::auth::{AppData, TokenSegment, Verified};
use crate::body::Body;
use crate::error::ApiError;
use crate::idempotency;
use crate::openapi::parameters::{BeamlineParameter, IdempotencyKey};
use crate::openapi::responses::{BodyErrors, SignedErrors, UploadErrors};
use crate::wire::report;
use crate::wire::shapes::ReportFields;
use actix_web::web::{Json, Path};
use actix_web::{HttpRequest, Responder};
use beamlive_actors::session::once::Once;
use std::sync::Arc;

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
    let beamline = beamline(&verified.catalog, &acronym)?;
    let bytes = body.read(app.settings.limits.body_bytes).await?;
    let key = idempotency::key(&request)?;
    let read = move |bytes: &[u8]| {
        let mut upload = report::parse(bytes).map_err(ApiError::fields)?;
        upload.once = key.map(|key| Once::new(key.as_bytes(), &acronym, bytes));
        Ok(upload)
    };
    let upload = super::parsed(&request, bytes, read).await?;
    let id = app
        .directory
        .add_report(beamline, verified.project, Arc::new(upload), verified.origin)
        .await?;
    Ok(Json(Id { id }))
}
