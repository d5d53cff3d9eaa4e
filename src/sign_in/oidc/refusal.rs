//! Why a sign-in with OpenID Connect is refused.

use thiserror::Error;

/// The words are for the person.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OidcRefused {
    /// There is no cookie of ours, or its time is over.
    #[error("this browser has not begun a sign-in in the last ten minutes: begin at /api/v3/auth/oidc/")]
    NotBegun,
    /// The state or the code is missing.
    #[error("the query needs a state and a code, once each: begin again at /api/v3/auth/oidc/")]
    Incomplete,
    /// The state is that of another sign-in.
    #[error("the state is not that of the sign-in that this browser began last: begin again at /api/v3/auth/oidc/")]
    State,
    /// The issuer sent no code.
    #[error("the issuer of OpenID Connect refused the sign-in: {0}")]
    Denied(String),
    /// The issuer gave nothing for the code.
    #[error("the issuer of OpenID Connect does not take this code: begin again at /api/v3/auth/oidc/")]
    Code,
    /// The issuer's answer holds no ID token that can be read.
    #[error("the issuer of OpenID Connect sent no ID token that can be read")]
    NoToken,
    /// The ID token is not good.
    #[error("the ID token is not good: {0}")]
    Token(&'static str),
    /// The ID token names nobody.
    #[error("the ID token names no user: its claim {0:?} is missing or is no username")]
    NoName(String),
    /// The issuer can't be asked.
    #[error("the issuer of OpenID Connect does not answer")]
    Away,
    /// Too many sign-ins ask it.
    #[error("too many sign-ins with OpenID Connect at once")]
    Busy,
}

impl OidcRefused {
    /// The issuer's `error`. Text that is not an error code is not repeated.
    pub(super) fn denied(error: &str) -> Self {
        let is_code = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let known = error.len() <= 64 && !error.is_empty() && error.chars().all(is_code);
        Self::Denied(if known { error } else { "it does not say why" }.to_owned())
    }
}
