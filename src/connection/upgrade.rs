//! Requests that ask for another protocol. HTTP allows a server to ignore that, and this one does.
//!
//! The HTTP parser takes everything after the head of a request with `Upgrade: websocket` for its
//! body, whatever `Content-Length` says. So the request is parsed again without that header.

use super::refusal;
use super::stream::Stream;
use crate::error::ApiError;
use actix_codec::Framed;
use actix_http::h1::Codec;
use actix_http::Request;
use actix_web::http::{header, Method, Version};
use actix_web::web::BytesMut;
use tokio::io::AsyncWriteExt;

/// Leaves the connection in its state, to be served again from this request on.
pub(super) async fn ignore(
    (request, framed): (Request, Framed<Stream, Codec>),
) -> Result<(), actix_web::Error> {
    let parts = framed.into_parts();
    let mut stream = parts.io;
    // The answers to earlier requests.
    stream.write_all(&parts.write_buf).await?;
    if request.method() == Method::CONNECT {
        stream.write_all(&refusal::answer(&ApiError::Tunnel)).await?;
        stream.shutdown().await?;
        return Ok(());
    }
    let mut ahead = head(&request);
    ahead.extend_from_slice(&parts.read_buf);
    stream.read_first(ahead);
    let state = stream.state();
    state.resumed.replace(Some(stream));
    Ok(())
}

/// The head of a request without the upgrade.
fn head(request: &Request) -> BytesMut {
    let version = match request.version() {
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    let line = format!("{} {} {version}\r\n", request.method(), request.uri());
    let mut head = BytesMut::from(line.as_bytes());
    for (name, value) in request.head().headers() {
        let rest;
        let value = match *name {
            header::UPGRADE => continue,
            header::CONNECTION => {
                rest = without_upgrade(value.as_bytes());
                rest.as_slice()
            }
            _ => value.as_bytes(),
        };
        for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The options of a `Connection` header, without `upgrade`.
fn without_upgrade(value: &[u8]) -> Vec<u8> {
    value
        .split(|byte| *byte == b',')
        .filter(|option| !option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
        .collect::<Vec<_>>()
        .join(&b',')
}
