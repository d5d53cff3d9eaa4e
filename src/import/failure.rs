//! Why an import did nothing.

use beamlive_actors::facility::place::Mistake;
use beamlive_mxlive::{DumpError, WriteError};
use beamlive_storage::{CommitError, ReadError, Unavailable};
use std::path::PathBuf;
use thiserror::Error;

/// Why an import did nothing.
#[derive(Debug, Error)]
pub enum ImportFailure {
    /// A file can't be opened.
    #[error("can't read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A dump can't be read.
    #[error("{path}: {source}")]
    Dump {
        /// The file.
        path: PathBuf,
        /// Where, and why.
        source: DumpError,
    },
    /// The facility of the dump does not fit the one that is here.
    #[error("what is declared in the dump does not fit what is here:{}", list(.0))]
    Facility(Vec<Mistake>),
    /// What was declared can't be written as a facility file.
    #[error("the facility of the dump can't be written as a file: {0}")]
    Declared(#[from] serde_json::Error),
    /// A record could not be stored.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The store can't be read.
    #[error("the store can't be read")]
    Read(#[from] ReadError),
    /// A batch was not stored.
    #[error("the store can't be written: {0}")]
    Commit(#[from] CommitError),
    /// The store does not write.
    #[error("the store can't be written: {0}")]
    Unavailable(#[from] Unavailable),
    /// The report can't be written.
    #[error("the report can't be written: {0}")]
    Report(#[from] std::io::Error),
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect()
}
