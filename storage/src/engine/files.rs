//! The directory of a database: opening, syncing, its size and the free space.

use super::error::EngineError;
use super::interface::{DiskUse, Filesystem};
use super::open_error::OpenError;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use walkdir::WalkDir;

/// Bytes of the disk that stay free: a group that finds less is refused. A database cannot recover
/// from a write that failed on a full disk, and needs some room at the next start.
pub const RESERVE: u64 = 32 * 1024 * 1024;

/// How long to wait for a lock that is about to be released: by a process that ends, or by a thread
/// that still holds a handle of a store that was closed.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// Opens the database in `path` by `open`, which may panic on damage. Waits for a lock that is
/// about to be released.
pub(crate) fn open<T>(path: &Path, open: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    if path.exists() && !path.is_dir() {
        return Err(OpenError::NotADirectory {
            path: path.to_owned(),
        });
    }
    let began = Instant::now();
    loop {
        let opened = catch_unwind(AssertUnwindSafe(&open)).unwrap_or_else(|_| {
            let panicked = "the database panicked while it read the files";
            Err(OpenError::corrupted(path, panicked))
        });
        match opened {
            Err(OpenError::Locked { .. }) if began.elapsed() < LOCK_PATIENCE => pause(LOCK_PAUSE),
            opened => return opened,
        }
    }
}

/// Waits before a retry.
#[expect(
    clippy::disallowed_methods,
    reason = "neither a lock of another process nor a full disk tells when it is free"
)]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// Refuses to write when less than `needed` bytes of the disk are free.
pub(crate) fn check_room(path: &Path, needed: u64) -> Result<(), EngineError> {
    match statvfs(path).map_err(EngineError::database)?.free {
        free if free < needed => Err(EngineError::Full { free, needed }),
        _ => Ok(()),
    }
}

/// Makes the entries of a directory durable, and the files in it, some of which are written only
/// once. Done at every opening, because the process that created them may have been killed before.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_entries(path)
}

/// Makes the entries of a directory durable, and its own entry in its parent.
pub(crate) fn sync_entries(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    match path.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// The size of all files below `path`, and their file system. Files that vanish meanwhile are not
/// counted.
pub(crate) fn disk_use(path: &Path, trouble: Option<String>) -> DiskUse {
    const BLOCK: u64 = 512;
    let files = WalkDir::new(path).into_iter().flatten();
    let metadata = files.filter_map(|entry| entry.metadata().ok());
    DiskUse {
        // Sparse files take less than their length.
        bytes: metadata
            .filter(|found| !found.is_dir())
            .map(|found| found.blocks().saturating_mul(BLOCK))
            .sum(),
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
