//! `POST /api/v2/{token}/project/`: registers the key of an account that has none.

use crate::auth::{refused, AppData, Claimed};
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::metrics::counters::Refused;
use actix_web::web::Json;
use actix_web::{HttpRequest, Responder};
use beamlive_actors::activity::Origin;
use beamlive_actors::facility::Registration;
use beamlive_actors::key::PublicKey;
use std::sync::Arc;

/// Longest form.
const MAX_FORM: usize = 64 * 1024;

/// The token must verify with the key in the form: whoever comes first, with the private half, wins.
///
/// # Errors
/// 400 for an unusable key, or for a forwarded address that is none where networks are chosen, 403 where registration is closed, 405 for an unknown user or a bad token, 409 when
/// another key is registered.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    caller: Caller,
    body: Body,
) -> Result<impl Responder, ApiError> {
    let claimed = Claimed::read(&request, &app)?;
    if !app.settings.registration.allow_from.is_empty() {
        // Who may register is chosen by address then: the proxy's own does not do.
        Caller::of(&request, &app.settings.trusted_proxy)?;
    }
    if !app.settings.registration.allows(caller.0) {
        let username = claimed.username();
        tracing::warn!(username, address = %caller.0, "key registration refused: not open to this address");
        return Err(ApiError::Forbidden(
            "keys can't be registered from here: ask the facility's staff to register yours".to_owned(),
        ));
    }
    let form = body.read(MAX_FORM).await?;
    let line = form_field(&form, "public").ok_or_else(|| {
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
        Registration::Registered | Registration::SameKey => Ok(Json(serde_json::json!({}))),
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

/// The first value of a field in an URL-encoded form.
fn form_field(form: &[u8], name: &str) -> Option<String> {
    serde_urlencoded::from_bytes::<Vec<(String, String)>>(form)
        .ok()?
        .into_iter()
        .find_map(|(field, value)| (field == name).then_some(value))
}
