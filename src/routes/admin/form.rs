//! Bodies of the admin API: JSON, or an URL-encoded form.

use crate::body::{self, Body};
use crate::error::ApiError;
use crate::routes::form;
use crate::wire::bom::without_bom;
use actix_web::HttpRequest;
use serde::de::DeserializeOwned;

/// Longest body, in bytes: a key or a password.
const MAX_BODY: usize = 64 * 1024;

/// Reads a body. A body that is not a valid form has no fields.
pub(super) async fn read<T: DeserializeOwned + Default>(
    request: &HttpRequest,
    body: Body,
) -> Result<T, ApiError> {
    let body = body.read(MAX_BODY).await?;
    if body::is_json(request) {
        serde_json::from_slice(without_bom(&body)).map_err(|error| ApiError::field("body", error.to_string()))
    } else {
        Ok(form(&body).unwrap_or_default())
    }
}
