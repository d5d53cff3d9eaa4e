//! Answers to those who get no further than to a connection.

use super::Place;
use crate::error::ApiError;
use actix_web::body::MessageBody;
use actix_web::ResponseError;
use std::fmt::Write;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long all of a refusal may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// An error as the bytes of an answer that ends its connection.
pub(super) fn answer(error: &ApiError) -> Vec<u8> {
    let response = error.error_response();
    let mut head = format!("HTTP/1.1 {}\r\nconnection: close\r\n", response.status());
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            // Writing to a text does not fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    let body = response.into_body().try_into_bytes().unwrap_or_default();
    let _ = write!(head, "content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), &body].concat()
}

/// Answers the first request of a connection with `error`, whatever it is, and ends the connection.
///
/// It waits for the request to begin, because many clients don't look for an answer before, and reads what follows: a
/// reset would overtake the answer.
pub(super) async fn refuse(mut io: TcpStream, error: &ApiError, _place: Place) {
    let talk = async {
        let mut scratch = [0; 1024];
        if io.read(&mut scratch).await? == 0 {
            return Ok(());
        }
        io.write_all(&answer(error)).await?;
        io.shutdown().await?;
        while io.read(&mut scratch).await? > 0 {}
        Ok::<_, io::Error>(())
    };
    if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, talk).await {
        tracing::debug!(%error, "whoever was refused has gone");
    }
}
