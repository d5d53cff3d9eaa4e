//! `POST /download/data/create/`: creates a key for a directory.

use crate::auth::AppData;
use crate::body::Body;
use crate::caller::{self, KnownCaller};
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::SecretHeader;
use crate::openapi::responses::{BodyErrors, BusyErrors};
use crate::proxy::builtin::{self, CreateError, DirectoryKey, DirectoryPath};
use actix_web::{HttpRequest, HttpResponse};

/// Longest body: a path of 4,096 percent-encoded bytes, and some reserve.
const MAX_BODY: usize = 16 * 1024;

/// A new key of a directory, from the built-in Data Proxy
#[utoipa::path(
    post,
    path = "/download/data/create",
    tag = "data proxy",
    params(SecretHeader),
    request_body(
        description = "The directory.",
        content((DirectoryPath = "application/x-www-form-urlencoded"), (DirectoryPath = "application/json")),
    ),
    responses(
        (status = 200, description = "Its key.", body = DirectoryKey),
        (status = 400, description = "The path is missing or not a path.", body = ErrorBody),
        (
            status = 403,
            description = "The address has no permission, or the directory is in no users' root.",
            body = ErrorBody
        ),
        (status = 404, description = "An external Data Proxy is configured.", body = ErrorBody),
        BodyErrors,
        BusyErrors,
    ),
)]
pub async fn post(
    request: HttpRequest,
    app: AppData,
    KnownCaller(caller): KnownCaller,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let Some(proxy) = &app.builtin_proxy else {
        return Err(super::request::not_served());
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
