//! The table of errors and their statuses. Each refusal of a handler is an [`ApiError`], answered
//! as [`ErrorBody`]: `{"error": {"code", "message", "fields"?}}`.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use beamlive_actors::ask::Unavailable;
use beamlive_actors::session::UploadRefusal;
use serde::Serialize;
use std::collections::BTreeMap;
use thiserror::Error;
use utoipa::ToSchema;

/// The encodings that a body may have.
pub const ENCODINGS: &str = "gzip, deflate";

/// Why a request was refused. The messages tell the caller what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApiError {
    /// The token does not verify. The cause is in the log and not in the answer.
    #[error("the request's signature could not be verified")]
    NotVerified,
    /// There is no valid access token. The answer has no body.
    #[error("this needs an access token: sign in with POST /api/v3/auth/")]
    NotSignedIn,
    /// The account has no key yet.
    #[error("this account has no key yet: register one with POST project/ and try again")]
    NoKeyYet,
    /// Another key is registered already.
    #[error("another key is registered for this account: ask the facility's staff to reset it")]
    AnotherKey,
    /// What the request names does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The body or a parameter is wrong.
    #[error("{message}")]
    Invalid {
        /// A summary.
        message: String,
        /// What is wrong with each field.
        fields: BTreeMap<String, String>,
    },
    /// The body is longer than allowed.
    #[error("the body is longer than the {limit} bytes that this route takes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive within {seconds} s")]
    TooSlow {
        /// The deadline, in seconds.
        seconds: u64,
    },
    /// The caller has no permission.
    #[error("{0}")]
    Forbidden(String),
    /// The admin token is missing or wrong.
    #[error("this needs the admin token: send it as \"Authorization: Bearer …\"")]
    NotAdmin,
    /// The route does not take this method.
    #[error("this route takes {0}")]
    WrongMethod(&'static str),
    /// The `Idempotency-Key` names another request.
    #[error("{0}")]
    KeyReused(String),
    /// The file does not have the range of bytes that was asked for.
    #[error("the file has {length} bytes, and none in this range")]
    NoSuchRange {
        /// Its length, in bytes.
        length: u64,
    },
    /// The conditions of the request do not hold for the file.
    #[error("the file has changed, or is not the one that the request is for: ask for it anew, without If-Match and If-Unmodified-Since")]
    Changed,
    /// A limit is reached.
    #[error("{0}")]
    TooMany(String),
    /// One address or project sends more requests than it may.
    #[error("too many requests of this {whose}: try again in {seconds} s")]
    TooFast {
        /// "address" or "project".
        whose: &'static str,
        /// After how many seconds to try again.
        seconds: u64,
    },
    /// There is no capacity for this now.
    #[error("{0}: try again in a moment")]
    Overloaded(&'static str),
    /// The service is shutting down.
    #[error("the service is about to stop: try again in a moment")]
    Stopping,
    /// The head of a request did not arrive in time.
    #[error("the head of the request did not arrive within {seconds} s")]
    SlowHead {
        /// The deadline, in seconds.
        seconds: u64,
    },
    /// The request breaks the rules of HTTP/1.1.
    #[error("this is no request of HTTP/1.1: {0}")]
    NotHttp(&'static str),
    /// The request is not encrypted.
    #[error("this address speaks TLS only: write https:// instead of http://")]
    NeedsTls,
    /// The URL is longer than the parser takes.
    #[error("the URL is longer than 65,534 bytes: send many names in the body of a POST instead")]
    UrlTooLong,
    /// The head of the request is longer than the parser takes.
    #[error("the request's line and headers are longer than 131,072 bytes: send what is long in its body")]
    HeadTooLarge,
    /// A CONNECT request.
    #[error("this is no proxy: it does not take CONNECT")]
    Tunnel,
    /// The body is compressed in a way that is not supported.
    #[error("{0}")]
    UnsupportedEncoding(String),
    /// Pictures are not made from files of this format.
    #[error("{0}")]
    UnsupportedFile(String),
    /// The file contradicts itself.
    #[error("{0}")]
    DamagedFile(String),
    /// The file is too large for a picture.
    #[error("{0}")]
    OversizedFile(String),
    /// Nothing was done; the request can be sent again.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl ApiError {
    /// A mistake in one field.
    pub fn field(name: &str, message: impl Into<String>) -> Self {
        Self::fields(BTreeMap::from([(name.to_owned(), message.into())]))
    }

    /// Mistakes in several fields.
    #[must_use]
    pub fn fields(fields: BTreeMap<String, String>) -> Self {
        let names: Vec<_> = fields.keys().map(String::as_str).collect();
        Self::Invalid {
            message: format!("these fields are wrong: {}", names.join(", ")),
            fields,
        }
    }

    /// Two or three words, for a picture in place of one that can't be shown.
    #[must_use]
    pub fn in_short(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not there",
            Self::UnsupportedFile(_) => "not readable",
            Self::DamagedFile(_) => "damaged file",
            Self::OversizedFile(_) => "too large",
            Self::Unavailable(_) | Self::Overloaded(_) | Self::Stopping => "try again",
            Self::TooMany(_) | Self::TooFast { .. } => "too many",
            _ => "not shown",
        }
    }

    /// The table: the status and the code of each error.
    #[must_use]
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotVerified => (StatusCode::METHOD_NOT_ALLOWED, "not_verified"),
            Self::NotSignedIn => (StatusCode::FORBIDDEN, "not_signed_in"),
            Self::NoKeyYet => (StatusCode::BAD_REQUEST, "no_key"),
            Self::AnotherKey => (StatusCode::CONFLICT, "another_key"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TooSlow { .. } => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotAdmin => (StatusCode::UNAUTHORIZED, "not_admin"),
            Self::WrongMethod(_) => (StatusCode::METHOD_NOT_ALLOWED, "wrong_method"),
            Self::KeyReused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Self::TooMany(_) | Self::TooFast { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::Overloaded(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::SlowHead { .. } => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::NotHttp(_) => (StatusCode::BAD_REQUEST, "not_http"),
            Self::NeedsTls => (StatusCode::BAD_REQUEST, "needs_tls"),
            Self::UrlTooLong => (StatusCode::URI_TOO_LONG, "url_too_long"),
            Self::HeadTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large"),
            Self::Tunnel => (StatusCode::METHOD_NOT_ALLOWED, "wrong_method"),
            Self::UnsupportedEncoding(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding"),
            Self::Changed => (StatusCode::PRECONDITION_FAILED, "precondition_failed"),
            Self::NoSuchRange { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "no_such_range"),
            Self::UnsupportedFile(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_file"),
            Self::DamagedFile(_) => (StatusCode::UNPROCESSABLE_ENTITY, "damaged_file"),
            Self::OversizedFile(_) => (StatusCode::UNPROCESSABLE_ENTITY, "oversized_file"),
            Self::Unavailable(error) => (
                StatusCode::SERVICE_UNAVAILABLE,
                match error {
                    Unavailable::Busy | Unavailable::Contended => "busy",
                    Unavailable::WritesOff(_) => "writes_off",
                    Unavailable::Away(_) => "store_away",
                    Unavailable::Lost(_) => "lost",
                    Unavailable::Unreadable(_) | Unavailable::Disk(_) => "unreadable",
                },
            ),
        }
    }
}

impl From<UploadRefusal> for ApiError {
    fn from(refusal: UploadRefusal) -> Self {
        match refusal {
            UploadRefusal::Unavailable(error) => Self::Unavailable(error),
            UploadRefusal::KeyReused => Self::KeyReused(refusal.to_string()),
        }
    }
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    error: ErrorDetails,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetails {
    /// For programs; it does not change.
    #[schema(example = "invalid")]
    code: &'static str,
    /// For people.
    #[schema(example = "these fields are wrong: energy")]
    message: String,
    /// What is wrong with each field, parameter or place.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<BTreeMap<String, String>>,
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status_and_code().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, code) = self.status_and_code();
        let mut response = HttpResponse::build(status);
        match self {
            Self::NotSignedIn => return response.finish(),
            Self::UnsupportedEncoding(_) => {
                response.insert_header((header::ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS)));
            }
            Self::Tunnel => {
                response.insert_header((header::ALLOW, HeaderValue::from_static("GET, HEAD, POST")));
            }
            Self::NotVerified => {
                response.insert_header((header::ALLOW, HeaderValue::from_static("")));
            }
            Self::WrongMethod(allowed) => {
                response.insert_header((header::ALLOW, HeaderValue::from_static(allowed)));
            }
            Self::NotAdmin => {
                response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
            }
            Self::NoSuchRange { length } => {
                response.insert_header((header::CONTENT_RANGE, format!("bytes */{length}")));
            }
            Self::Unavailable(Unavailable::WritesOff(_)) => {
                response.insert_header((header::RETRY_AFTER, HeaderValue::from_static("30")));
            }
            Self::Unavailable(Unavailable::Disk(_) | Unavailable::Away(_)) => {
                response.insert_header((header::RETRY_AFTER, HeaderValue::from_static("10")));
            }
            Self::TooFast { seconds, .. } => {
                response.insert_header((header::RETRY_AFTER, *seconds));
            }
            Self::Unavailable(_) | Self::TooMany(_) | Self::Overloaded(_) | Self::Stopping => {
                response.insert_header((header::RETRY_AFTER, HeaderValue::from_static("1")));
            }
            _ => {}
        }
        if let Self::Unavailable(error) = self {
            tracing::warn!(code, %error, "answered 503");
        }
        let fields = match self {
            Self::Invalid { fields, .. } if !fields.is_empty() => Some(fields.clone()),
            _ => None,
        };
        response.json(ErrorBody {
            error: ErrorDetails {
                code,
                message: self.to_string(),
                fields,
            },
        })
    }
}
