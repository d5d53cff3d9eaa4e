//! What a database must offer to hold the store: read a key, read a range in order, apply batches atomically.

pub mod faults;
mod filter;
mod journal;
pub(crate) mod journaled;
mod layers;
pub mod memory;
mod recent;
mod runs;
pub(crate) mod sled;

pub use sled::RESERVE;
pub(crate) use sled::SCRATCH;

use crate::batch::Batch;
use crate::group::{Committed, Conflict};
use std::error::Error;
use std::io;
use thiserror::Error;

/// A database under the store.
///
/// Reads may come from any thread at any time and see either all of a group or nothing of it, key by key. `apply` is
/// called by one thread at a time.
pub trait Engine: Send + Sync + 'static {
    /// Reads one key.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Reads `start..end`, lazily and without blocking writes meanwhile: an entry written while the range is read
    /// may or may not be among the items, each key comes at most once and in order.
    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_>;

    /// Checks the preconditions of each batch in order, later ones seeing the effects of earlier ones that held,
    /// allocates ids, and applies all that hold as one atomic write. Returns, one outcome per batch, only once that
    /// write is durable. [`crate::group::plan`] does all but the writing.
    ///
    /// # Errors
    /// [`EngineError`] when it is unknown whether the group is durable. The store then writes nothing any more.
    fn apply(&self, group: &[Batch]) -> Result<Vec<Result<Committed, Conflict>>, EngineError>;

    /// Called once nothing is applied any more: what was put off is done now. What is durable already is so without it.
    ///
    /// # Errors
    /// [`EngineError`] when it could not be done; it is then done at the next start.
    fn settle(&self) -> Result<(), EngineError> {
        Ok(())
    }

    /// What the store takes on disk now; nothing for a database that is not on this host.
    fn disk(&self) -> DiskUse {
        DiskUse::default()
    }
}

/// Keys and values, in order.
pub type Entries<'a> = Box<dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), EngineError>> + 'a>;

/// Which end of a range comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The smallest key first.
    Ascending,
    /// The greatest key first.
    Descending,
}

/// What the store takes on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskUse {
    /// Bytes of all its files.
    pub bytes: u64,
    /// Files that sled spilled large pages into. They are neither synced nor freed: more than none is an alarm.
    pub blobs: u64,
    /// Sorted runs that its rows are in.
    pub runs: u64,
    /// The file system it is on, where that can be told.
    pub filesystem: Option<Filesystem>,
}

/// A file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filesystem {
    /// Its size in bytes.
    pub bytes: u64,
    /// What is left of it for the user that runs the service, in bytes.
    pub free: u64,
}

/// Why a database could not read or write.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The database itself failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// What was written could not be made durable.
    #[error("what was written could not be synced to the disk")]
    Sync(#[source] io::Error),
    /// The disk is almost full. Nothing was written.
    #[error("the disk of the store has {free} bytes left, and needs {needed} to go on: make room")]
    Full {
        /// Bytes that are left.
        free: u64,
        /// Bytes that have to be.
        needed: u64,
    },
    /// A counter row is not a counter.
    #[error("the counter of table {table} holds {found}")]
    Counter {
        /// Number of the table.
        table: u8,
        /// What its row holds.
        found: String,
    },
    /// A fault that a test asked for.
    #[error("a fault was injected")]
    Injected,
}

impl EngineError {
    pub(crate) fn database(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Database(Box::new(error))
    }

    /// The error and all its causes, in one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}
