//! The directory of a database on disk: opening it, making it outlive a power cut, its size and what is free.

use super::{DiskUse, EngineError, Filesystem};
use crate::mark::MarkError;
use crate::migrate::FormatError;
use std::fs::{self, File};
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Bytes of the disk that are left free: a group that finds less is refused. A database can't go on from a write that the
/// disk had no room for, and needs some room at the next start.
pub const RESERVE: u64 = 32 * 1024 * 1024;

/// How long to wait for another process, or a thread of this one, that is about to let go of the database.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

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
        /// What the database says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The files are of a database that was made with other settings.
    #[error("the directory {path} holds a database that is not a store of beamlive: name another directory")]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// What the database says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store was made by another engine.
    #[error(
        "the store {path} was made by the engine {found}: set store.engine = \"{found}\", or convert it with `beamlive backup` and `beamlive restore --store-engine {wanted}`"
    )]
    OtherEngine {
        /// The store's directory.
        path: PathBuf,
        /// The engine that made it.
        found: &'static str,
        /// The engine that was asked for.
        wanted: &'static str,
    },
    /// It holds less than what was acknowledged.
    #[error("the store {path} can't be trusted")]
    Mark {
        /// The store's directory.
        path: PathBuf,
        /// Why.
        source: MarkError,
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

    pub(crate) fn unreadable(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission { path, source },
            io::ErrorKind::NotADirectory => Self::NotADirectory { path },
            _ => Self::Io { path, source },
        }
    }
}

/// Opens the database in `path` by `open`, which may panic on damage. A lock that is about to be let go is waited for.
pub(crate) fn open<T>(path: &Path, open: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    if path.exists() && !path.is_dir() {
        return Err(OpenError::NotADirectory {
            path: path.to_owned(),
        });
    }
    let began = Instant::now();
    loop {
        let opened = catch_unwind(AssertUnwindSafe(&open)).unwrap_or_else(|_| {
            Err(OpenError::Corrupted {
                path: path.to_owned(),
                source: "the database panicked while it read the files".into(),
            })
        });
        match opened {
            Err(OpenError::Locked { .. }) if began.elapsed() < LOCK_PATIENCE => pause(),
            opened => return opened,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when another process lets go of a lock"
)]
fn pause() {
    thread::sleep(LOCK_PAUSE);
}

/// Refuses to write when less than `needed` bytes of the disk are left.
pub(crate) fn check_room(path: &Path, needed: u64) -> Result<(), EngineError> {
    match statvfs(path).map_err(EngineError::database)?.free {
        free if free < needed => Err(EngineError::Full { free, needed }),
        _ => Ok(()),
    }
}

/// Makes the directory's entries, and files that are written once and never synced again, outlive a power cut. Done at
/// every opening, for the process that created them may not have come this far.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_entries(path)
}

/// Makes the entries of a directory, and its own in the one above, outlive a power cut.
pub(crate) fn sync_entries(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    match path.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// What the files below `path` take, and the file system they are on.
pub(crate) fn disk_use(path: &Path, trouble: Option<String>) -> DiskUse {
    DiskUse {
        bytes: bytes_below(path),
        trouble,
        filesystem: statvfs(path).ok(),
    }
}

fn statvfs(path: &Path) -> io::Result<Filesystem> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(Filesystem {
        bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
    })
}

/// Bytes on disk of all files below a directory; files that vanish meanwhile count for nothing.
fn bytes_below(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    const BLOCK: u64 = 512;
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.fold(0, |bytes, entry| {
        let taken = match entry.metadata() {
            Ok(found) if found.is_dir() => bytes_below(&entry.path()),
            // Files with holes take less than their length.
            Ok(found) => found.blocks().saturating_mul(BLOCK),
            Err(_) => 0,
        };
        bytes.saturating_add(taken)
    })
}
