//! Reads bodies. Each is limited in length and time, and all together in length. For compressed
//! bodies the limits also hold after unpacking.

mod encoding;

use crate::app::App;
use crate::error::ApiError;
use crate::limits::bodies::Share;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{dev, http::header, FromRequest, HttpMessage, HttpRequest};
use beamlive_actors::ask::Unavailable;
use encoding::Encoding;
use futures_util::StreamExt;
use std::future::{ready, Ready};
use std::time::Duration;

/// A body that has not been read yet.
pub struct Body {
    payload: dev::Payload,
    request: HttpRequest,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

impl FromRequest for Body {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self {
            payload: payload.take(),
            request: request.clone(),
        }))
    }
}

impl Body {
    /// Reads a body of at most `limit` bytes within `limits.body_seconds`, and unpacks it to at
    /// most `limit` bytes. The bytes count as in flight until the request is answered.
    ///
    /// # Errors
    /// 413 when it is too long, 408 when it is too slow, 415 for an unknown `Content-Encoding`, 400
    /// when the connection breaks, 503 when too many bytes are in flight.
    pub async fn read(self, limit: usize) -> Result<Bytes, ApiError> {
        let app = App::of(&self.request)?;
        let encoding = Encoding::of(&self.request)?;
        let seconds = app.settings.limits.body_seconds;
        let mut share = app.bodies.share();
        let reading = tokio::time::timeout(
            Duration::from_secs(seconds),
            gather(self.payload, declared(&self.request), limit, &mut share),
        );
        let mut body = reading.await.unwrap_or(Err(ApiError::TooSlow { seconds }));
        if let (Some(encoding), Ok(packed)) = (encoding, &body) {
            let packed = packed.clone();
            let unpacking = web::block(move || (encoding.unpack(&packed, limit, &mut share), share));
            (body, share) = unpacking
                .await
                .map_err(|_| ApiError::Unavailable(Unavailable::Lost("body reader")))?;
        }
        if let Err(ApiError::Overloaded(_)) = body {
            app.metrics.overloaded("bodies");
        }
        self.request.extensions_mut().insert(share);
        body
    }
}

/// The `Content-Length` of a request; 0 without one.
fn declared(request: &HttpRequest) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH);
    length
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse().ok())
        .unwrap_or(0)
}

async fn gather(
    mut payload: dev::Payload,
    declared: usize,
    limit: usize,
    share: &mut Share,
) -> Result<Bytes, ApiError> {
    if declared > limit {
        return Err(ApiError::TooLarge { limit });
    }
    share.hold(declared)?;
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| ApiError::field("body", error.to_string()))?;
        let length = body.len().saturating_add(chunk.len());
        if length > limit {
            return Err(ApiError::TooLarge { limit });
        }
        share.hold(length)?;
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whether the body is declared to be JSON.
#[must_use]
pub fn is_json(request: &HttpRequest) -> bool {
    let kind = request.content_type();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}
