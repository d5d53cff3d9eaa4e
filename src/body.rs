//! Reading bodies: bounded in length and in time.

use crate::error::ApiError;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use std::time::Duration;

/// Reads a whole body of at most `limit` bytes that arrives within `seconds`.
///
/// # Errors
/// 413, 408, or 400 when the connection breaks off.
pub async fn read(mut payload: Payload, limit: usize, seconds: u64) -> Result<Bytes, ApiError> {
    let whole = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| ApiError::field("body", error.to_string()))?;
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(ApiError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    match tokio::time::timeout(Duration::from_secs(seconds), whole).await {
        Ok(body) => body,
        Err(_) => Err(ApiError::TooSlow { seconds }),
    }
}

/// Whether the body is declared to be JSON.
#[must_use]
pub fn is_json(request: &actix_web::HttpRequest) -> bool {
    use actix_web::HttpMessage;
    let kind = request.content_type();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}
