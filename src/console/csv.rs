//! A table as CSV.

use super::table::{Asked, Cell, Table};
use crate::views::Page;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::HttpResponse;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::{ReadError, Store};
use futures_util::stream;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Bytes of CSV after which a piece is sent.
const PIECE: usize = 64 * 1024;
/// How long a client may take for one piece: a reader on the pool waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// All rows as CSV, read while they are sent. If the store fails, the connection is closed in the
/// middle, so that the file never looks complete.
pub(super) fn file<T: Table>(store: Store, catalog: Arc<Catalog>, asked: Asked) -> HttpResponse {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(1);
    let client = Client {
        pieces: sender,
        runtime: Handle::current(),
    };
    drop(tokio::task::spawn_blocking(move || {
        if let Err(error) = write_csv::<T>(&store, &catalog, &asked, &client) {
            tracing::error!(%error, "a table could not be read");
            let _ = client.send(Err(io::Error::other(error)));
        }
    }));
    let pieces = stream::unfold(receiver, |mut receiver| async move {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    });
    let name = T::PATH.trim_start_matches('/');
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.csv\""),
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(pieces)
}

/// Who takes a file, piece by piece.
struct Client {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
}

impl Client {
    /// Sends a piece. `None`: the client has gone, or is too slow.
    fn send(&self, piece: io::Result<Bytes>) -> Option<()> {
        let sent = self.runtime.block_on(timeout(PATIENCE, self.pieces.send(piece)));
        sent.ok()?.ok()
    }
}

fn write_csv<T: Table>(
    store: &Store,
    catalog: &Catalog,
    asked: &Asked,
    client: &Client,
) -> Result<(), ReadError> {
    let mut out = csv_writer();
    // Writing into memory does not fail.
    let _ = out.write_record(T::COLUMNS.iter().map(|(title, _)| *title));
    let page = Page {
        before: asked.before,
        limit: usize::MAX,
    };
    for row in T::list(store, catalog, asked, &page) {
        let cells = T::cells(&row?);
        if !asked.find.is_empty() && !asked.finds(&cells) {
            continue;
        }
        let _ = out.write_record(cells.iter().map(Cell::plain));
        if out.get_ref().len() >= PIECE {
            let full = std::mem::replace(&mut out, csv_writer()).into_inner();
            if client.send(Ok(full.unwrap_or_default().into())).is_none() {
                return Ok(());
            }
        }
    }
    let rest = out.into_inner().unwrap_or_default();
    let _ = client.send(Ok(rest.into()));
    Ok(())
}

fn csv_writer() -> ::csv::Writer<Vec<u8>> {
    ::csv::WriterBuilder::new()
        .buffer_capacity(1024)
        .from_writer(Vec::new())
}
