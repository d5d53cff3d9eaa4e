//! `POST /download/data/create/`: the built-in Data Proxy makes a key for a directory.

use crate::auth::AppData;
use crate::body::Body;
use crate::caller::{self, KnownCaller};
use crate::error::ApiError;
use crate::proxy::builtin::{self, CreateError};
use actix_web::{HttpRequest, HttpResponse};

/// Longest body: a path of 4,096 bytes, each percent-encoded, and some room.
const MAX_BODY: usize = 16 * 1024;

/// Answers `{"key": …}` to whom the configuration admits.
///
/// # Errors
/// 403 for others, and for a directory that is in no users' root; 404 when an external Data Proxy is configured.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    KnownCaller(caller): KnownCaller,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let Some(proxy) = &app.builtin_proxy else {
        return Err(super::off());
    };
    let body = body.read(MAX_BODY).await?;
    builtin::create(
        proxy,
        caller::certain(&request, caller, &app.settings.trusted_proxy),
        &request,
        &body,
    )
    .await
    .map_err(|error| match error {
        CreateError::NotAdmitted | CreateError::Outside(_) => ApiError::Forbidden(error.to_string()),
        CreateError::NoPath => ApiError::field("path", error.to_string()),
        CreateError::Unavailable(error) => ApiError::Unavailable(error),
    })
}
