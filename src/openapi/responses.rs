//! Responses that many routes share.

use crate::error::ErrorBody;
use utoipa::IntoResponses;

/// Responses of routes that need the store or an actor.
#[derive(Debug, IntoResponses)]
pub enum BusyErrors {
    /// Busy, or writes are off: nothing was done, try again.
    #[response(
        status = 503,
        headers(("Retry-After" = u64, description = "After how many seconds to try again."))
    )]
    Busy(ErrorBody),
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
}

/// Responses of the admin API.
#[derive(Debug, IntoResponses)]
pub enum AdminErrors {
    /// The admin token is missing or wrong.
    #[response(status = 401)]
    NotAdmin(ErrorBody),
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

/// Responses of routes that choose by the caller's address.
#[derive(Debug, IntoResponses)]
pub enum ForwardedErrors {
    /// A trusted proxy forwards something that is no address.
    #[response(status = 400)]
    NoAddress(ErrorBody),
}

/// Responses of routes that take a secure key.
#[derive(Debug, IntoResponses)]
pub enum MissingFileErrors {
    /// The key does not exist or has expired, or the path leads to no file that may be served.
    #[response(status = 404)]
    NotFound(ErrorBody),
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
