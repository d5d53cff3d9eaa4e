//! `POST /api/v2/{token}/report/{beamline}/`: uploads an analysis report.

use super::{beamline, Id};
use crate::auth::{AppData, Verified};
use crate::body::Body;
use crate::error::ApiError;
use crate::idempotency;
use crate::wire::report;
use actix_web::web::{Json, Path};
use actix_web::{HttpRequest, Responder};
use beamlive_actors::session::once::Once;
use std::sync::Arc;

/// Records the report. Its id is answered once it is durable.
///
/// # Errors
/// 400 naming every wrong field, 404 for an unknown beamline, 413 for a body that is too long, 422 for an
/// `Idempotency-Key` of another upload.
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
