//! Why a store could not be opened.

use super::postgres::PostgresSettingsError;
use crate::format::FormatError;
use crate::mark::MarkError;
use crate::undo::error::UndoError;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a store could not be opened. The message says what to do.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum OpenError {
    #[error(
        "the store {path} is in use by another process: stop that beamlive, or give this one its own store"
    )]
    Locked { path: PathBuf },
    #[error("there is no store in {path}: name the data directory of a beamlive")]
    Missing { path: PathBuf },
    #[error("the store {path} is not a directory: name a directory, or one that does not exist yet")]
    NotADirectory { path: PathBuf },
    #[error(
        "the store {path} may not be read and written: give its directory to the user that runs beamlive"
    )]
    Permission { path: PathBuf, source: io::Error },
    #[error("the store {path} is damaged: keep a copy of the directory and restore the last backup")]
    Corrupted {
        path: PathBuf,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("the directory {path} holds a database that is not a store of beamlive: name another directory")]
    Foreign {
        path: PathBuf,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error(
        "the store {path} was made by the engine {found}: set store.engine = \"{found}\", or convert it with `beamlive backup` and `beamlive restore --store-engine {wanted}`"
    )]
    OtherEngine {
        path: PathBuf,
        found: &'static str,
        wanted: &'static str,
    },
    #[error("the store {path} can't be trusted")]
    Mark { path: PathBuf, source: MarkError },
    #[error("the store {path} could not be opened")]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Settings(#[from] PostgresSettingsError),
    #[error("no threads can be started for the database")]
    NoThreads(#[source] io::Error),
    #[error(
        "the database {database} can't be used: {reason}; check store.url, that the server runs, and that it lets beamlive in"
    )]
    Unreachable { database: String, reason: String },
    #[error("the database has the encoding {0}: make one with the encoding UTF8")]
    Encoding(String),
    #[error("there is no store in the database {0}: check store.url")]
    NoSchema(String),
    #[error("a restore into the database {0} was interrupted: run `beamlive restore` again")]
    Restoring(String),
    #[error(
        "the database was upgraded by a newer beamlive (schema {found}, which builds before schema {compatible} can't use): run that one"
    )]
    NewerSchema { found: i32, compatible: i32 },
    #[error("the database {database} can't be used by this build")]
    DatabaseFormat { database: String, source: FormatError },
    #[error("the store {store} holds a part of an import")]
    Unfinished { store: String, source: UndoError },
    #[error("no import into the store {store} can begin")]
    Import { store: String, source: UndoError },
    #[error("the store {path} can't be used by this build")]
    Format { path: PathBuf, source: FormatError },
}

impl OpenError {
    /// The error of opening `path` when its format was refused or could not be checked.
    pub(crate) fn of_format(path: &Path, source: FormatError) -> Self {
        let path = path.to_owned();
        match source {
            FormatError::Engine(error) => Self::Io {
                path,
                source: io::Error::other(error),
            },
            source => Self::Format { path, source },
        }
    }

    /// The error of opening `path` when the database finds damage.
    pub(crate) fn corrupted(path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let (path, source) = (path.to_owned(), source.into());
        Self::Corrupted { path, source }
    }

    /// The error of opening `path` when the database was created with other settings.
    pub(crate) fn foreign(path: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let (path, source) = (path.to_owned(), source.into());
        Self::Foreign { path, source }
    }

    /// The error of opening `path` when its mark was refused or could not be checked.
    pub(crate) fn of_mark(path: &Path, source: MarkError) -> Self {
        let path = path.to_owned();
        Self::Mark { path, source }
    }

    /// The error of opening `path` when a file could not be read or written.
    pub(crate) fn unreadable(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission { path, source },
            io::ErrorKind::NotADirectory => Self::NotADirectory { path },
            _ => Self::Io { path, source },
        }
    }
}
