//! sled 0.34 as the database: one tree, one thread that writes, and our own sync.
//!
//! sled's `flush` hands the bytes to the kernel but does not wait for the disk. Every write ends in
//! an `fdatasync` on a second descriptor of the database file.

use super::error::EngineError;
use super::faults::{Faults, Step};
use super::files::{self, RESERVE};
use super::interface::{DiskUse, Engine, Entries, Order};
use super::open_error::OpenError;
use crate::batch::Batch;
use crate::group::{self, Applied, Note};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Pages above a quarter of this spill into files that sled neither syncs nor frees. Fixed when a
/// store is created.
const SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// A sled database in its own directory.
pub(crate) struct SledEngine<F> {
    db: sled::Db,
    /// Second descriptor of the database file, for the sync.
    file: File,
    path: PathBuf,
    /// Set when a group may be half applied in memory.
    torn: AtomicBool,
    faults: F,
}

impl<F: Faults + Clone> SledEngine<F> {
    /// Opens the database in `path`, or creates it. `cache_bytes` limits the pages kept in memory.
    pub(crate) fn open(path: &Path, cache_bytes: u64, faults: F) -> Result<Self, OpenError> {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(cache_bytes)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(None);
        let unreadable = |error| OpenError::unreadable(path, error);
        files::open(path, || {
            faults.before(Step::Open).map_err(unreadable)?;
            let db = config.open().map_err(|error| refused(path, error))?;
            files::sync_directory(path).map_err(unreadable)?;
            let file = File::open(path.join("db")).map_err(unreadable)?;
            Ok(Self {
                db,
                file,
                path: path.to_owned(),
                torn: AtomicBool::new(false),
                faults: faults.clone(),
            })
        })
    }

    /// Called before each read, and before each entry of a range.
    fn readable(&self) -> Result<(), EngineError> {
        if self.torn.load(Ordering::Acquire) {
            return Err(EngineError::Torn);
        }
        self.faults.before(Step::Read).map_err(EngineError::database)
    }

    fn write(&self, rows: group::Rows) -> Result<(), EngineError> {
        let mut writes = sled::Batch::default();
        for (key, value) in rows {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        files::check_room(&self.path, RESERVE)?;
        self.faults.before(Step::Write).map_err(EngineError::write)?;
        if let Err(error) = self.db.apply_batch(writes) {
            self.torn.store(true, Ordering::Release);
            return Err(EngineError::write(error));
        }
        self.db.flush().map_err(EngineError::write)?;
        self.faults.before(Step::Sync).map_err(EngineError::Sync)?;
        self.file.sync_data().map_err(EngineError::Sync)
    }
}

impl<F: Faults + Clone> Engine for SledEngine<F> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.readable()?;
        let value = self.db.get(key).map_err(EngineError::database)?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        // sled panics on such ranges.
        if start >= end {
            return Box::new(std::iter::empty());
        }
        order.of(self.db.range(start..end).map(|entry| {
            self.readable()?;
            let (key, value) = entry.map_err(EngineError::database)?;
            Ok((key.to_vec(), value.to_vec()))
        }))
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        self.apply_noting(group, &mut |_| Ok(()))
    }

    fn apply_noting(&self, group: &[Batch], note: Note<'_>) -> Result<Applied, EngineError> {
        group::apply(group, |key| self.get(key), note, |rows| self.write(rows))
    }

    fn disk(&self) -> DiskUse {
        let spilled = fs::read_dir(self.path.join("blobs"))
            .into_iter()
            .flatten()
            .count();
        let trouble = (spilled > 0).then(|| {
            format!(
                "sled keeps {spilled} large pages in files of their own, which it neither syncs nor frees: take a backup, and restore it into a new data directory"
            )
        });
        files::disk_use(&self.path, trouble)
    }
}

fn refused(path: &Path, error: sled::Error) -> OpenError {
    match error {
        // sled turns the lock's own error into text.
        sled::Error::Io(source) if source.to_string().contains("could not acquire lock") => {
            let path = path.to_owned();
            OpenError::Locked { path }
        }
        sled::Error::Io(source) => OpenError::unreadable(path, source),
        sled::Error::Unsupported(_) => OpenError::foreign(path, error),
        error => OpenError::corrupted(path, error),
    }
}
