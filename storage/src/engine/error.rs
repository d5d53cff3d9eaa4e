//! Why a database failed, and what became of the group.

use std::error::Error;
use std::io;
use thiserror::Error;

/// What became of a group that could not be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing took effect, and a retry would fail again.
    Final,
    /// Nothing took effect, and a retry may succeed.
    Passing,
    /// The group may have taken effect: only a restart tells.
    Unknown,
    /// The database is away. Nothing took effect; it may come back.
    Away,
    /// The database went away while it committed. The next application of the same group first
    /// finds out whether it took effect.
    Unsettled,
}

/// Why a database could not read or write.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum EngineError {
    #[error("the database failed")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    #[error("the database failed while it wrote")]
    Write(#[source] Box<dyn Error + Send + Sync>),
    #[error("what was written could not be synced to the disk")]
    Sync(#[source] io::Error),
    #[error("a write failed half way: only a restart tells what is stored")]
    Torn,
    #[error("the disk of the store has {free} bytes left, and needs {needed} to go on: make room")]
    Full { free: u64, needed: u64 },
    #[error("the counter of table {table} holds {found}")]
    Counter { table: u8, found: String },
    #[error("the store's tally is damaged: restore the last backup")]
    Tally,
    #[error("the database is away: {0}")]
    Away(String),
    #[error("the database went away while it committed: {0}")]
    Unsettled(String),
    #[error("what an import changes could not be noted in its undo file")]
    Undo(#[source] io::Error),
    #[error("another process has changed the database during the import: stop it, and import again")]
    NotAlone,
    #[error("a fault was injected")]
    Injected,
}

impl EngineError {
    pub(crate) fn database(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Database(Box::new(error))
    }

    pub(crate) fn write(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Write(Box::new(error))
    }

    /// What became of the group whose application returned this error.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Database(_)
            | Self::Torn
            | Self::Counter { .. }
            | Self::Tally
            | Self::Undo(_)
            | Self::NotAlone
            | Self::Injected => Failure::Final,
            Self::Full { .. } => Failure::Passing,
            Self::Write(_) | Self::Sync(_) => Failure::Unknown,
            Self::Away(_) => Failure::Away,
            Self::Unsettled(_) => Failure::Unsettled,
        }
    }

    /// The error and all its causes, in one line.
    pub(crate) fn chain(&self) -> String {
        let first: &dyn Error = self;
        let causes = std::iter::successors(Some(first), |cause| (*cause).source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }
}
