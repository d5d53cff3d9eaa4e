//! `GET /api/v3/auth/oidc/` and `…/callback/`: a person signs in at an issuer of OpenID Connect, in
//! a browser.

use super::auth::{AuthError, TokenPair};
use crate::app::AppData;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::responses::{BusyErrors, RefusedToken};
use crate::sign_in::oidc::{Oidc, Returned, PATIENCE};
use actix_web::cookie::{time, Cookie, SameSite};
use actix_web::http::header::{CacheControl, CacheDirective, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::{IntoParams, IntoResponses};

/// The cookie of a sign-in that has begun.
const COOKIE: &str = "beamlive_oidc";

/// What the issuer sends back.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReturnedParameters {
    /// What was sent to the issuer.
    pub state: String,
    /// The code for this sign-in.
    #[param(required = false)]
    pub code: String,
    /// Why there is none.
    #[param(required = false, example = "access_denied")]
    pub error: String,
}

/// Responses of the callback.
#[derive(Debug, IntoResponses)]
pub enum CallbackErrors {
    /// This browser has not begun this sign-in, or not in the last ten minutes.
    #[response(status = 400)]
    NotBegun(RefusedToken),
    /// The issuer refuses, its ID token is not good, or it names no active person.
    #[response(status = 401)]
    Refused(RefusedToken),
    /// OpenID Connect is not configured.
    #[response(status = 404)]
    Off(ErrorBody),
}

/// Begin to sign in with OpenID Connect
///
/// For a person in a browser. It is sent to the facility's issuer, which sends it back to the
/// callback. The cookie is good for ten minutes.
#[utoipa::path(
    get,
    path = "/api/v3/auth/oidc",
    tag = "version 3",
    responses(
        (
            status = 303,
            description = "Go to the issuer.",
            headers(
                ("Location" = String, description = "The issuer's page."),
                ("Set-Cookie" = String, description = "The sign-in, signed.")
            )
        ),
        (status = 404, description = "OpenID Connect is not configured.", body = ErrorBody),
        BusyErrors
    ),
)]
pub async fn begin(app: AppData) -> Result<HttpResponse, AuthError> {
    let oidc = configured(&app)?;
    let begun = oidc.begin().await?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, begun.url))
        .insert_header(CacheControl(vec![CacheDirective::NoStore]))
        .cookie(cookie(oidc, begun.cookie, time::Duration::seconds(PATIENCE)))
        .finish())
}

/// Finish signing in with OpenID Connect
///
/// The issuer sends the browser here. The answer is the same as that of `POST /api/v3/auth/`.
#[utoipa::path(
    get,
    path = "/api/v3/auth/oidc/callback",
    tag = "version 3",
    params(ReturnedParameters),
    responses((status = 200, description = "Two tokens.", body = TokenPair), CallbackErrors, BusyErrors),
)]
pub async fn callback(request: HttpRequest, app: AppData, caller: Caller) -> Result<HttpResponse, AuthError> {
    let oidc = configured(&app)?;
    // A parameter that is there twice is refused as if it were missing.
    let returned: Returned = serde_urlencoded::from_str(request.query_string()).unwrap_or_default();
    let kept = request.cookie(COOKIE);
    let username = oidc.finish(returned, kept.as_ref().map(Cookie::value)).await?;
    let pair = app.accounts.sign_in_person(&username, caller.0).await?;
    Ok(HttpResponse::Ok()
        .insert_header(CacheControl(vec![CacheDirective::NoStore]))
        .cookie(cookie(oidc, String::new(), time::Duration::ZERO))
        .json(pair))
}

fn configured(app: &AppData) -> Result<&Oidc, ApiError> {
    app.oidc.as_ref().ok_or_else(|| {
        ApiError::NotFound(
            "OpenID Connect is not configured here: sign in with POST /api/v3/auth/".to_owned(),
        )
    })
}

/// A cookie for the callback alone.
fn cookie(oidc: &Oidc, value: String, age: time::Duration) -> Cookie<'static> {
    let callback = oidc.redirect_url();
    Cookie::build(COOKIE, value)
        .path(callback.path().to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(callback.scheme() == "https")
        .max_age(age)
        .finish()
}
