//! `/api/admin/accounts/{username}/…`: passwords and tokens of projects and persons.

use super::{answer, form};
use crate::auth::{Admin, AppData};
use crate::body::Body;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::responses::{BodyErrors, RecordErrors};
use crate::routes::Empty;
use crate::sign_in::passwords::NotChanged;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::SignInChange;
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
    /// Give it to the account's owner. The service keeps only its hash.
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
    let set = app.accounts.set_password(&path, password, admin.origin).await;
    set.map_err(|why| refused(why, &path))?;
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
    let made = app.accounts.reset_password(&path, admin.origin).await;
    let password = made.map_err(|why| refused(why, &path))?;
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

async fn change(app: &AppData, admin: Admin, username: &str, change: SignInChange) -> Result<(), ApiError> {
    let changed = app.accounts.change_sign_in(username, change, admin.origin).await;
    changed.map_err(|why| refused(why, username))
}

fn refused(why: NotChanged, username: &str) -> ApiError {
    match why {
        NotChanged::Unfit(why) => ApiError::field("password", why),
        NotChanged::UnknownUser => answer::not_found("account", username),
        NotChanged::Unavailable(error) => error.into(),
    }
}
