//! Why a dump is not complete.

use crate::dump::DumpError;
use beamlive_storage::ReadError;
use std::io;
use thiserror::Error;

/// Why a dump is not complete.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The store can't be read.
    #[error("the store cannot be read")]
    Read(#[from] ReadError),
    /// The dump can't be written.
    #[error("the dump cannot be written: {0}")]
    Write(#[from] io::Error),
    /// A record is not JSON.
    #[error("a record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// What was written can't be read back.
    #[error("the dump cannot be read back: {0}")]
    Dump(#[from] DumpError),
    /// The facility that was written is not one that the service accepts.
    #[error("the facility would not be accepted again:{}", .0.iter().map(|mistake| format!("\n  {mistake}")).collect::<String>())]
    Facility(Vec<String>),
}
