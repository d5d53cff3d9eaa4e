//! What the routes of datasets and reports have in common.

use super::{beamline, parsed, Id};
use crate::auth::{Acting, AppData};
use crate::body::Body;
use crate::error::ApiError;
use crate::idempotency;
use actix_web::web::Json;
use actix_web::HttpRequest;
use beamlive_actors::session::commands::RecordUpload;
use beamlive_actors::session::idempotency::IdempotencyKey;
use beamlive_actors::session::Upload;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads a body with `parse` and records it. The id is answered once it is durable.
///
/// # Errors
/// 400 naming every wrong field, 404 for an unknown beamline, 413 for a body that is too long, 422
/// for an `Idempotency-Key` of another upload.
pub(super) async fn record<U: Upload>(
    request: &HttpRequest,
    app: &AppData,
    acting: Acting,
    acronym: String,
    body: Body,
    parse: impl FnOnce(&[u8]) -> Result<U, BTreeMap<String, String>> + Send + 'static,
) -> Result<Json<Id>, ApiError> {
    let beamline = beamline(&acting.catalog, &acronym)?;
    let bytes = body.read(app.settings.limits.body_bytes).await?;
    let key = idempotency::key(request)?;
    let read = move |bytes: &[u8]| {
        let upload = parse(bytes).map_err(ApiError::fields)?;
        let key = key.map(|key| IdempotencyKey::new(key.as_bytes(), &acronym, bytes));
        Ok((upload, key))
    };
    let (upload, key) = parsed(request, bytes, read).await?;
    let command = RecordUpload::new(acting.project, Arc::new(upload), key, acting.origin);
    let id = app.directory.upload(beamline, command).await?;
    Ok(Json(Id { id }))
}
