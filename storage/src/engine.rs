//! What a database must offer to hold the store: read a key, read a range in order, apply batches atomically.
//!
//! | file | what it holds |
//! |---|---|
//! | `sled.rs` | sled 0.34: the default |
//! | `fjall.rs` | fjall 3: for large sites |
//! | `memory.rs` | a map, for tests |
//! | `place.rs` | the directory of a database on disk: opening, syncing, its size and what is free |
//! | `faults.rs` | where a test can make a database fail |

pub mod faults;
pub(crate) mod fjall;
pub mod memory;
pub(crate) mod place;
pub(crate) mod sled;

pub use place::RESERVE;

use crate::batch::Batch;
use crate::group::Applied;
use crate::store::StoreConfig;
use faults::Faults;
use place::OpenError;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
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
    /// allocates ids, and applies all that hold as one atomic write. Returns only once that write is durable. [`crate::group::plan`] does all but the writing.
    ///
    /// # Errors
    /// [`EngineError`], whose [`EngineError::failure`] says what became of the group.
    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError>;

    /// The rows as they are between two groups, for as long as it is kept; `None` where the database keeps no old
    /// versions. The store then saves what the writer changes.
    fn freeze(&self) -> Option<Arc<dyn Frozen>> {
        None
    }

    /// What the store takes on disk now; nothing for a database that is not on this host. May block.
    fn disk(&self) -> DiskUse {
        DiskUse::default()
    }
}

/// The rows of a database at one moment.
pub trait Frozen: Send + Sync + 'static {
    /// Reads one key.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot be read.
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

/// Which database holds a store. Each has a directory of its own name, so that one is never taken for the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// sled 0.34.
    #[default]
    Sled,
    /// fjall 3.
    Fjall,
    /// A map in memory: nothing outlives the process.
    Memory,
}

impl EngineKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sled, Self::Fjall, Self::Memory];

    /// Its name, in the configuration and on the disk.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sled => "sled",
            Self::Fjall => "fjall",
            Self::Memory => "memory",
        }
    }

    /// Whether what is acknowledged outlives the process.
    #[must_use]
    pub fn is_durable(self) -> bool {
        self != Self::Memory
    }

    /// Opens its database in the directory of `config`, or creates it.
    pub(crate) fn open(
        self,
        config: &StoreConfig,
        faults: impl Faults + Clone,
    ) -> Result<Arc<dyn Engine>, OpenError> {
        let path = config.path.join(self.name());
        Ok(match self {
            Self::Sled => Arc::new(sled::SledEngine::open(&path, config.cache_bytes, faults)?),
            Self::Fjall => Arc::new(fjall::FjallEngine::open(&path, config.cache_bytes, faults)?),
            Self::Memory => Arc::new(memory::MemoryEngine::new()),
        })
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no engine of this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no engine {0:?}: choose sled, fjall, or memory for tests")]
pub struct UnknownEngine(String);

impl FromStr for EngineKind {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownEngine(name.to_owned()))
    }
}

/// What the store takes on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiskUse {
    /// Bytes of all its files.
    pub bytes: u64,
    /// What an operator has to see to, such as data that the database keeps outside of its checks.
    pub trouble: Option<String>,
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

/// What became of a group that could not be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing took effect, and the same will happen again.
    Final,
    /// Nothing took effect, and the cause may pass: the same group may be tried again.
    Passing,
    /// The group may have taken effect: only reading the database anew tells.
    Unknown,
}

/// Why a database could not read or write.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The database could not be read, or refused before it wrote anything.
    #[error("the database failed")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// The database failed while it wrote.
    #[error("the database failed while it wrote")]
    Write(#[source] Box<dyn Error + Send + Sync>),
    /// What was written could not be made durable.
    #[error("what was written could not be synced to the disk")]
    Sync(#[source] io::Error),
    /// A write failed half way, so what would be read now may never have been there.
    #[error("a write failed half way: only a restart tells what is stored")]
    Torn,
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
    /// The row with the store's tally is not one.
    #[error("the store's tally is damaged: restore the last backup")]
    Tally,
    /// A fault that a test asked for.
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

    /// What became of the group for which [`Engine::apply`] answered this.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Database(_) | Self::Torn | Self::Counter { .. } | Self::Tally | Self::Injected => {
                Failure::Final
            }
            Self::Full { .. } => Failure::Passing,
            Self::Write(_) | Self::Sync(_) => Failure::Unknown,
        }
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
