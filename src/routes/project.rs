//! `POST /api/v2/{token}/project/`: registers the key of an account that has none.

use super::{form, Empty};
use crate::auth::{refused, AppData, Claimed, TokenSegment};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::metrics::counters::Refused;
use crate::openapi::responses::{BodyErrors, SignedErrors};
use actix_web::web::Json;
use actix_web::{HttpRequest, Responder};
use beamlive_actors::activity::Origin;
use beamlive_actors::facility::Registration;
use beamlive_actors::key::PublicKey;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Longest form.
const MAX_FORM: usize = 64 * 1024;

/// A public key to register.
#[derive(Debug, Deserialize, ToSchema)]
struct KeyForm {
    /// Its OpenSSH line: `ssh-ed25519`, `ssh-dss`, `ssh-rsa` or `ecdsa-sha2-nistp256` or `…384`.
    #[schema(example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… alice@BM")]
    public: String,
}

/// Register the key of an account that has none
///
/// The token must verify with the key in the body. The same key again is a success, so a client
/// that lost the answer can send the request again.
#[utoipa::path(
    post,
    path = "/api/v2/{token}/project",
    tag = "beamlines",
    params(TokenSegment),
    request_body(
        description = "The key.",
        content = KeyForm,
        content_type = "application/x-www-form-urlencoded"
    ),
    responses(
        (status = 200, description = "The account has this key.", body = Empty),
        SignedErrors,
        (
            status = 400,
            description = "The key can't be read, or is of a type or size that is refused.",
            body = ErrorBody
        ),
        (status = 403, description = "Keys can't be registered from this address.", body = ErrorBody),
        (status = 409, description = "Another key is registered.", body = ErrorBody),
        BodyErrors,
    ),
)]
pub async fn post(
    request: HttpRequest,
    app: AppData,
    caller: Caller,
    body: Body,
) -> Result<impl Responder, ApiError> {
    let claimed = Claimed::read(&request, &app)?;
    if !app.settings.registration.allow_from.is_empty() {
        // Registration depends on the address, so it must be the client's, not the proxy's.
        Caller::of(&request, &app.settings.trusted_proxy)?;
    }
    if !app.settings.registration.allows(caller.0) {
        let username = claimed.username();
        tracing::warn!(username, address = %caller.0, "key registration refused: not open to this address");
        return Err(ApiError::Forbidden(
            "keys can't be registered from here: ask the facility's staff to register yours".to_owned(),
        ));
    }
    let body = body.read(MAX_FORM).await?;
    let KeyForm { public: line } = form(&body).ok_or_else(|| {
        ApiError::field(
            "public",
            "is missing: send the OpenSSH line of the public key as a form field",
        )
    })?;
    let key = app
        .verification
        .run(caller.0, move || PublicKey::parse(&line))
        .await?;
    let key = Arc::new(key.map_err(|error| ApiError::field("public", error.to_string()))?);
    let (username, signed_at) = (claimed.username().to_owned(), claimed.signed_at());
    claimed.verify(Some(key.clone()), caller, &app).await?;
    let origin = Origin {
        who: username.clone(),
        address: Some(caller.0),
    };
    match app.directory.register_key(username.clone(), key, origin).await? {
        Registration::Registered | Registration::SameKey => Ok(Json(Empty {})),
        Registration::AnotherKey => Err(ApiError::AnotherKey),
        Registration::UnknownUser => Err(refused(
            &app,
            &username,
            signed_at,
            Refused::UnknownUser,
            "there is no such account",
        )),
    }
}
