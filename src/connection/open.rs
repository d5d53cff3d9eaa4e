//! From an accepted socket to a connection that can be served: the handshake of TLS.

use super::refusal;
use super::transport::{Socket, Transport};
use crate::error::ApiError;
use crate::tls::Secure;
use std::io::{self, ErrorKind};
use tokio::io::AsyncWriteExt;

/// The first byte of every TLS connection.
const HANDSHAKE: u8 = 22;

/// Does the handshake, if there is one. A client that speaks plain HTTP gets an error that says so.
pub(super) async fn open(mut socket: Socket, secure: Option<&Secure>) -> io::Result<Transport> {
    let Some(secure) = secure else {
        return Ok(Transport::Plain(socket));
    };
    match socket.first_byte().await? {
        Some(HANDSHAKE) => {}
        Some(b'A'..=b'Z') => {
            socket.write_all(&refusal::answer(&ApiError::NeedsTls)).await?;
            socket.shutdown().await?;
            return Err(ErrorKind::InvalidData.into());
        }
        _ => return Err(ErrorKind::InvalidData.into()),
    }
    match secure.accept(socket).await {
        Ok(stream) => Ok(Transport::Tls(Box::new(stream))),
        Err((error, _)) => Err(error),
    }
}
