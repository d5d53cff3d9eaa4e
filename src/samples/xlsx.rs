//! Sheets as workbooks. Of a workbook, the first sheet counts.
//!
//! A workbook is a zip file of XML. All of it is unpacked once, to count the bytes, before anything
//! is read from it. Its cells are read one after the other, because the area that they span may be
//! as large as its file says.

use super::columns::Column;
use super::export::Row;
use super::sheet::{Sheet, Stop};
use beamlive_actors::facility::place::Mistake;
use calamine::{DataRef, Reader, Xlsx};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use std::io::{self, Cursor, Read};
use zip::ZipArchive;

/// Most bytes of a workbook after unpacking.
const MAX_UNPACKED: u64 = 64 * 1024 * 1024;
/// Most files in a workbook.
const MAX_PARTS: usize = 1_000;
/// From here on a spreadsheet rounds whole numbers.
const ROUNDED: f64 = 1e15;

/// Reads a sheet.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Vec<Mistake>> {
    let mut sheet = Sheet::default();
    // What stops the reading is noted in the sheet.
    let _ = fill(&mut sheet, bytes);
    sheet.finish()
}

fn fill(sheet: &mut Sheet, bytes: &[u8]) -> Result<(), Stop> {
    if let Err(why) = check_size(bytes) {
        return Err(sheet.stop(0, why));
    }
    let damaged = |error: calamine::XlsxError| format!("can't be read as a workbook (xlsx): {error}");
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|error| sheet.stop(0, damaged(error)))?;
    let Some(first) = workbook.sheet_names().first().cloned() else {
        return Err(sheet.stop(0, "is missing: the workbook has none"));
    };
    let mut cells = workbook
        .worksheet_cells_reader(&first)
        .map_err(|error| sheet.stop(0, damaged(error)))?;
    loop {
        let read = cells.next_cell_with_formula_metadata();
        let Some(cell) = read.map_err(|error| sheet.stop(usize::MAX, damaged(error)))? else {
            return Ok(());
        };
        let place = |index: u32| usize::try_from(index).map_or(usize::MAX, |index| index.saturating_add(1));
        let (row, column) = (place(cell.pos.0), place(cell.pos.1));
        match text(&cell.value) {
            Ok(text) if text.is_empty() && cell.formula.is_some() => {
                sheet.note(
                    row,
                    column,
                    "is a formula without a value: write the value in its place",
                );
            }
            Ok(text) => sheet.add(row, column, &text)?,
            Err(why) => sheet.note(row, column, why),
        }
    }
}

/// Unpacks everything, and keeps nothing.
fn check_size(bytes: &[u8]) -> Result<(), String> {
    let damaged = |error: &dyn std::fmt::Display| format!("can't be read as a workbook (xlsx): {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if archive.len() > MAX_PARTS {
        return Err(format!("is in a workbook of more than {MAX_PARTS} parts"));
    }
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| damaged(&error))?;
        let length = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(|error| damaged(&error))?;
        left = left
            .checked_sub(length)
            .ok_or_else(|| format!("is in a workbook that unpacks to more than {MAX_UNPACKED} bytes"))?;
    }
    Ok(())
}

/// The text of a cell as a person reads it.
fn text(value: &DataRef<'_>) -> Result<String, String> {
    match value {
        DataRef::Empty => Ok(String::new()),
        DataRef::String(text) => Ok(text.clone()),
        DataRef::SharedString(text) => Ok((*text).to_owned()),
        DataRef::Bool(flag) => Ok(flag.to_string().to_uppercase()),
        DataRef::Int(number) => Ok(number.to_string()),
        DataRef::Float(number) if number.abs() < ROUNDED => Ok(number.to_string()),
        DataRef::Float(_) => {
            Err("is a number of more than 15 digits, which spreadsheets round: make it a text".to_owned())
        }
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => {
            Err("is a date or a time: make it a text".to_owned())
        }
        DataRef::Error(error) => Err(format!("holds the error {error}")),
    }
}

/// Writes a sheet. All cells are texts, so nothing is taken for a formula, and barcodes keep their
/// digits.
pub(super) fn write(rows: &[Row]) -> Result<Vec<u8>, String> {
    let write = || -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name("Samples")?;
        let (bold, plain) = (Format::new().set_bold(), Format::new().set_num_format("@"));
        sheet.set_freeze_panes(1, 0)?;
        for (at, column) in (0u16..).zip(Column::ALL) {
            sheet.set_column_format(at, &plain)?;
            sheet.set_column_width(at, 16)?;
            sheet.write_string_with_format(0, at, column.heading(), &bold)?;
        }
        for (number, row) in (1u32..).zip(rows) {
            for (at, column) in (0u16..).zip(Column::ALL) {
                let text = row.cell(column);
                if !text.is_empty() {
                    sheet.write_string_with_format(number, at, text, &plain)?;
                }
            }
        }
        workbook.save_to_buffer()
    };
    write().map_err(|error| error.to_string())
}
