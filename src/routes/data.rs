//! `POST /api/v2/{token}/data/{beamline}/`: uploads a dataset.

use super::upload;
use crate::auth::{AppData, Verified};
use crate::body::Body;
use crate::error::ApiError;
use crate::wire::dataset;
use actix_web::web::Path;
use actix_web::{HttpRequest, Responder};

/// Records the dataset. Its id is answered once it is durable.
///
/// # Errors
/// 400 naming every wrong field, 404 for an unknown beamline, 413 for a body that is too long, 422
/// for an `Idempotency-Key` of another upload.
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
