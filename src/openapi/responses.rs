//! Responses that many routes share.

use crate::error::ErrorBody;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::{IntoResponses, ToResponse, ToSchema};

/// Busy, or writes are off: nothing was done, try again.
#[derive(Debug, ToResponse)]
#[response(headers(("Retry-After" = u64, description = "After how many seconds to try again.")))]
pub struct Busy(pub ErrorBody);

/// The admin token is missing or wrong.
#[derive(Debug, ToResponse)]
pub struct NotAdmin(pub ErrorBody);

/// Responses of routes that need the store or an actor.
#[derive(Debug, IntoResponses)]
pub enum BusyErrors {
    /// Nothing was done.
    #[response(status = 503)]
    Busy(#[to_response] Busy),
}

/// Responses of routes with a signed URL.
#[derive(Debug, IntoResponses)]
pub enum SignedErrors {
    /// The account has no key yet (`no_key`): register one and try again.
    #[response(status = 400)]
    NoKey(ErrorBody),
    /// The token does not verify. The cause is in the log and not in the answer.
    #[response(
        status = 405,
        headers((
            "Allow" = String,
            description = "Empty when the token was refused; otherwise the methods that the route takes."
        ))
    )]
    Refused(ErrorBody),
    /// Nothing was done.
    #[response(status = 503)]
    Busy(#[to_response] Busy),
}

/// Responses of routes with an access token.
#[derive(Debug, IntoResponses)]
pub enum SignedInErrors {
    /// Without a body: there is no valid access token. With one: the account is not a member of the
    /// project, or the beamline takes no users.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// Nothing was done.
    #[response(status = 503)]
    Busy(#[to_response] Busy),
}

/// Why tokens are refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedToken {
    /// The reason, in the words that clients know.
    #[schema(example = "Token is invalid or expired")]
    pub detail: String,
    /// `token_not_valid`, if it was a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
}

impl From<String> for RefusedToken {
    fn from(detail: String) -> Self {
        Self { detail, code: None }
    }
}

/// Responses of the routes for tokens.
#[derive(Debug, IntoResponses)]
pub enum AuthErrors {
    /// A list of mistakes for each wrong field.
    #[response(status = 400)]
    Invalid(BTreeMap<String, Vec<String>>),
    /// The username and password, or the token, are not good.
    #[response(status = 401)]
    Refused(RefusedToken),
    /// Too many failed sign-ins of this account from this address, or of this address.
    #[response(
        status = 429,
        headers(("Retry-After" = u64, description = "After how many seconds to try again."))
    )]
    Wait(RefusedToken),
}

/// Responses of the admin API.
#[derive(Debug, IntoResponses)]
pub enum AdminErrors {
    /// Not an operator.
    #[response(status = 401)]
    NotAdmin(#[to_response] NotAdmin),
    /// Nothing was done.
    #[response(status = 503)]
    Busy(#[to_response] Busy),
}

/// Responses of lists of the admin API.
#[derive(Debug, IntoResponses)]
pub enum ListErrors {
    /// Each wrong parameter is named.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// Not an operator.
    #[response(status = 401)]
    NotAdmin(#[to_response] NotAdmin),
    /// Nothing was done.
    #[response(status = 503)]
    Busy(#[to_response] Busy),
}

/// Responses of records of the admin API.
#[derive(Debug, IntoResponses)]
pub enum RecordErrors {
    /// Not an operator.
    #[response(status = 401)]
    NotAdmin(#[to_response] NotAdmin),
    /// The record does not exist.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// Nothing was done.
    #[response(status = 503)]
    Busy(#[to_response] Busy),
}

/// Responses of routes that read a body, which is bounded in length and may be compressed.
#[derive(Debug, IntoResponses)]
pub enum BodyErrors {
    /// The body did not arrive in time.
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// The body is too long.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// `Content-Encoding` is neither `gzip` nor `deflate`.
    #[response(status = 415)]
    UnsupportedEncoding(ErrorBody),
}

/// Responses of uploads.
#[derive(Debug, IntoResponses)]
pub enum UploadErrors {
    /// Each wrong field is named (`invalid`); or the account has no key yet (`no_key`).
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// There is no such beamline.
    #[response(status = 404)]
    NoBeamline(ErrorBody),
    /// The `Idempotency-Key` was used for another upload (`idempotency_key_reused`).
    #[response(status = 422)]
    KeyReused(ErrorBody),
}

/// Responses of routes that choose by the caller's address.
#[derive(Debug, IntoResponses)]
pub enum HostErrors {
    /// A trusted proxy forwards something that is not an address.
    #[response(status = 400)]
    NoAddress(ErrorBody),
    /// Nothing was done.
    #[response(status = 503)]
    Busy(#[to_response] Busy),
}

/// Responses of routes that take the secure key of a directory.
#[derive(Debug, IntoResponses)]
pub enum FileErrors {
    /// The key does not exist or has expired, or the path leads to no file that may be served.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// Nothing was done.
    #[response(status = 503)]
    Busy(#[to_response] Busy),
}

/// Responses of routes that take conditions and ranges.
#[derive(Debug, IntoResponses)]
pub enum ConditionErrors {
    /// The conditions do not hold for the file.
    #[response(status = 412)]
    Changed(ErrorBody),
    /// The file has no bytes in this range.
    #[response(status = 416)]
    NoSuchRange(ErrorBody),
}

/// Responses of routes that make archives, or unpack files.
#[derive(Debug, IntoResponses)]
pub enum ArchiveErrors {
    /// The address or the project already has as many archives and unpacked files as it may.
    #[response(status = 429)]
    TooMany(ErrorBody),
}

/// Responses of routes that make pictures.
#[derive(Debug, IntoResponses)]
pub enum PictureErrors {
    /// The file contradicts itself, or is too large for a picture; the message says which.
    #[response(status = 422)]
    Unusable(ErrorBody),
}
