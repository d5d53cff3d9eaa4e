//! `/api/admin/accounts/{username}/…`: passwords and tokens of projects and persons.

use super::{answer, form};
use crate::auth::{Admin, AppData};
use crate::body::Body;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::responses::{BodyErrors, RecordErrors};
use crate::routes::Empty;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::{SignInChange, SignInChanged};
use beamlive_actors::password::Password;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A password to set.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct PasswordBody {
    /// At least 10 characters.
    password: Option<String>,
}

/// A password that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadePassword {
    /// Tell it to its owner. It is not kept.
    #[schema(example = "k7f3-9wq2-hm4x-t8bd")]
    password: String,
}

/// Set an account's password
///
/// All its tokens end.
#[utoipa::path(
    put,
    path = "/api/admin/accounts/{username}/password",
    tag = "admin",
    params(("username" = String, Path, description = "A project or a person.")),
    request_body(
        description = "The password.",
        content((PasswordBody = "application/json"), (PasswordBody = "application/x-www-form-urlencoded")),
    ),
    responses(
        (status = 200, description = "The account has this password.", body = Empty),
        (status = 400, description = "The password is missing, too short or too long.", body = ErrorBody),
        RecordErrors,
        BodyErrors,
    ),
    security(("admin token" = [])),
)]
pub async fn put_password(
    request: HttpRequest,
    app: AppData,
    admin: Admin,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let PasswordBody { password } = form::read(&request, body).await?;
    let password = password.ok_or_else(|| ApiError::field("password", "is missing"))?;
    set(&app, admin, &path, password).await?;
    answer::one(&Empty {})
}

/// Make a new password for an account
///
/// All its tokens end.
#[utoipa::path(
    post,
    path = "/api/admin/accounts/{username}/password/reset",
    tag = "admin",
    params(("username" = String, Path, description = "A project or a person.")),
    responses((status = 200, description = "The new password.", body = MadePassword), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn reset_password(
    app: AppData,
    admin: Admin,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let password = made(&app);
    set(&app, admin, &path, password.clone()).await?;
    answer::one(&MadePassword { password })
}

/// Expire an account's password
///
/// It can't sign in before it has a new one. All its tokens end.
#[utoipa::path(
    post,
    path = "/api/admin/accounts/{username}/password/expire",
    tag = "admin",
    params(("username" = String, Path, description = "A project or a person.")),
    responses((status = 200, description = "The password has expired.", body = Empty), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn expire_password(
    app: AppData,
    admin: Admin,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    change(&app, admin, &path, SignInChange::Expire).await?;
    answer::one(&Empty {})
}

/// End all tokens of an account
///
/// Its clients have to sign in again.
#[utoipa::path(
    delete,
    path = "/api/admin/accounts/{username}/tokens",
    tag = "admin",
    params(("username" = String, Path, description = "A project or a person.")),
    responses((status = 200, description = "No token is valid any more.", body = Empty), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn end_tokens(app: AppData, admin: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    change(&app, admin, &path, SignInChange::EndTokens).await?;
    answer::one(&Empty {})
}

async fn set(app: &AppData, admin: Admin, username: &str, password: String) -> Result<(), ApiError> {
    let unfit = |error: &dyn std::fmt::Display| ApiError::field("password", error.to_string());
    let password = Password::new(password).map_err(|error| unfit(&error))?;
    password.fits_new(username).map_err(|error| unfit(&error))?;
    let address = admin
        .origin
        .address
        .unwrap_or(std::net::Ipv4Addr::LOCALHOST.into());
    let hash = app.accounts.hash(password, address).await?;
    change(app, admin, username, SignInChange::Set(hash)).await
}

async fn change(app: &AppData, admin: Admin, username: &str, change: SignInChange) -> Result<(), ApiError> {
    let changed = app
        .directory
        .change_sign_in(username.to_owned(), change, admin.origin);
    match changed.await? {
        SignInChanged::Changed | SignInChanged::Unchanged => Ok(()),
        SignInChanged::UnknownUser => Err(answer::not_found("account", username)),
    }
}

/// A password of 80 bits, in letters and digits that are not mistaken for each other.
fn made(app: &AppData) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let key = app.directory.services().keys.secure_key();
    let letters = key.0.iter().take(16).map(|byte| {
        let letter = LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'a');
        char::from(letter)
    });
    let letters: Vec<_> = letters.collect();
    let groups = letters.chunks(4).map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}
