//! sled 0.34 as the database: one tree, one thread that writes, and a sync of our own.
//!
//! sled's `flush` hands the bytes to the kernel but does not wait for the disk to have them, so every group ends in
//! an `fdatasync` on a second descriptor of the database file.

use super::faults::{Faults, NoFaults, Step};
use super::{DiskUse, Engine, EngineError, Entries, Filesystem, Order};
use crate::batch::Batch;
use crate::group::{plan, Committed, Conflict};
use crate::migrate::FormatError;
use std::fs::{self, File};
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

/// Pages above a quarter of this spill into files that sled neither syncs nor frees; fixed when a store is created.
const SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// Bytes of the disk that are left free: a group that finds less is refused. sled can't go on from a write that the disk
/// had no room for, not even with reading, and needs some at the next start.
pub const RESERVE: u64 = 32 * 1024 * 1024;

/// Why a store could not be opened, and what to do about it.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "the store {path} is in use by another process: stop that beamlive, or give this one its own store"
    )]
    Locked {
        /// The store's directory.
        path: PathBuf,
    },
    /// There is none.
    #[error("there is no store in {path}: name the data directory of a beamlive")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is something else in its place.
    #[error("the store {path} is not a directory: name a directory, or one that does not exist yet")]
    NotADirectory {
        /// What was named.
        path: PathBuf,
    },
    /// The files may not be read or written.
    #[error(
        "the store {path} may not be read and written: give its directory to the user that runs beamlive"
    )]
    Permission {
        /// The store's directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The files are damaged.
    #[error("the store {path} is damaged: keep a copy of the directory and restore the last backup")]
    Corrupted {
        /// The store's directory.
        path: PathBuf,
        /// What sled says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The files are of a database that was made with other settings.
    #[error("the directory {path} holds a database that is not a store of beamlive: name another directory")]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// What sled says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The files could not be read or written for another reason.
    #[error("the store {path} could not be opened")]
    Io {
        /// The store's directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a database, but not of a format that this build knows.
    #[error("the store {path} can't be used by this build")]
    Format {
        /// The store's directory.
        path: PathBuf,
        /// Why.
        source: FormatError,
    },
}

impl OpenError {
    /// What became of opening `path` when its format could not be checked, or was refused.
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
}

/// A sled database in a directory of its own.
pub(crate) struct SledEngine<F = NoFaults> {
    db: sled::Db,
    /// Second descriptor of the database file, for the sync that sled leaves out.
    file: File,
    path: PathBuf,
    /// Set when a group may be half applied in memory.
    torn: AtomicBool,
    faults: F,
}

impl SledEngine {
    /// Opens the database in `path`, or creates it. `cache_bytes` bounds the pages that are kept in memory.
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<Self, OpenError> {
        Self::open_with(path, cache_bytes, NoFaults)
    }
}

impl<F: Faults> SledEngine<F> {
    /// As [`SledEngine::open`], with `faults`.
    pub(crate) fn open_with(path: &Path, cache_bytes: u64, faults: F) -> Result<Self, OpenError> {
        if path.exists() && !path.is_dir() {
            return Err(OpenError::NotADirectory {
                path: path.to_owned(),
            });
        }
        faults
            .before(Step::Open)
            .map_err(|error| unreadable(path, error))?;
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(cache_bytes)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(None);
        // sled panics on some kinds of damage.
        let db = catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_| OpenError::Corrupted {
                path: path.to_owned(),
                source: "sled panicked while it read the files".into(),
            })?
            .map_err(|error| refused(path, error))?;
        sync_directory(path)
            .and_then(|()| File::open(path.join("db")))
            .map(|file| Self {
                db,
                file,
                path: path.to_owned(),
                torn: AtomicBool::new(false),
                faults,
            })
            .map_err(|error| unreadable(path, error))
    }

    /// Before anything is read, and before each entry of a range.
    fn readable(&self) -> Result<(), EngineError> {
        if self.torn.load(Ordering::Acquire) {
            return Err(EngineError::Torn);
        }
        self.faults.before(Step::Read).map_err(failed)
    }

    /// Before anything is written.
    fn writable(&self) -> Result<(), EngineError> {
        self.faults.before(Step::Write).map_err(failed)?;
        match fs2::available_space(&self.path).map_err(failed)? {
            free if free < RESERVE => Err(EngineError::Full { free }),
            _ => Ok(()),
        }
    }
}

fn unreadable(path: &Path, source: io::Error) -> OpenError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied => OpenError::Permission { path, source },
        io::ErrorKind::NotADirectory => OpenError::NotADirectory { path },
        _ => OpenError::Io { path, source },
    }
}

fn refused(path: &Path, error: sled::Error) -> OpenError {
    match error {
        // sled wraps the lock's own error into text.
        sled::Error::Io(source) if source.to_string().contains("could not acquire lock") => {
            OpenError::Locked {
                path: path.to_owned(),
            }
        }
        sled::Error::Io(source) => unreadable(path, source),
        sled::Error::Unsupported(_) => OpenError::Foreign {
            path: path.to_owned(),
            source: Box::new(error),
        },
        error => OpenError::Corrupted {
            path: path.to_owned(),
            source: Box::new(error),
        },
    }
}

/// Makes the directory's entries, and the files that sled writes once and does not sync, outlive a power cut. At every
/// opening, for the process that created them may not have come this far.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(path)?.sync_all()?;
    match path.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> EngineError {
    EngineError::Database(Box::new(error))
}

impl<F: Faults> Engine for SledEngine<F> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.readable()?;
        let value = self.db.get(key).map_err(failed)?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        if start >= end {
            return Box::new(std::iter::empty());
        }
        let entries = self.db.range(start..end);
        let owned = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
            self.readable()?;
            let (key, value) = entry.map_err(failed)?;
            Ok((key.to_vec(), value.to_vec()))
        };
        match order {
            Order::Ascending => Box::new(entries.map(owned)),
            Order::Descending => Box::new(entries.rev().map(owned)),
        }
    }

    fn apply(&self, group: &[Batch]) -> Result<Vec<Result<Committed, Conflict>>, EngineError> {
        let plan = plan(group, |key| self.get(key))?;
        if !plan.rows.is_empty() {
            let mut writes = sled::Batch::default();
            for (key, value) in plan.rows {
                match value {
                    Some(value) => writes.insert(key, value),
                    None => writes.remove(key),
                }
            }
            self.writable()?;
            if let Err(error) = self.db.apply_batch(writes) {
                self.torn.store(true, Ordering::Release);
                return Err(failed(error));
            }
            self.faults.before(Step::Flush).map_err(failed)?;
            self.db.flush().map_err(failed)?;
            self.faults.before(Step::Sync).map_err(EngineError::Sync)?;
            self.file.sync_data().map_err(EngineError::Sync)?;
        }
        Ok(plan.outcomes)
    }

    fn disk(&self) -> DiskUse {
        let (bytes, _) = files(&self.path);
        let (blob_bytes, blobs) = files(&self.path.join("blobs"));
        DiskUse {
            bytes: bytes + blob_bytes,
            blobs,
            filesystem: filesystem(&self.path),
        }
    }
}

/// The file system that holds `path`.
fn filesystem(path: &Path) -> Option<Filesystem> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(Filesystem {
        bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
    })
}

/// Bytes and number of the files in a directory; files that vanish meanwhile count for nothing.
fn files(path: &Path) -> (u64, u64) {
    fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .filter(fs::Metadata::is_file)
        .fold((0, 0), |(bytes, files), file| (bytes + file.len(), files + 1))
}
