//! How the admin API answers: one record, or a list that is read while it is sent.
//!
//! A page may be a thousand reports of many megabytes. So the rows are read on the pool as the
//! client takes them, and only a few are in memory. A list that fits into the first piece is sent
//! whole, with its length. When the store fails later, the connection is closed in the middle, so
//! that the list never looks complete.

use super::query::Query;
use crate::auth::AppData;
use crate::error::ApiError;
use crate::pieces::{ClientGone, PieceSender};
use crate::views::{self, sessions, Page, Row, Rows};
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use arc_swap::Guard;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_storage::ids::SessionId;
use beamlive_storage::{ReadError, Store};
use futures_util::future::ready;
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Bytes after which a piece is sent.
const PIECE: usize = 256 * 1024;

/// Writes a list in pieces.
#[derive(Debug)]
struct ListWriter {
    buffer: Vec<u8>,
    started: bool,
    pieces: PieceSender<Piece>,
}

#[derive(Debug)]
enum Piece {
    Part(Bytes),
    Last(Bytes),
    Failed(Unavailable),
}

/// Why a list ends early.
#[derive(Debug)]
enum ListStopped {
    /// The store, or what it holds, can't be read.
    Failed(Unavailable),
    /// Nobody takes the rest.
    Gone,
}

impl From<ClientGone> for ListStopped {
    fn from(ClientGone: ClientGone) -> Self {
        Self::Gone
    }
}

impl From<ReadError> for ListStopped {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.into())
    }
}

impl ListWriter {
    /// Writes the next row.
    fn push(&mut self, row: &impl Serialize) -> Result<(), ListStopped> {
        self.separate();
        to_json(&mut self.buffer, row).map_err(ListStopped::Failed)?;
        if self.buffer.len() < PIECE {
            return Ok(());
        }
        let part = std::mem::take(&mut self.buffer);
        Ok(self.pieces.send(Piece::Part(part.into()))?)
    }

    fn separate(&mut self) {
        self.buffer.push(if self.started { b',' } else { b'[' });
        self.started = true;
    }

    fn finish(mut self, end: Result<(), ListStopped>) {
        let last = match end {
            Ok(()) => {
                if !self.started {
                    self.buffer.push(b'[');
                }
                self.buffer.push(b']');
                Piece::Last(std::mem::take(&mut self.buffer).into())
            }
            Err(ListStopped::Failed(error)) => {
                tracing::error!(%error, "a list could not be read");
                Piece::Failed(error)
            }
            Err(ListStopped::Gone) => return,
        };
        // It fails only when the client has gone.
        let _ = self.pieces.send(last);
    }
}

/// What views read from.
///
/// # Errors
/// 503 when it is not known what other nodes have changed.
pub(super) async fn sources(app: &AppData) -> Result<(Store, Arc<Catalog>), Unavailable> {
    let services = app.directory.services();
    let catalog = services.catalog.current().await?;
    Ok((services.store.clone(), Guard::into_inner(catalog)))
}

/// A request for a page of a list.
pub(super) struct ListRequest<Filter> {
    pub(super) store: Store,
    pub(super) catalog: Arc<Catalog>,
    pub(super) filter: Filter,
    pub(super) page: Page,
}

impl<Filter> ListRequest<Filter> {
    /// Reads the parameters of `request`, those of the filter with `filter`.
    ///
    /// # Errors
    /// 400 naming each wrong parameter; 503 as [`sources`].
    pub(super) async fn read(
        request: &HttpRequest,
        app: &AppData,
        filter: impl FnOnce(&mut Query, &Catalog) -> Filter,
    ) -> Result<Self, ApiError> {
        let (store, catalog) = sources(app).await?;
        let mut query = Query::of(request);
        let filter = filter(&mut query, &catalog);
        let page = query.page();
        query.finish()?;
        Ok(Self {
            store,
            catalog,
            filter,
            page,
        })
    }

    /// Answers with the rows that `list` finds. It runs on the pool.
    ///
    /// # Errors
    /// 503 when the store can't be read from the start.
    pub(super) async fn answer<Row: Serialize + 'static>(
        self,
        list: for<'a> fn(&'a Store, &'a Catalog, Filter, &Page) -> Rows<'a, Row>,
    ) -> Result<HttpResponse, ApiError>
    where
        Filter: Send + 'static,
    {
        stream(move |rows| {
            for row in list(&self.store, &self.catalog, self.filter, &self.page) {
                rows.push(&row?)?;
            }
            Ok(())
        })
        .await
    }
}

