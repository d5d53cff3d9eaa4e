//! Samples as people keep them: a sheet with one row a sample, as CSV or as a workbook (xlsx).
//!
//! Pure: from bytes to a facility file and its mistakes, and from the facility to bytes.
//!
//! | file | what it holds |
//! |---|---|
//! | `columns.rs` | the columns, and the headings by which they are found |
//! | `sheet.rs` | a bounded sheet: rows of cells, and the mistakes found in cells |
//! | `csv.rs`, `xlsx.rs` | read and write a sheet |
//! | `import.rs` | from a sheet to the facility file of one project |
//! | `export.rs` | from the facility to the rows of one project |

pub mod columns;
mod csv;
pub mod export;
pub mod import;
pub mod sheet;
mod xlsx;

use beamlive_actors::facility::place::Mistake;
use sheet::Sheet;

/// The media type of CSV.
pub const CSV: &str = "text/csv";
/// The media type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The format of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, in UTF-8.
    Csv,
    /// A workbook, of which the first sheet counts.
    Xlsx,
}

impl Format {
    /// The format of a media type.
    #[must_use]
    pub fn of_media_type(text: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx]
            .into_iter()
            .find(|format| format.media_type().eq_ignore_ascii_case(text))
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => CSV,
            Self::Xlsx => XLSX,
        }
    }

    /// Reads a sheet.
    ///
    /// # Errors
    /// What has to be corrected, with its cell where there is one.
    pub fn read(self, bytes: &[u8]) -> Result<Sheet, Vec<Mistake>> {
        match self {
            Self::Csv => csv::read(bytes),
            Self::Xlsx => xlsx::read(bytes),
        }
    }

    /// Writes a sheet with the headings of all columns and these rows.
    ///
    /// # Errors
    /// When there are more rows than a workbook can hold.
    pub fn write(self, rows: &[export::Row]) -> Result<Vec<u8>, String> {
        match self {
            Self::Csv => csv::write(rows),
            Self::Xlsx => xlsx::write(rows),
        }
    }
}

#[cfg(test)]
mod tests;
