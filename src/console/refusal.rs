//! Why a page is not shown, as a page.

use super::frame::{outside, see_other};
use crate::error::ApiError;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use beamlive_actors::ask::Unavailable;
use maud::html;
use std::fmt;

/// Why a page is not shown.
#[derive(Debug)]
pub enum PageError {
    /// Nobody is signed in.
    SignIn,
    /// Nobody is signed in. After that they want to see this.
    SignInFor(String),
    /// The status, and what to do.
    Refused(StatusCode, String),
}

impl PageError {
    /// 403.
    pub(super) fn forbidden(message: &str) -> Self {
        Self::Refused(StatusCode::FORBIDDEN, message.to_owned())
    }

    /// 404 for a record.
    pub(super) fn no(what: &str, id: &str) -> Self {
        Self::Refused(StatusCode::NOT_FOUND, format!("There is no {what} {id}."))
    }

    /// After signing in, the browser goes where it wanted to go.
    pub(super) fn at(self, request: &HttpRequest) -> Self {
        match self {
            Self::SignIn if request.method().is_safe() => {
                let path = request.uri().path_and_query();
                Self::SignInFor(path.map_or("/", |path| path.as_str()).to_owned())
            }
            other => other,
        }
    }
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        let message = match &error {
            ApiError::Invalid { fields, .. } => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, wrong)| format!("{name} {wrong}"))
                    .collect();
                fields.join("; ")
            }
            other => other.to_string(),
        };
        Self::Refused(error.status_and_code().0, message)
    }
}

impl From<Unavailable> for PageError {
    fn from(error: Unavailable) -> Self {
        ApiError::from(error).into()
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignIn | Self::SignInFor(_) => f.write_str("nobody is signed in"),
            Self::Refused(_, message) => f.write_str(message),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn | Self::SignInFor(_) => StatusCode::SEE_OTHER,
            Self::Refused(status, _) => *status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::SignIn => see_other("/sign-in"),
            Self::SignInFor(path) if path == "/" => see_other("/sign-in"),
            Self::SignInFor(path) => {
                let query = serde_urlencoded::to_string([("next", path)]).unwrap_or_default();
                see_other(&format!("/sign-in?{query}"))
            }
            Self::Refused(status, message) => {
                let title = status.canonical_reason().unwrap_or("Not possible");
                let body = html! {
                    h1 { (title) }
                    p.notice role="alert" { (message) }
                    p { a href="/" { "To the overview" } }
                };
                outside(*status, title, &body)
            }
        }
    }
}
