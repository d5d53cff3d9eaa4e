//! fjall 3 as the database: one keyspace, one thread that writes, and a sync of fjall's journal
//! after each group.

use super::error::EngineError;
use super::faults::{Faults, Step};
use super::files;
use super::interface::{DiskUse, Engine, Entries, Frozen, Order};
use super::open_error::OpenError;
use crate::batch::Batch;
use crate::group::{self, Applied, Note};
use fjall::config::PinningPolicy;
use fjall::{Database, Guard, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The keyspace that holds all rows.
const ROWS: &str = "rows";
/// Limits of the size of fjall's table in memory, which is half of the cache. A start has to read
/// as much again.
const MEMTABLE_BYTES: (u64, u64) = (256 * 1024, 32 * 1024 * 1024);
/// Size of fjall's journals above which it writes their rows into tables.
const JOURNAL_BYTES: u64 = 128 * 1024 * 1024;
/// Bytes of the disk that stay free. fjall allocates its next journal, of 64 MiB, and its next
/// tables without checking.
const RESERVE: u64 = files::RESERVE + JOURNAL_BYTES;

/// A fjall database in its own directory.
pub(crate) struct FjallEngine<F> {
    db: Database,
    rows: Keyspace,
    path: PathBuf,
    faults: F,
}

impl<F: Faults + Clone> FjallEngine<F> {
    /// Opens the database in `path`, or creates it. `cache_bytes` limits the blocks kept in memory.
    pub(crate) fn open(path: &Path, cache_bytes: u64, faults: F) -> Result<Self, OpenError> {
        let unreadable = |error| OpenError::unreadable(path, error);
        files::open(path, || {
            faults.before(Step::Open).map_err(unreadable)?;
            let db = Database::builder(path)
                .cache_size(cache_bytes)
                .max_journaling_size(JOURNAL_BYTES)
                .manual_journal_persist(true)
                .open()
                .map_err(|error| refused(path, error))?;
            let (least, most) = MEMTABLE_BYTES;
            let options = || {
                KeyspaceCreateOptions::default()
                    .max_memtable_size((cache_bytes / 2).clamp(least, most))
                    // The filter of a table is one block, of up to 600 KB. If the cache drops it,
                    // every look-up reads and checks all of it again.
                    .filter_block_pinning_policy(PinningPolicy::all(true))
                    .index_block_pinning_policy(PinningPolicy::all(true))
                    .manual_journal_persist(true)
            };
            let rows = db.keyspace(ROWS, options).map_err(|error| refused(path, error))?;
            files::sync_directory(path).map_err(unreadable)?;
            Ok(Self {
                db,
                rows,
                path: path.to_owned(),
                faults: faults.clone(),
            })
        })
    }

    /// The rows after the last whole group. Without a snapshot, fjall may return half a group.
    fn now(&self) -> Snapshot {
        Snapshot {
            at: self.db.snapshot(),
            rows: self.rows.clone(),
        }
    }

    fn readable(&self) -> Result<(), EngineError> {
        self.faults.before(Step::Read).map_err(EngineError::database)
    }

    fn write(&self, rows: group::Rows) -> Result<(), EngineError> {
        // The commit hands the rows to the kernel; `persist` syncs them.
        let mut writes = self.db.batch().durability(Some(PersistMode::Buffer));
        for (key, value) in rows {
            match value {
                Some(value) => writes.insert(&self.rows, key, value),
                None => writes.remove(&self.rows, key),
            }
        }
        files::check_room(&self.path, RESERVE)?;
        self.faults.before(Step::Write).map_err(EngineError::write)?;
        writes.commit().map_err(EngineError::write)?;
        self.faults.before(Step::Sync).map_err(EngineError::Sync)?;
        self.db
            .persist(PersistMode::SyncData)
            .map_err(|error| EngineError::Sync(io::Error::other(error)))
    }
}

impl<F: Faults + Clone> Engine for FjallEngine<F> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.readable()?;
        self.now().get(key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        // fjall panics on such ranges.
        if start >= end {
            return Box::new(std::iter::empty());
        }
        let entries = self.db.snapshot().range(&self.rows, start..end);
        order.of(entries.map(|entry| {
            self.readable()?;
            owned(entry)
        }))
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        self.apply_noting(group, &mut |_| Ok(()))
    }

    fn apply_noting(&self, group: &[Batch], note: Note<'_>) -> Result<Applied, EngineError> {
        group::apply(group, |key| self.get(key), note, |rows| self.write(rows))
    }

    fn freeze(&self) -> Option<Arc<dyn Frozen>> {
        Some(Arc::new(self.now()))
    }

    fn disk(&self) -> DiskUse {
        files::disk_use(&self.path, None)
    }
}

/// The rows at the moment when it was taken.
struct Snapshot {
    at: fjall::Snapshot,
    rows: Keyspace,
}

impl Frozen for Snapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let value = self.at.get(&self.rows, key).map_err(EngineError::database)?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn range(&self, start: &[u8], end: &[u8]) -> Entries<'_> {
        if start >= end {
            return Box::new(std::iter::empty());
        }
        Box::new(self.at.range(&self.rows, start..end).map(owned))
    }
}

fn owned(entry: Guard) -> Result<(Vec<u8>, Vec<u8>), EngineError> {
    let (key, value) = entry.into_inner().map_err(EngineError::database)?;
    Ok((key.to_vec(), value.to_vec()))
}

fn refused(path: &Path, error: fjall::Error) -> OpenError {
    match error {
        fjall::Error::Locked => {
            let path = path.to_owned();
            OpenError::Locked { path }
        }
        fjall::Error::Io(source) => OpenError::unreadable(path, source),
        fjall::Error::InvalidVersion(_) => OpenError::foreign(path, error),
        error => OpenError::corrupted(path, error),
    }
}
