//! Why a dump cannot be read.

use std::fmt;
use std::io;
use thiserror::Error;

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Its number in the list, from 1.
    pub record: u64,
    /// The bytes before it.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, offset, line } = self;
        write!(f, "record {record} (line {line}, byte {offset})")
    }
}

/// Why a dump cannot be read.
#[derive(Debug, Error)]
pub enum DumpError {
    /// The file cannot be read.
    #[error("the dump cannot be read")]
    Io(#[from] io::Error),
    /// It is not the list that `dumpdata` writes.
    #[error("after {place}: {message}")]
    List {
        /// The last record that began.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// A record is wrong.
    #[error("{place}{}{}: {message}", model.as_ref().map(|model| format!(", {model}")).unwrap_or_default(), pk.as_ref().map(|pk| format!(" {pk}")).unwrap_or_default())]
    Record {
        /// Where it begins.
        place: Place,
        /// Its model, if that is known.
        model: Option<String>,
        /// Its primary key, if that is known.
        pk: Option<String>,
        /// What is wrong.
        message: String,
    },
}
