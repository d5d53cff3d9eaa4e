//! Answers to clients that are refused before any handler.

use crate::error::ApiError;
use actix_http::error::ParseError;
use actix_web::body::MessageBody;
use actix_web::ResponseError;
use std::fmt::Write;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;

/// How long a refusal may take in all.
const LIMIT: Duration = Duration::from_secs(1);

/// `error` as the bytes of an answer that ends its connection.
pub(super) fn answer(error: &ApiError) -> Vec<u8> {
    let response = error.error_response();
    let mut head = format!("HTTP/1.1 {}\r\nconnection: close\r\n", response.status());
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            // Writing to a String does not fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    let body = response.into_body().try_into_bytes().unwrap_or_default();
    let _ = write!(head, "content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), &body].concat()
}

/// Where in `bytes` an answer without a body begins, as the HTTP parser refuses requests; their
/// length when there is none. Nothing follows such an answer.
pub(super) fn bare_start(bytes: &[u8]) -> usize {
    /// Longer than any of them.
    const LONGEST: usize = 256;
    let end = bytes.len();
    if !bytes.ends_with(b"\r\n\r\n") {
        return end;
    }
    let tail = bytes.get(end.saturating_sub(LONGEST)..).unwrap_or(bytes);
    let has = |head: &[u8], text: &[u8]| head.windows(text.len()).any(|part| part == text);
    let is_bare = |head: &[u8]| {
        (head.starts_with(b"HTTP/1.1 4") || head.starts_with(b"HTTP/1.0 4"))
            && has(head, b"\r\ncontent-length: 0\r\n")
    };
    let start = tail.windows(7).rposition(|part| part == b"HTTP/1.");
    let length = start
        .and_then(|start| tail.get(start..))
        .filter(|head| is_bare(head))
        .map_or(0, <[u8]>::len);
    end - length
}

/// The refusal that tells a client why the parser did not take its request.
pub(super) fn reason(error: &ParseError) -> ApiError {
    match error {
        ParseError::TooLarge => ApiError::HeadTooLarge,
        ParseError::Uri(error) if error.to_string().contains("too long") => ApiError::UrlTooLong,
        ParseError::Uri(_) => ApiError::NotHttp("its URL has characters that must be percent-encoded"),
        ParseError::Method => ApiError::NotHttp("its method is not a valid name"),
        ParseError::Version => ApiError::NotHttp("its version is not HTTP/1.0 or HTTP/1.1"),
        ParseError::Header => ApiError::NotHttp(
            "a header is malformed, Host is missing, or Content-Length and Transfer-Encoding contradict one another",
        ),
        _ => ApiError::NotHttp("its head or the length of its body can't be read"),
    }
}

/// Answers a request that was read already with `error`, and ends the connection.
pub(super) async fn refuse<Io>(mut io: Io, error: &ApiError, _place: OwnedSemaphorePermit)
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    within_limit(end_with(&mut io, error)).await;
}

/// Answers the first request of a connection with `error`, and ends the connection. It waits for
/// the request to begin, because many clients do not look for an answer before.
pub(super) async fn refuse_first<Io>(
    opening: impl Future<Output = io::Result<Io>>,
    error: &ApiError,
    _place: OwnedSemaphorePermit,
) where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    within_limit(async {
        let mut io = opening.await?;
        match io.read(&mut [0; 1024]).await? {
            0 => Ok(()),
            _ => end_with(&mut io, error).await,
        }
    })
    .await;
}

/// Reads what follows the answer, because a reset could overtake the answer.
async fn end_with<Io>(io: &mut Io, error: &ApiError) -> io::Result<()>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    io.write_all(&answer(error)).await?;
    io.shutdown().await?;
    let mut scratch = [0; 1024];
    while io.read(&mut scratch).await? > 0 {}
    Ok(())
}

async fn within_limit(refusal: impl Future<Output = io::Result<()>>) {
    if let Ok(Err(error)) = tokio::time::timeout(LIMIT, refusal).await {
        tracing::debug!(%error, "a refused client has gone");
    }
}
