//! The trait that a database implements to hold the store.

use super::error::EngineError;
use crate::batch::Batch;
use crate::group::{self, Applied, Note};
use crate::shared::GroupLog;
use std::sync::Arc;
use std::time::Duration;

/// A database under the store.
///
/// Any thread may read at any time. It sees either all of a group or nothing of it, key by key.
/// Only one thread at a time calls `apply`.
pub trait Engine: Send + Sync + 'static {
    /// Reads one key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Reads `start..end`, lazily and without blocking writes. An entry that is written meanwhile
    /// may or may not be among the items. Each key comes at most once, and in order.
    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_>;

    /// Checks the preconditions of each batch in order, later batches seeing the effects of earlier
    /// ones that held; allocates ids; and applies all batches that hold as one atomic write.
    /// Returns once that write is durable. [`crate::group::apply`] does all but the writing.
    ///
    /// # Errors
    /// [`EngineError`], whose [`EngineError::failure`] says what became of the group.
    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError>;

    /// As [`Self::apply`], for a group of an import: `note` sees the plan before anything of it is
    /// written, so also the values that the group replaces. It may see the plan of a group several
    /// times, if the database has to try again.
    ///
    /// This plans the group twice. A database that can do better does.
    ///
    /// # Errors
    /// As [`Self::apply`], and the error of `note`.
    fn apply_noting(&self, group: &[Batch], note: Note<'_>) -> Result<Applied, EngineError> {
        let plan = group::plan(group, |key| self.get(key))?;
        if !plan.rows.is_empty() {
            note(&plan)?;
        }
        self.apply(group)
    }

    /// A snapshot of the rows between two groups. `None` if the database keeps no old versions: the
    /// store then saves the rows that the writer changes. Does not block; a snapshot of a database
    /// elsewhere may begin with its first read.
    fn freeze(&self) -> Option<Arc<dyn Frozen>> {
        None
    }

    /// How long the writer keeps a group for a database that is away. `None` if the database cannot
    /// be away: it is part of this process.
    fn hold(&self) -> Option<Duration> {
        None
    }

    /// The last group, whose application failed with [`super::Failure::Unsettled`], will not be
    /// tried again.
    fn abandon(&self) {}

    /// The log of groups of a database that several processes write.
    fn shared(&self) -> Option<Arc<dyn GroupLog>> {
        None
    }

    /// What the store takes on disk; nothing for a database that is not on this host. May block.
    fn disk(&self) -> DiskUse {
        DiskUse::default()
    }
}

/// The rows of a database at one moment.
pub trait Frozen: Send + Sync + 'static {
    /// Reads one key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// Reads `start..end` in ascending order, lazily.
    fn range(&self, start: &[u8], end: &[u8]) -> Entries<'_>;
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

impl Order {
    /// Returns ascending `entries` in this order.
    pub(crate) fn of<'a, E>(self, entries: E) -> Entries<'a>
    where
        E: DoubleEndedIterator<Item = Result<(Vec<u8>, Vec<u8>), EngineError>> + 'a,
    {
        match self {
            Self::Ascending => Box::new(entries),
            Self::Descending => Box::new(entries.rev()),
        }
    }
}

/// What the store takes on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiskUse {
    /// Bytes of all its files.
    pub bytes: u64,
    /// A problem that an operator must fix, such as data that the database does not check.
    pub trouble: Option<String>,
    /// The file system of the store, if known.
    pub filesystem: Option<Filesystem>,
}

/// A file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filesystem {
    /// Its size in bytes.
    pub bytes: u64,
    /// Free bytes that the service's user may use.
    pub free: u64,
}
