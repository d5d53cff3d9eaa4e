//! `POST /api/v3/auth/`, `…/verify/`, `…/refresh/`: signing in, and checking and refreshing tokens.
//! The same under `/api/v3/token/` and `/api/v2/auth/`, where some clients look.

use crate::auth::AppData;
use crate::body::Body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::responses::{AuthErrors, RefusedToken};
use crate::sign_in::accounts::{SignInRefused, TokenRefused};
use crate::sign_in::oidc::refusal::OidcRefused;
use crate::sign_in::refresh::Refusal;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::StatusCode;
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;
use utoipa::ToSchema;

/// Longest body, in bytes.
const MAX_BODY: usize = 16 * 1024;

/// A username and its password.
#[derive(Debug, Serialize, ToSchema)]
struct Credentials {
    /// Of a project or a person.
    #[schema(example = "alice")]
    username: String,
    password: String,
}

/// A token.
#[derive(Debug, Serialize, ToSchema)]
struct AnyToken {
    /// An access token or a refresh token.
    token: String,
}

/// A refresh token.
#[derive(Debug, Serialize, ToSchema)]
struct RefreshToken {
    refresh: String,
}

/// Two tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenPair {
    /// Goes with requests, as `X-Access-Token: Bearer …` or `Authorization: Bearer …`.
    access: String,
    /// Is exchanged for a new pair before the access token ends.
    refresh: String,
}

/// The mistakes of fields, in the order in which they are read.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<(&'static str, &'static str)>);

impl Serialize for Mistakes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, mistake)| (field, [mistake])))
    }
}

/// Why a request about tokens is refused, in the words that clients know.
#[derive(Debug, Error)]
pub enum AuthError {
    /// A field is missing or wrong.
    #[error("a field is wrong")]
    Fields(Mistakes),
    /// The body can't be read.
    #[error("{1}")]
    Body(StatusCode, String),
    /// The sign-in is refused.
    #[error(transparent)]
    SignIn(SignInRefused),
    /// The token is refused.
    #[error("{}", .0.detail())]
    Token(Refusal),
    /// The sign-in with OpenID Connect is refused.
    #[error(transparent)]
    Oidc(OidcRefused),
    /// Anything else.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl From<SignInRefused> for AuthError {
    fn from(refused: SignInRefused) -> Self {
        match refused {
            SignInRefused::Unavailable(error) => Self::Api(error.into()),
            refused => Self::SignIn(refused),
        }
    }
}

impl From<OidcRefused> for AuthError {
    fn from(refused: OidcRefused) -> Self {
        match refused {
            OidcRefused::Away => Self::Api(ApiError::Overloaded(
                "the issuer of OpenID Connect does not answer",
            )),
            OidcRefused::Busy => Self::Api(ApiError::Overloaded("too many persons sign in at once")),
            refused => Self::Oidc(refused),
        }
    }
}

impl From<TokenRefused> for AuthError {
    fn from(refused: TokenRefused) -> Self {
        match refused {
            TokenRefused::Refused(refusal) => Self::Token(refusal),
            TokenRefused::Unavailable(error) => Self::Api(error.into()),
        }
    }
}

impl ResponseError for AuthError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Fields(_) => StatusCode::BAD_REQUEST,
            Self::Body(status, _) => *status,
            Self::SignIn(SignInRefused::Wait(_)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Oidc(OidcRefused::NotBegun | OidcRefused::Incomplete | OidcRefused::State) => {
                StatusCode::BAD_REQUEST
            }
            Self::SignIn(_) | Self::Token(_) | Self::Oidc(_) => StatusCode::UNAUTHORIZED,
            Self::Api(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if self.status_code() == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"api\"");
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        let refused: RefusedToken = match self {
            Self::Api(error) => return error.error_response(),
            Self::Fields(mistakes) => return response.json(mistakes),
            Self::SignIn(SignInRefused::Wrong) => "No active account found with the given credentials"
                .to_owned()
                .into(),
            Self::SignIn(SignInRefused::Wait(seconds)) => {
                response.insert_header((header::RETRY_AFTER, *seconds));
                self.to_string().into()
            }
            Self::Body(..) | Self::SignIn(_) | Self::Oidc(_) => self.to_string().into(),
            Self::Token(refusal) => RefusedToken {
                detail: refusal.detail().to_owned(),
                code: Some(Refusal::CODE),
            },
        };
        response.json(refused)
    }
}

