//! A table as CSV.

use super::table::{Asked, Cell, Table};
use crate::pieces::PieceSender;
use crate::views::Page;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::HttpResponse;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::{ReadError, Store};
use futures_util::stream;
use std::io;
use std::sync::Arc;

/// Bytes of CSV after which a piece is sent.
const PIECE: usize = 64 * 1024;
/// All rows as CSV, read while they are sent. If the store fails, the connection is closed in the
/// middle, so that the file never looks complete.
pub(super) fn file<T: Table>(store: Store, catalog: Arc<Catalog>, asked: Asked) -> HttpResponse {
    let (client, receiver) = PieceSender::<io::Result<Bytes>>::new();
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

fn write_csv<T: Table>(
    store: &Store,
    catalog: &Catalog,
    asked: &Asked,
    client: &PieceSender<io::Result<Bytes>>,
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
            if client.send(Ok(full.unwrap_or_default().into())).is_err() {
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