/// Answers with the record of the id in a path.
///
/// # Errors
/// 404 when there is none, 503 when the store can't be read.
pub(super) async fn record<R: Row + Serialize + Send + 'static>(
    app: &AppData,
    what: &str,
    id: &str,
) -> Result<HttpResponse, ApiError> {
    let number = id.parse().map_err(|_| not_found(what, id))?;
    let (store, catalog) = sources(app).await?;
    match pool::read(move || views::find::<R>(&store, &catalog, number)).await? {
        Some(row) => one(&row),
        None => Err(not_found(what, id)),
    }
}

/// 404 for a record that does not exist.
pub(super) fn not_found(what: &str, id: &str) -> ApiError {
    ApiError::NotFound(format!("there is no {what} {id}"))
}

/// Refuses a filter by a session that does not exist.
///
/// # Errors
/// 400 when there is no such session, 503 when the store can't be read.
pub(super) async fn known_session(store: &Store, session: Option<SessionId>) -> Result<(), ApiError> {
    let Some(id) = session else {
        return Ok(());
    };
    let store = store.clone();
    if pool::read(move || sessions::exists(&store, id)).await? {
        Ok(())
    } else {
        Err(ApiError::field("session", format!("there is no session {id}")))
    }
}

/// Answers with a JSON list of what `read` pushes. `read` runs on the pool.
async fn stream(
    read: impl FnOnce(&mut ListWriter) -> Result<(), ListStopped> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let (sender, mut pieces) = PieceSender::new();
    let mut list = ListWriter {
        buffer: Vec::new(),
        started: false,
        pieces: sender,
    };
    // The channel shows its end, also when it panics.
    drop(tokio::task::spawn_blocking(move || {
        let end = read(&mut list);
        list.finish(end);
    }));
    match pieces.recv().await {
        Some(Piece::Last(all)) => Ok(json().body(all)),
        Some(Piece::Part(first)) => Ok(json().streaming(rest(first, pieces))),
        Some(Piece::Failed(error)) => Err(error.into()),
        None => Err(Unavailable::Unreadable("the reader was lost".into()).into()),
    }
}

/// Answers with one value.
///
/// # Errors
/// 503 when it can't be serialized.
pub(super) fn one(row: &impl Serialize) -> Result<HttpResponse, ApiError> {
    let mut body = Vec::new();
    to_json(&mut body, row)?;
    Ok(json().body(body))
}

/// The first piece and all others. An error, which closes the connection, when the last is missing.
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

/// Answers hold secure keys, which open directories, so no cache may store them.
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

    fn failure() -> ListStopped {
        ListStopped::Failed(Unavailable::Unreadable("the disk is gone".into()))
    }

    /// More than a piece.
    fn large() -> String {
        "x".repeat(PIECE)
    }

    #[actix_web::test]
    async fn what_is_small_is_sent_whole() {
        for (rows, text) in [(0, "[]"), (1, "[0]"), (3, "[0,1,2]")] {
            let answer = stream(move |to| (0..rows).try_for_each(|row| to.push(&row)));
            let body = answer.await.unwrap().into_body();
            assert_eq!(body.size(), BodySize::Sized(text.len() as u64));
            assert_eq!(to_bytes(body).await.unwrap(), text);
        }
    }

    #[actix_web::test]
    async fn what_is_large_comes_in_pieces() {
        let answer = stream(|to| (0..3).try_for_each(|_| to.push(&large())))
            .await
            .unwrap();
        let body = to_bytes(answer.into_body()).await.ok().unwrap();
        let rows: Vec<String> = serde_json::from_slice(&body).unwrap();
        assert_eq!(rows, [large(), large(), large()]);
    }

    #[actix_web::test]
    async fn a_failure_at_the_start_is_a_503() {
        let failed = stream(|to| to.push(&1).and(Err(failure()))).await.unwrap_err();
        assert_eq!(failed.status_and_code().1, "unreadable");
        let panicked = stream(|_| panic!("on purpose")).await.unwrap_err();
        assert_eq!(panicked.status_and_code().1, "unreadable");
    }

    #[actix_web::test]
    async fn a_failure_later_never_looks_like_the_end() {
        for ending in [
            || Err(failure()),
            || -> Result<(), ListStopped> { panic!("on purpose") },
        ] {
            let answer = stream(move |to| {
                to.push(&large())?;
                ending()
            });
            assert!(to_bytes(answer.await.unwrap().into_body()).await.is_err());
        }
    }
}
