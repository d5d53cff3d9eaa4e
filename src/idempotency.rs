//! The `Idempotency-Key` header. A client that got no answer sends the upload again with the same
//! key.

use crate::error::ApiError;
use actix_web::http::header::HeaderName;
use actix_web::HttpRequest;

/// The header's name.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest key.
const LONGEST: usize = 255;

/// The key of the request; `None` without the header.
///
/// # Errors
/// 400 when it is sent twice, empty, too long, or not visible ASCII.
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
