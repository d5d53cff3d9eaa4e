//! The `Idempotency-Key` header: a client that may not have heard the answer sends the upload again under the same key.

use crate::error::ApiError;
use actix_web::http::header::HeaderName;
use actix_web::HttpRequest;

/// The header's name.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest key.
const LONGEST: usize = 255;

/// The request's key; none when it has no such header.
///
/// # Errors
/// 400 for two of them, and for one that is empty, too long, or more than visible ASCII.
pub fn key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let mut values = request.headers().get_all(HEADER);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let wrong = |why: &str| Err(ApiError::field("Idempotency-Key", why));
    if values.next().is_some() {
        return wrong("must be sent once");
    }
    let text = value.to_str().unwrap_or_default();
    if (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(text.to_owned()))
    } else {
        wrong("must be 1 to 255 visible ASCII characters, such as a random UUID")
    }
}
