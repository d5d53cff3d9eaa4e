//! Pictures that were made, kept on disk up to a limit.
//!
//! An entry is written under another name and renamed, so it is there as a whole or not at all; after a power cut it may
//! be torn, which its checksum tells, and then it is made anew. What has not been used for longest goes first; after a restart, what is
//! oldest. Files in the directory that are not the cache's are neither counted nor touched.
//!
//! All of it blocks on the disk: it is for a pool. One process owns the directory.

mod sealed;

use super::shelf::Identity;
use actix_web::web::Bytes;
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the names of entries end with.
const ENTRY: &str = ".picture";
/// What the names of entries end with while they are written.
const PART: &str = ".part";
/// Counts up when pictures of the same files come to look different, so that old ones are not served any more.
const LOOK: u32 = 1;

/// What an entry is a picture of. Of another state of a file, it is another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey(String);

impl CacheKey {
    /// For `what` was made of one file in one state; `what` is of small letters.
    #[must_use]
    pub fn of_file(what: &str, identity: &Identity) -> Self {
        let Identity {
            device,
            inode,
            length,
            modified,
        } = identity;
        Self(format!(
            "{what}-{LOOK}-{device:x}-{inode:x}-{length:x}-{modified:x}"
        ))
    }

    /// For `what` was made of several, in this order.
    #[must_use]
    pub fn of_files<'a>(what: &str, identities: impl Iterator<Item = &'a Identity>) -> Self {
        let mut digest = Sha256::new();
        for identity in identities {
            digest.update(Self::of_file(what, identity).0);
            digest.update([0]);
        }
        let digest = digest.finalize();
        let mut key = format!("{what}-{LOOK}-");
        for byte in digest {
            // A String takes all that is written to it.
            let _ = write!(key, "{byte:02x}");
        }
        Self(key)
    }

    fn file_name(&self) -> String {
        format!("{}{ENTRY}", self.0)
    }
}

/// As it stands in an `ETag`: without quotes, spaces or anything but letters, digits and `-`.
impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The cache.
#[derive(Debug)]
pub struct Cache {
    directory: PathBuf,
    limit: u64,
    index: Mutex<Index>,
    parts: AtomicU64,
}

/// What is there: lengths by names, the one used last first.
#[derive(Debug)]
struct Index {
    entries: LruCache<String, u64>,
    bytes: u64,
}

impl Cache {
    /// Opens the cache in `directory`, which is made where it is not there, and brings it below `limit` bytes. Entries that
    /// a process was writing when it ended are removed.
    ///
    /// # Errors
    /// When the directory can't be made or listed.
    pub fn open(directory: PathBuf, limit: u64) -> io::Result<Self> {
        if !directory.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().and_then(own_name).map(str::to_owned) else {
                continue;
            };
            // Not through links: they are not the cache's.
            let metadata = entry.metadata()?;
            if !metadata.is_file() {
                continue;
            }
            if name.ends_with(PART) {
                forget(&entry.path());
            } else {
                found.push((metadata.modified()?, name, metadata.len()));
            }
        }
        found.sort();
        let mut index = Index {
            entries: LruCache::unbounded(),
            bytes: 0,
        };
        for (_, name, length) in found {
            index.insert(name, length);
        }
        let cache = Self {
            directory,
            limit,
            index: Mutex::new(index),
            parts: AtomicU64::new(0),
        };
        cache.make_room();
        Ok(cache)
    }

    /// Bytes of all entries.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.index().bytes
    }

    /// The picture of `key`, if it is there and whole. One that is not is removed.
    #[must_use]
    pub fn get(&self, key: &CacheKey) -> Option<Bytes> {
        let name = key.file_name();
        // Its length is what the index says, or it is not what was written.
        let length = *self.index().entries.get(&name)?;
        let path = self.directory.join(&name);
        let read = fs::File::open(&path).and_then(|file| sealed::read(file, length));
        match read.map(|bytes| sealed::open(&name, bytes)) {
            Ok(Some(picture)) => Some(picture),
            refused => {
                tracing::warn!(entry = %name, missing = refused.is_err(), "a picture in the cache was not whole");
                self.index().remove(&name);
                forget(&path);
                None
            }
        }
    }

    /// Keeps the picture of `key`, and lets go of others where there is no room. A picture that can't be written is not
    /// kept, and the log says why.
    pub fn put(&self, key: &CacheKey, picture: &[u8]) {
        let name = key.file_name();
        let sealed = sealed::seal(&name, picture);
        let length = sealed.len() as u64;
        if length > self.limit {
            return;
        }
        let number = self.parts.fetch_add(1, Ordering::Relaxed);
        let part = self.directory.join(format!("{key}-{number}{PART}"));
        let path = self.directory.join(&name);
        let written = write(&part, &sealed).and_then(|()| fs::rename(&part, &path));
        if let Err(error) = written {
            tracing::warn!(%error, directory = %self.directory.display(), "a picture can't be kept in the cache");
            forget(&part);
            return;
        }
        self.index().insert(name, length);
        self.make_room();
    }

    fn make_room(&self) {
        loop {
            let oldest = self.index().pop_above(self.limit);
            match oldest {
                Some(name) => forget(&self.directory.join(name)),
                None => return,
            }
        }
    }

    /// Whoever panicked while holding it has left it in order.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn insert(&mut self, name: String, length: u64) {
        let replaced = self.entries.put(name, length).unwrap_or(0);
        self.bytes = self.bytes.saturating_sub(replaced).saturating_add(length);
    }

    fn remove(&mut self, name: &str) {
        let length = self.entries.pop(name).unwrap_or(0);
        self.bytes = self.bytes.saturating_sub(length);
    }

    /// The entry to let go of next, while there are more bytes than `limit`.
    fn pop_above(&mut self, limit: u64) -> Option<String> {
        if self.bytes <= limit {
            return None;
        }
        let (name, length) = self.entries.pop_lru()?;
        self.bytes = self.bytes.saturating_sub(length);
        Some(name)
    }
}

/// A name that only the cache gives.
fn own_name(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(ENTRY).or_else(|| name.strip_suffix(PART))?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (!stem.is_empty() && stem.bytes().all(plain)).then_some(name)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}

/// Removes a file of the cache; one that is gone already is as good.
fn forget(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "a file of the cache can't be removed");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
