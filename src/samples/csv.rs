//! Sheets as CSV in UTF-8, separated by commas, semicolons or tabs.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula. So an apostrophe
//! is written before such a text, and taken away when it is read.

use super::columns::Column;
use super::export::Row;
use super::sheet::{Sheet, Stop};
use beamlive_actors::facility::place::Mistake;
use csv::{ByteRecord, ReaderBuilder, Writer};

/// Reads a sheet.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Vec<Mistake>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut sheet = Sheet::default();
    // What stops the reading is noted in the sheet.
    let _ = fill(&mut sheet, bytes);
    sheet.finish()
}

fn fill(sheet: &mut Sheet, bytes: &[u8]) -> Result<(), Stop> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut number = 0;
    loop {
        let start = reader.position().byte();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(sheet.stop(number, format!("is not CSV: {error}"))),
        }
        number += 1 + blank_lines(bytes, start);
        for (column, field) in (1..).zip(&record) {
            match std::str::from_utf8(field) {
                Ok(text) => sheet.add(number, column, unguarded(text))?,
                Err(_) => sheet.note(number, column, "is not UTF-8: save the file as \"CSV UTF-8\""),
            }
        }
    }
}

/// How many blank lines, which the reader skips, begin at `start`.
fn blank_lines(bytes: &[u8], start: u64) -> usize {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let mut rest = bytes.get(start..).unwrap_or_default();
    // The record before may have ended between the two characters of a line end.
    if start > 0 && bytes.get(start - 1) == Some(&b'\r') {
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    let mut lines = 0;
    while let Some(after) = [&b"\r\n"[..], b"\n", b"\r"]
        .into_iter()
        .find_map(|end| rest.strip_prefix(end))
    {
        rest = after;
        lines += 1;
    }
    lines
}

/// The delimiter by which the first line has the most known headings.
fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let known = |delimiter: &u8| {
        let cells = line.split(|byte| byte == delimiter);
        let known = cells.filter(|cell| {
            let heading = std::str::from_utf8(cell).ok().and_then(Column::of_heading);
            heading.is_some()
        });
        known.count()
    };
    // Of several that are equal, `max_by_key` takes the last.
    [b'\t', b';', b','].into_iter().max_by_key(known).unwrap_or(b',')
}

/// Writes a sheet.
pub(super) fn write(rows: &[Row]) -> Result<Vec<u8>, String> {
    let mut writer = Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| writer.write_record(cells).map_err(|error| error.to_string());
    write(Column::ALL.map(|column| column.heading().to_owned()).to_vec())?;
    for row in rows {
        let cell = |column: Column| match column {
            Column::Priority => row.cell(column).to_owned(),
            _ => guarded(row.cell(column)),
        };
        write(Column::ALL.map(cell).to_vec())?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

/// Whether a spreadsheet takes the text, without the apostrophes before it, for a formula.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn guarded(text: &str) -> String {
    if is_formula(text) {
        return format!("'{text}");
    }
    text.to_owned()
}

fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}