/// Sign in
///
/// The account is a project or a person.
#[utoipa::path(
    post,
    path = "/api/v3/auth",
    tag = "version 3",
    request_body(
        description = "The credentials.",
        content((Credentials = "application/x-www-form-urlencoded"), (Credentials = "application/json")),
    ),
    responses((status = 200, description = "Two tokens.", body = TokenPair), AuthErrors),
)]
pub async fn sign_in(
    request: HttpRequest,
    app: AppData,
    caller: Caller,
    body: Body,
) -> Result<impl Responder, AuthError> {
    let [username, password] = fields(&request, body, ["username", "password"]).await?;
    Ok(Json(app.accounts.sign_in(&username, password, caller.0).await?))
}

/// Ask whether a token is good
///
/// It is signed here, its time is not over, its account is active, and it has not been ended.
#[utoipa::path(
    post,
    path = "/api/v3/auth/verify",
    tag = "version 3",
    request_body(
        description = "The token.",
        content((AnyToken = "application/x-www-form-urlencoded"), (AnyToken = "application/json")),
    ),
    responses((status = 200, description = "It is good.", body = super::super::Empty), AuthErrors),
)]
pub async fn verify(request: HttpRequest, app: AppData, body: Body) -> Result<impl Responder, AuthError> {
    let [token] = fields(&request, body, ["token"]).await?;
    app.accounts.inspect(&token).await?;
    Ok(Json(super::super::Empty {}))
}

/// Exchange a refresh token for a new pair
///
/// The refresh token is spent. Within 30 s it gives the same pair again, for a client that has lost
/// the answer. Later it ends all tokens that came from the same sign-in.
#[utoipa::path(
    post,
    path = "/api/v3/auth/refresh",
    tag = "version 3",
    request_body(
        description = "The refresh token.",
        content((RefreshToken = "application/x-www-form-urlencoded"), (RefreshToken = "application/json")),
    ),
    responses((status = 200, description = "Two tokens.", body = TokenPair), AuthErrors),
)]
pub async fn refresh(
    request: HttpRequest,
    app: AppData,
    caller: Caller,
    body: Body,
) -> Result<impl Responder, AuthError> {
    let [token] = fields(&request, body, ["refresh"]).await?;
    Ok(Json(app.accounts.refresh(&token, caller.0).await?))
}

/// Reads the texts of a form or of a JSON object.
async fn fields<const N: usize>(
    request: &HttpRequest,
    body: Body,
    names: [&'static str; N],
) -> Result<[String; N], AuthError> {
    let bytes = body.read(MAX_BODY).await?;
    let given = if crate::body::is_json(request) {
        object(&bytes)?
    } else {
        super::super::form(&bytes).unwrap_or_default()
    };
    let mut mistakes = Mistakes::default();
    let texts = names.map(|name| {
        let mistake = match given.get(name) {
            Some(Value::String(text)) if !text.is_empty() => return text.clone(),
            Some(Value::Number(number)) => return number.to_string(),
            Some(Value::String(_)) => "This field may not be blank.",
            Some(Value::Null) => "This field may not be null.",
            Some(_) => "Not a valid string.",
            None => "This field is required.",
        };
        mistakes.0.push((name, mistake));
        String::new()
    });
    if mistakes.0.is_empty() {
        Ok(texts)
    } else {
        Err(AuthError::Fields(mistakes))
    }
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, AuthError> {
    let value = serde_json::from_slice(bytes)
        .map_err(|error| AuthError::Body(StatusCode::BAD_REQUEST, format!("JSON parse error - {error}")))?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(AuthError::Fields(Mistakes(vec![(
            "non_field_errors",
            "Invalid data. Expected a dictionary.",
        )]))),
    }
}
