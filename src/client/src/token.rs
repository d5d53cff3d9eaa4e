//! The token of a signed URL, as a client makes it: `username:time:signature`.

use base64::prelude::{Engine, BASE64_URL_SAFE};

/// What every signed message begins with.
pub const SALT: &str = "ca.clsi.cmcf";

/// The message a client signs: salt, username and base62 time, joined by colons.
#[must_use]
pub fn sign_message(username: &str, base62_time: &str) -> Vec<u8> {
    [SALT, username, base62_time].join(":").into_bytes()
}

/// A number in base62, digits in the order `0-9A-Za-z`, without leading zeros.
#[must_use]
pub fn base62(seconds: u64) -> String {
    ::base62::encode(seconds)
}

/// The token of `username` at `unix_seconds`; `sign` signs the message.
#[must_use]
pub fn token(username: &str, unix_seconds: u64, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let time = base62(unix_seconds);
    let signature = sign(&sign_message(username, &time));
    format!("{username}:{time}:{}", BASE64_URL_SAFE.encode(signature))
}
