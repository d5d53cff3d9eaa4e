//! sled 0.34 as the database: a few trees, one thread that writes, and a sync of our own.
//!
//! sled's `flush` hands the bytes to the kernel but does not wait for the disk to have them, so every write ends in
//! an `fdatasync` on a second descriptor of the database file.

use super::faults::{Faults, Step};
use super::{DiskUse, EngineError, Filesystem};
use crate::keys::{Key, Table};
use crate::migrate::FormatError;
use std::fs::{self, File};
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Pages above a quarter of this spill into files that sled neither syncs nor frees; fixed when a store is created.
const SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// Bytes of the disk that are left free: a group that finds less is refused. sled can't go on from a write that the disk
/// had no room for, not even with reading, and needs some at the next start.
pub const RESERVE: u64 = 32 * 1024 * 1024;

/// Bytes of the disk that sled may take for each byte that it is given, until it has tidied up: its log has an item again each
/// time that a page is written.
pub(crate) const SCRATCH: u64 = 3;

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
    /// It is a store of a build from before runs.
    #[error(
        "the store {path} is of an earlier beamlive, which kept its rows in another way: back it up with that one, and restore the backup with this one"
    )]
    Earlier {
        /// The store's directory.
        path: PathBuf,
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

/// A sled database in a directory of its own, which one thread writes.
pub(crate) struct Database<F> {
    db: sled::Db,
    blocks: sled::Tree,
    filters: sled::Tree,
    list: sled::Tree,
    /// Second descriptor of the database file, for the sync that sled leaves out.
    file: File,
    path: PathBuf,
    faults: F,
}

impl<F: Faults> Database<F> {
    /// Opens the database in `path`, or creates it. `cache_bytes` bounds the pages that are kept in memory.
    pub(crate) fn open(path: &Path, cache_bytes: u64, faults: F) -> Result<Self, OpenError> {
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
        let (db, [blocks, filters, list]) = catch_unwind(AssertUnwindSafe(|| {
            let db = config.open()?;
            let trees = [
                db.open_tree("blocks")?,
                db.open_tree("filters")?,
                db.open_tree("list")?,
            ];
            Ok((db, trees))
        }))
        .map_err(|_| OpenError::Corrupted {
            path: path.to_owned(),
            source: "sled panicked while it read the files".into(),
        })?
        .map_err(|error| refused(path, error))?;
        let file = File::open(path.join("db")).map_err(|error| unreadable(path, error))?;
        Ok(Self {
            db,
            blocks,
            filters,
            list,
            file,
            path: path.to_owned(),
            faults,
        })
    }

    /// Makes the directory's entries, and the files that are written once and never synced again, outlive a power cut. At
    /// every opening, for the process that created them may not have come this far.
    pub(crate) fn sync_files(&self) -> io::Result<()> {
        sync_directory(&self.path)
    }

    /// Makes sure that it has no rows of its own, beside the trees.
    pub(crate) fn check_owner(&self) -> Result<(), OpenError> {
        if self.db.is_empty() {
            return Ok(());
        }
        let path = self.path.clone();
        let format = self.db.contains_key(Key::of(Table::Meta).as_bytes());
        Err(match format.map_err(|error| refused(&path, error))? {
            true => OpenError::Earlier { path },
            false => OpenError::Foreign {
                path,
                source: "it has rows outside of any run".into(),
            },
        })
    }

    /// `[run][first key]` → a block of the run.
    pub(crate) fn blocks(&self) -> &sled::Tree {
        &self.blocks
    }

    /// `[run][number]` → a piece of the run's filter.
    pub(crate) fn filters(&self) -> &sled::Tree {
        &self.filters
    }

    /// Holds the list of runs alone.
    pub(crate) fn list(&self) -> &sled::Tree {
        &self.list
    }

    /// Sets or removes items of one of its trees, durably in the end: a crash may leave some of them.
    pub(crate) fn write<'a>(
        &self,
        tree: &sled::Tree,
        items: impl IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    ) -> Result<(), EngineError> {
        self.faults
            .before(Step::Checkpoint)
            .map_err(EngineError::database)?;
        // One by one: a batch of sled's would keep all readers out meanwhile.
        for (key, value) in items {
            match value {
                Some(value) => tree.insert(key, value).map(drop),
                None => tree.remove(key).map(drop),
            }
            .map_err(EngineError::database)?;
        }
        self.sync()
    }

    fn sync(&self) -> Result<(), EngineError> {
        self.db.flush().map_err(EngineError::database)?;
        self.faults
            .before(Step::CheckpointSync)
            .map_err(EngineError::Sync)?;
        self.file.sync_data().map_err(EngineError::Sync)
    }

    /// Bytes that the disk has left.
    pub(crate) fn free(&self) -> io::Result<u64> {
        statvfs(&self.path).map(|found| found.free)
    }

    /// What all files take on disk, the journal's too.
    pub(crate) fn disk(&self) -> DiskUse {
        let (bytes, _) = files(&self.path);
        let (blob_bytes, blobs) = files(&self.path.join("blobs"));
        DiskUse {
            bytes: bytes + blob_bytes,
            blobs,
            runs: 0,
            filesystem: statvfs(&self.path).ok(),
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

/// The file system that holds `path`.
fn statvfs(path: &Path) -> io::Result<Filesystem> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(Filesystem {
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
