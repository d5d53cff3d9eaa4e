//! A table as a workbook (xlsx).

use super::frame::guarded;
use super::refusal::PageError;
use super::table::{Asked, Cell, Table};
use crate::blocking;
use crate::error::ApiError;
use crate::samples::XLSX;
use crate::views::Page;
use actix_web::http::header;
use actix_web::HttpResponse;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_storage::{ReadError, Store};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Most rows of a workbook: all of them are in memory until it is written.
const MOST: usize = 100_000;
/// Workbooks that are made at a time, so that their memory is bounded. Others wait.
static PLACES: Semaphore = Semaphore::const_new(1);

/// All rows as a workbook.
///
/// # Errors
/// 400 when there are more than 100,000, 503 when the store can't be read.
pub(super) async fn file<T: Table>(
    store: Store,
    catalog: Arc<Catalog>,
    asked: Asked,
) -> Result<HttpResponse, PageError> {
    // The semaphore is never closed.
    let _place = PLACES.acquire().await;
    let read = pool::read(move || rows::<T>(&store, &catalog, &asked));
    let rows = read.await?;
    if rows.len() > MOST {
        let message = "of a workbook can be at most 100000: filter the list, or take CSV";
        return Err(ApiError::field("The rows", message).into());
    }
    let written = blocking::run("workbook", move || write::<T>(&rows)).await?;
    let bytes = written.map_err(|error| {
        tracing::error!(%error, "a workbook could not be written");
        Unavailable::Lost("workbook")
    })?;
    let name = T::PATH.trim_start_matches('/');
    Ok(guarded(HttpResponse::Ok())
        .content_type(XLSX)
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.xlsx\""),
        ))
        .body(bytes))
}

/// The cells of all rows, at most one more than fit.
fn rows<T: Table>(store: &Store, catalog: &Catalog, asked: &Asked) -> Result<Vec<Vec<Cell>>, ReadError> {
    let page = Page {
        before: asked.before,
        limit: usize::MAX,
    };
    let mut rows = Vec::new();
    for row in T::list(store, catalog, asked, &page) {
        let cells = T::cells(&row?);
        if asked.find.is_empty() || asked.finds(&cells) {
            rows.push(cells);
        }
        if rows.len() > MOST {
            break;
        }
    }
    Ok(rows)
}

fn write<T: Table>(rows: &[Vec<Cell>]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(T::TITLE)?;
    sheet.set_freeze_panes(1, 0)?;
    let bold = Format::new().set_bold();
    for (column, (title, _)) in (0_u16..).zip(T::COLUMNS) {
        sheet.write_with_format(0, column, *title, &bold)?;
    }
    for (line, cells) in (1_u32..).zip(rows) {
        for ((column, cell), (_, is_number)) in (0_u16..).zip(cells).zip(T::COLUMNS) {
            let text = cell.text();
            match text.parse::<f64>() {
                Ok(number) if *is_number => sheet.write(line, column, number)?,
                // A text is never a formula here.
                _ => sheet.write_string(line, column, text)?,
            };
        }
    }
    workbook.save_to_buffer()
}
