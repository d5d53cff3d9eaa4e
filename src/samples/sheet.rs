//! A bounded sheet: rows of cells, and the mistakes found in cells.

use beamlive_actors::facility::place::{Mistake, Mistakes};
use std::collections::BTreeMap;

/// Longest file, in bytes.
pub const MAX_FILE: usize = 16 * 1024 * 1024;
/// Most rows.
pub const MAX_ROWS: usize = 20_000;
/// Most columns.
pub const MAX_COLUMNS: usize = 64;
/// Longest cell, in bytes. The longest comment, of 10,000 characters, fits.
pub const MAX_CELL: usize = 40_000;
/// Most text of all cells together, in bytes. In a workbook one text may stand in many cells.
pub const MAX_TEXT: usize = 16 * 1024 * 1024;

/// The name of a cell, such as `C7`. Rows and columns count from 1.
#[must_use]
pub fn cell(row: usize, column: usize) -> String {
    let (mut letters, mut rest) = (Vec::new(), column);
    while rest > 0 {
        letters.push(char::from(
            b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default(),
        ));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{row}")
}

/// No more is read: the sheet is too large, or its file is damaged.
#[derive(Debug)]
pub struct Stop;

/// The cells that are not blank. Rows and columns count from 1.
#[derive(Debug, Default)]
pub struct Sheet {
    /// The cells of each row that has any.
    rows: BTreeMap<usize, Vec<String>>,
    text: usize,
    mistakes: Mistakes,
}

impl Sheet {
    /// Adds a cell.
    ///
    /// # Errors
    /// [`Stop`] when the sheet becomes too large; this is noted.
    pub fn add(&mut self, row: usize, column: usize, text: &str) -> Result<(), Stop> {
        if text.trim().is_empty() {
            return Ok(());
        }
        if column > MAX_COLUMNS {
            return Err(self.stop(row, format!("has more than {MAX_COLUMNS} columns")));
        }
        if text.len() > MAX_CELL {
            self.note(row, column, format!("is longer than {MAX_CELL} bytes"));
            return Ok(());
        }
        self.text += text.len();
        if self.text > MAX_TEXT {
            return Err(self.stop(row, format!("holds more than {MAX_TEXT} bytes of text")));
        }
        // One row more, for the headings.
        if self.rows.len() > MAX_ROWS && !self.rows.contains_key(&row) {
            return Err(self.stop(row, format!("has more than {MAX_ROWS} rows")));
        }
        let cells = self.rows.entry(row).or_default();
        if cells.len() < column {
            cells.resize(column, String::new());
        }
        if let Some(cell) = cells.get_mut(column - 1) {
            text.clone_into(cell);
        }
        Ok(())
    }

    /// Notes a mistake in a cell.
    pub fn note(&mut self, row: usize, column: usize, message: impl Into<String>) {
        self.mistakes.other(Some(row), &cell(row, column), message);
    }

    /// Notes why the rest, from `row` on, is not read.
    pub fn stop(&mut self, row: usize, message: impl Into<String>) -> Stop {
        self.mistakes.other(Some(row), "the sheet", message);
        Stop
    }

    /// The whole sheet.
    ///
    /// # Errors
    /// All mistakes, by row.
    pub fn finish(self) -> Result<Self, Vec<Mistake>> {
        if self.mistakes.is_empty() {
            return Ok(self);
        }
        Err(self.mistakes.into_list())
    }

    /// The rows with their numbers.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &[String])> {
        self.rows.iter().map(|(row, cells)| (*row, cells.as_slice()))
    }
}
