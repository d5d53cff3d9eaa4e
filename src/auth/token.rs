//! The token of a signed URL: `username:time:signature`, parsed. Pure: no clock, no key, no
//! request.

use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::Engine;
use std::fmt;
use std::time::Duration;
use thiserror::Error;

pub use beamlive_client::token::{base62, sign_message};

#[cfg(test)]
mod tests;

/// Longest username, in characters.
pub const MAX_USERNAME: usize = 150;

/// Longest signature, in bytes: that of an 8192-bit RSA key.
const MAX_SIGNATURE: usize = 1024;

/// Digits of the greatest 64-bit number in base62.
const MAX_TIME: usize = 11;

/// Longest token, in bytes: the longest username, time and signature in base64, `b'` and `'`, and
/// the colons.
const MAX_TOKEN: usize = MAX_USERNAME + MAX_TIME + MAX_SIGNATURE.div_ceil(3) * 4 + 5;

/// Base64url with or without padding. Apart from that, each value has exactly one encoding.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A parsed token. Its signature is not verified.
///
/// `Debug` leaves out the signature, so a token can be logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token {
    /// The account whose key should have signed: `[A-Za-z0-9_-]{1,150}`.
    pub username: String,
    /// When it was signed, in Unix seconds by the client's clock.
    pub signed_at: u64,
    /// The signature's bytes, at most 1024, not verified.
    pub signature: Vec<u8>,
    /// The time as it was sent, because that text was signed.
    time: String,
}

/// Why a path segment is not a token. The messages do not repeat any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It is longer than any token.
    #[error("the token is longer than {MAX_TOKEN} bytes")]
    TooLong,
    /// It has fewer than three parts.
    #[error("the token is not of the form username:time:signature")]
    Form,
    /// The username is empty, too long, or has other characters.
    #[error("the token's username is not 1 to {MAX_USERNAME} of the characters A-Z, a-z, 0-9, _ and -")]
    Username,
    /// The time is not base62, or has more than 64 bits.
    #[error("the token's time is not a number in base62")]
    Time,
    /// The signature is not base64url, empty, or too long.
    #[error("the token's signature is not 1 to {MAX_SIGNATURE} bytes in base64url")]
    Signature,
}

impl Token {
    /// Parses a percent-decoded path segment.
    ///
    /// The base64 part may lack its padding, and may be quoted as `b'…'`, as older clients send it.
    /// The time may have leading zeros.
    ///
    /// # Errors
    /// [`TokenError`] names the part that is wrong.
    pub fn parse(segment: &str) -> Result<Token, TokenError> {
        if segment.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let (rest, signature) = segment.rsplit_once(':').ok_or(TokenError::Form)?;
        let (username, time) = rest.rsplit_once(':').ok_or(TokenError::Form)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if username.is_empty() || username.len() > MAX_USERNAME || !username.bytes().all(allowed) {
            return Err(TokenError::Username);
        }
        let signed_at = parse_base62(time).ok_or(TokenError::Time)?;
        let quoted = signature
            .strip_prefix("b'")
            .and_then(|text| text.strip_suffix('\''));
        let signature = BASE64URL
            .decode(quoted.unwrap_or(signature))
            .map_err(|_| TokenError::Signature)?;
        if signature.is_empty() || signature.len() > MAX_SIGNATURE {
            return Err(TokenError::Signature);
        }
        Ok(Token {
            username: username.to_owned(),
            signed_at,
            signature,
            time: time.to_owned(),
        })
    }

    /// The bytes that were signed.
    pub fn message(&self) -> Vec<u8> {
        sign_message(&self.username, &self.time)
    }

    /// Whether the token was signed at most `max_age` before or after `now_unix_micros` (Unix time
    /// in µs), inclusive.
    pub fn is_fresh(&self, now_unix_micros: i64, max_age: Duration) -> bool {
        let signed_at = i128::from(self.signed_at) * 1_000_000;
        signed_at.abs_diff(i128::from(now_unix_micros)) <= max_age.as_micros()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("username", &self.username)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

/// `None` when the text is empty, too long, not base62, or more than 64 bits.
fn parse_base62(text: &str) -> Option<u64> {
    if text.len() > MAX_TIME {
        return None;
    }
    ::base62::decode(text).ok()?.try_into().ok()
}
