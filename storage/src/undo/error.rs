//! Why an import could not be undone.

use crate::engine::error::EngineError;
use crate::time::Timestamp;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why an unfinished import can't be undone, or none can begin.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum UndoError {
    #[error(
        "{path} is damaged ({reason}), so that nothing says what was stored before the import: keep a copy of the directory and restore the last backup"
    )]
    Damaged { path: PathBuf, reason: &'static str },
    #[error("{0} was written by a newer beamlive: run that one")]
    Newer(PathBuf),
    #[error(
        "its undo file {0} is missing, so that nothing says what was stored before: put it back, or restore the last backup"
    )]
    Missing(PathBuf),
    #[error(
        "the node {node} began it at {} and has not finished it: start that node with its data directory, which undoes the import", .began.to_utc()
    )]
    Elsewhere { node: String, began: Timestamp },
    #[error("it was interrupted: start beamlive once, which undoes it, or run the import again")]
    Unfinished,
    #[error("can't read or write {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error("the database could not be read or written")]
    Engine(#[from] EngineError),
}
