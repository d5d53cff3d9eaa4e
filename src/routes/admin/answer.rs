//! How the admin API answers: one record, or a list that is read while it is sent.
//!
//! A page may be a thousand reports of many megabytes. So the rows are read on the pool as the client takes them, and
//! no more than a few are in memory. What fits into the first piece is sent whole, with its length; a store that
//! fails later breaks the connection off rather than ending the list as if it were complete.

use crate::error::ApiError;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use beamlive_actors::ask::Unavailable;
use beamlive_storage::ReadError;
use futures_util::future::ready;
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use std::io;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Bytes after which a piece is sent.
const PIECE: usize = 256 * 1024;
/// Pieces that wait for the client.
const WAITING: usize = 1;
/// How long a client may take for one piece: a reader on the pool waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A list on its way to the client.
#[derive(Debug)]
pub(super) struct Rows {
    buffer: Vec<u8>,
    started: bool,
    pieces: mpsc::Sender<Piece>,
    runtime: Handle,
}

#[derive(Debug)]
enum Piece {
    Part(Bytes),
    Last(Bytes),
    Failed(Unavailable),
}

/// Why no more rows are wanted.
#[derive(Debug)]
pub(super) enum Halt {
    /// The store, or what it holds, can't be read.
    Failed(Unavailable),
    /// The client has gone, or takes too long.
    Gone,
}

impl From<ReadError> for Halt {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.into())
    }
}

impl Rows {
    /// Sends one row after the others.
    ///
    /// # Errors
    /// [`Halt`] when no more rows are wanted.
    pub(super) fn push(&mut self, row: &impl Serialize) -> Result<(), Halt> {
        self.separate();
        to_json(&mut self.buffer, row).map_err(Halt::Failed)?;
        if self.buffer.len() < PIECE {
            return Ok(());
        }
        let part = std::mem::take(&mut self.buffer);
        self.send(Piece::Part(part.into()))
    }

    fn separate(&mut self) {
        self.buffer.push(if self.started { b',' } else { b'[' });
        self.started = true;
    }

    fn finish(mut self, end: Result<(), Halt>) {
        let last = match end {
            Ok(()) => {
                if !self.started {
                    self.buffer.push(b'[');
                }
                self.buffer.push(b']');
                Piece::Last(std::mem::take(&mut self.buffer).into())
            }
            Err(Halt::Failed(error)) => {
                tracing::error!(%error, "a list could not be read");
                Piece::Failed(error)
            }
            Err(Halt::Gone) => return,
        };
        // Nobody is told that the client has gone before the end.
        let _ = self.send(last);
    }

    fn send(&self, piece: Piece) -> Result<(), Halt> {
        match self.runtime.block_on(timeout(PATIENCE, self.pieces.send(piece))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Halt::Gone),
        }
    }
}

/// Answers with the JSON list of what `read` pushes. `read` runs on the pool.
///
/// # Errors
/// 503 when the store can't be read from the start.
pub(super) async fn list(
    read: impl FnOnce(&mut Rows) -> Result<(), Halt> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let (sender, mut pieces) = mpsc::channel(WAITING);
    let mut rows = Rows {
        buffer: Vec::new(),
        started: false,
        pieces: sender,
        runtime: Handle::current(),
    };
    // Its end shows in the channel, also when it panics.
    drop(tokio::task::spawn_blocking(move || {
        let end = read(&mut rows);
        rows.finish(end);
    }));
    match pieces.recv().await {
        Some(Piece::Last(all)) => Ok(json().body(all)),
        Some(Piece::Part(first)) => Ok(json().streaming(rest(first, pieces))),
        Some(Piece::Failed(error)) => Err(error.into()),
        None => Err(Unavailable::Unreadable("the reader was lost".into()).into()),
    }
}

/// Answers with one record.
///
/// # Errors
/// 503 when what is stored can't be shown.
pub(super) fn one(row: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let mut body = Vec::new();
    to_json(&mut body, row)?;
    Ok(json().body(body))
}

/// All pieces after the first; an error, which breaks the connection off, when the last never comes.
fn rest(first: Bytes, pieces: mpsc::Receiver<Piece>) -> impl Stream<Item = io::Result<Bytes>> {
    let first = stream::once(ready(Ok(first)));
    first.chain(stream::unfold(Some(pieces), |pieces| async move {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(Piece::Part(part)) => Some((Ok(part), Some(pieces))),
            Some(Piece::Last(last)) => Some((Ok(last), None)),
            Some(Piece::Failed(error)) => Some((Err(io::Error::other(error)), None)),
            None => Some((Err(io::Error::other("the reader was lost")), None)),
        }
    }))
}

/// Secure keys open directories, so no cache on the way may keep an answer.
fn json() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type(header::ContentType::json())
        .insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

fn to_json(body: &mut Vec<u8>, row: &impl Serialize) -> Result<(), Unavailable> {
    serde_json::to_writer(body, row).map_err(|error| Unavailable::Unreadable(error.to_string().into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use actix_web::body::{to_bytes, BodySize, MessageBody};

    fn failure() -> Halt {
        Halt::Failed(Unavailable::Unreadable("the disk is gone".into()))
    }

    /// More than a piece.
    fn large() -> String {
        "x".repeat(PIECE)
    }

    #[actix_web::test]
    async fn what_is_small_is_sent_whole() {
        for (rows, text) in [(0, "[]"), (1, "[0]"), (3, "[0,1,2]")] {
            let answer = list(move |to| (0..rows).try_for_each(|row| to.push(&row)));
            let body = answer.await.unwrap().into_body();
            assert_eq!(body.size(), BodySize::Sized(text.len() as u64));
            assert_eq!(to_bytes(body).await.unwrap(), text);
        }
    }

    #[actix_web::test]
    async fn what_is_large_comes_in_pieces() {
        let answer = list(|to| (0..3).try_for_each(|_| to.push(&large())))
            .await
            .unwrap();
        let body = to_bytes(answer.into_body()).await.ok().unwrap();
        let rows: Vec<String> = serde_json::from_slice(&body).unwrap();
        assert_eq!(rows, [large(), large(), large()]);
    }

    #[actix_web::test]
    async fn a_failure_at_the_start_is_a_503() {
        let failed = list(|to| to.push(&1).and(Err(failure()))).await.unwrap_err();
        assert_eq!(failed.status_and_code().1, "unreadable");
        let panicked = list(|_| panic!("on purpose")).await.unwrap_err();
        assert_eq!(panicked.status_and_code().1, "unreadable");
    }

    #[actix_web::test]
    async fn a_failure_later_never_looks_like_the_end() {
        for ending in [|| Err(failure()), || -> Result<(), Halt> { panic!("on purpose") }] {
            let answer = list(move |to| {
                to.push(&large())?;
                ending()
            });
            assert!(to_bytes(answer.await.unwrap().into_body()).await.is_err());
        }
    }
}
