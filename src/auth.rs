//! The extractors that authenticate requests: [`Verified`] for signed routes, `SignedIn` for routes
//! with an access token, [`Admin`] for operators. A handler that takes one of them cannot be
//! reached without it.
//!
//! The time to refuse a request depends on the request alone, never on the account: the signature
//! of an unknown user is verified too, against a random key. The log names the cause; the client
//! gets the same answer for every cause.
//!
//! | file | what it holds |
//! |---|---|
//! | `token.rs` | [`token::Token`]: the token of a signed URL, parsed |
//! | `pool.rs` | [`pool::VerificationPool`]: verifies signatures |
//! | `known.rs` | tokens that are verified already |
//! | `signed_in.rs` | [`signed_in::SignedIn`]: a valid access token, and the project it acts for |
//! | `admin_token.rs` | [`admin_token::AdminToken`]: the token of operators |

pub mod admin_token;
mod known;
pub mod pool;
pub mod signed_in;
pub mod token;

pub use crate::app::AppData;

use crate::app::App;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::metrics::counters::Refused;
use crate::metrics::observe::RequestUser;
use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{dev::Payload, FromRequest, HttpMessage, HttpRequest};
use arc_swap::Guard;
use beamlive_actors::activity::Origin;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::key::PublicKey;
use beamlive_storage::ids::ProjectId;
use serde::Deserialize;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use token::Token;
use utoipa::IntoParams;

/// A request whose token was signed with its project's key.
#[derive(Debug, Clone)]
pub struct Verified(pub Acting);

/// The project that a request acts for, and who sent it. Only what verifies a request makes it.
#[derive(Debug, Clone)]
pub struct Acting {
    /// The project.
    pub project: ProjectId,
    /// Its username.
    pub username: Arc<str>,
    /// User and address, for the activity log.
    pub origin: Origin,
    /// The facility when the request was verified.
    pub catalog: Arc<Catalog>,
}

/// A token that parses and is fresh. Its signature is not verified yet.
#[derive(Debug)]
pub struct Claimed {
    token: Token,
}

/// The token in the path of a signed route.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TokenSegment {
    /// `username:time:signature`, see above.
    #[param(
        pattern = "^[A-Za-z0-9_-]+:[0-9A-Za-z]+:(b')?[A-Za-z0-9_=-]+'?$",
        example = "alice:1vb66i:bm90IGEgc2lnbmF0dXJl"
    )]
    token: String,
}

impl Claimed {
    /// Reads the token of a request.
    ///
    /// # Errors
    /// [`ApiError::NotVerified`] when it does not parse or is not fresh.
    pub fn read(request: &HttpRequest, app: &App) -> Result<Self, ApiError> {
        let segment = Path::<TokenSegment>::extract(request)
            .into_inner()
            .map_err(|_| ApiError::NotVerified)?
            .into_inner()
            .token;
        let token = Token::parse(&segment)
            .map_err(|error| refused(app, "", 0, Refused::Malformed, &error.to_string()))?;
        let now = app.directory.services().clock.now();
        let max_age = Duration::from_secs(app.settings.tokens.max_age_seconds.into());
        if !token.is_fresh(now.0, max_age) {
            return Err(refused(
                app,
                &token.username,
                token.signed_at,
                Refused::Stale,
                "it is not fresh",
            ));
        }
        Ok(Self { token })
    }

    /// The time in the token, in seconds since the epoch.
    #[must_use]
    pub fn signed_at(&self) -> u64 {
        self.token.signed_at
    }

    /// The username in the token.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.token.username
    }

    /// Verifies the signature with `key`. Without a key it is refused, after the same time.
    ///
    /// # Errors
    /// [`ApiError::NotVerified`]; [`ApiError::Unavailable`] when too many signatures wait already.
    pub async fn verify(
        self,
        key: Option<Arc<PublicKey>>,
        caller: Caller,
        app: &App,
    ) -> Result<(), ApiError> {
        let (username, signed_at) = (self.token.username.clone(), self.token.signed_at);
        let known = key.is_some();
        if app.verification.verify(caller.0, key, self.token).await? {
            return Ok(());
        }
        let (cause, why) = if known {
            (Refused::BadSignature, "the signature is not of the account's key")
        } else {
            (Refused::UnknownUser, "there is no such account")
        };
        Err(refused(app, &username, signed_at, cause, why))
    }
}

/// Logs and counts the cause of a refusal. The error is the same for every cause.
pub(crate) fn refused(app: &App, username: &str, signed_at: u64, cause: Refused, why: &str) -> ApiError {
    app.metrics.verification_failed(cause);
    tracing::info!(username, signed_at, why, "token refused");
    ApiError::NotVerified
}

impl FromRequest for Verified {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = App::of(&request)?;
            let claimed = Claimed::read(&request, &app)?;
            let caller = Caller::or_peer(&request, &app.settings.trusted_proxy);
            let catalog = Guard::into_inner(app.directory.services().catalog.current().await?);
            let account = catalog.project(claimed.username()).map(|(id, _)| id);
            let key = account.and_then(|id| catalog.signing_key(id).cloned());
            if account.is_some() && key.is_none() {
                tracing::info!(
                    username = claimed.username(),
                    "refused: the account has no key yet"
                );
                app.metrics.verification_failed(Refused::NoKey);
                return Err(ApiError::NoKeyYet);
            }
            let username: Arc<str> = claimed.username().into();
            claimed.verify(key, caller, &app).await?;
            let project = account.ok_or(ApiError::NotVerified)?;
            app.rate.admit_project(project)?;
            request.extensions_mut().insert(RequestUser(username.clone()));
            Ok(Self(Acting {
                project,
                origin: Origin {
                    who: username.to_string(),
                    address: Some(caller.0),
                },
                username,
                catalog,
            }))
        })
    }
}

/// A request of an operator.
#[derive(Debug, Clone)]
pub struct Admin {
    /// "operator" and the address, for the activity log.
    pub origin: Origin,
}

impl FromRequest for Admin {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::read(request))
    }
}

impl Admin {
    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let app = App::of(request)?;
        let caller = Caller::or_peer(request, &app.settings.trusted_proxy);
        let token = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token)
            .ok_or(ApiError::NotAdmin)?;
        if !app.admin_token.is(token) {
            tracing::warn!(address = %caller.0, "a wrong admin token was refused");
            return Err(ApiError::NotAdmin);
        }
        request.extensions_mut().insert(RequestUser("operator".into()));
        Ok(Self {
            origin: Origin {
                who: "operator".to_owned(),
                address: Some(caller.0),
            },
        })
    }
}
