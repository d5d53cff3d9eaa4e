//! A cache of pictures on disk, limited by their total size.
//!
//! An entry is written under a temporary name and renamed, so it is complete or absent. After a
//! power failure it may be damaged; its checksum detects that, and the picture is made again. The
//! least recently used entries are removed first; after a restart, the oldest. Other files in the
//! directory are neither counted nor changed.
//!
//! All functions block on the disk. Only one process may use the directory.

mod entry;

use super::bounded::read_all;
use super::shelf::Identity;
use actix_web::web::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The suffix of entries.
const ENTRY: &str = ".picture";
/// The suffix of entries while they are written.
const PART: &str = ".part";
/// The version of the rendering. Increase it when pictures change, so that old ones are not served.
const VERSION: u32 = 1;

/// The key of a picture. It changes when a file of the picture changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey(String);

impl CacheKey {
    /// The key of `what`, in lowercase letters, made from one file.
    #[must_use]
    pub fn of_file(what: &str, identity: &Identity) -> Self {
        Self(format!("{what}-{VERSION}-{identity}"))
    }

    /// The key of `what` made from several files in this order.
    #[must_use]
    pub fn of_files<'a>(what: &str, identities: impl Iterator<Item = &'a Identity>) -> Self {
        let mut digest = Sha256::new();
        for identity in identities {
            digest.update(Self::of_file(what, identity).0);
            digest.update([0]);
        }
        Self(format!("{what}-{VERSION}-{:x}", digest.finalize()))
    }

    fn file_name(&self) -> String {
        format!("{}{ENTRY}", self.0)
    }
}

/// As in an `ETag`: only letters, digits and `-`.
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
    /// The number of the next temporary file.
    next_part: AtomicU64,
}

/// The entries: lengths by names, in the order of their last use.
#[derive(Debug)]
struct Index {
    entries: LruCache<String, u64>,
    bytes: u64,
}

impl Cache {
    /// Opens the cache in `directory` and reduces it to `limit` bytes. The directory is created if
    /// it does not exist. Temporary files of an earlier process are removed.
    ///
    /// # Errors
    /// If the directory can't be created or listed.
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
            // This does not follow links, which are not entries.
            let metadata = entry.metadata()?;
            if !metadata.is_file() {
                continue;
            }
            if name.ends_with(PART) {
                remove_file(&entry.path());
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
            next_part: AtomicU64::new(0),
        };
        cache.make_room();
        Ok(cache)
    }

    /// Bytes of all entries.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.index.lock().bytes
    }

    /// The picture of `key`. A damaged entry is removed.
    #[must_use]
    pub fn get(&self, key: &CacheKey) -> Option<Bytes> {
        let name = key.file_name();
        let length = *self.index.lock().entries.get(&name)?;
        let length = usize::try_from(length).ok()?;
        let path = self.directory.join(&name);
        let read = fs::File::open(&path).and_then(|file| read_all(file, length, length));
        let is_missing = read.is_err();
        let picture = read.ok().flatten().and_then(|bytes| entry::decode(&name, bytes));
        if picture.is_none() {
            tracing::warn!(entry = %name, missing = is_missing, "a picture in the cache is damaged");
            self.index.lock().remove(&name);
            remove_file(&path);
        }
        picture
    }

    /// Stores the picture of `key`, and removes others if there is no room. Errors are logged.
    pub fn put(&self, key: &CacheKey, picture: &[u8]) {
        let name = key.file_name();
        let entry = entry::encode(&name, picture);
        let length = entry.len() as u64;
        if length > self.limit {
            return;
        }
        let number = self.next_part.fetch_add(1, Ordering::Relaxed);
        let part = self.directory.join(format!("{key}-{number}{PART}"));
        let path = self.directory.join(&name);
        let written = write(&part, &entry).and_then(|()| fs::rename(&part, &path));
        if let Err(error) = written {
            tracing::warn!(%error, directory = %self.directory.display(), "a picture can't be kept in the cache");
            remove_file(&part);
            return;
        }
        self.index.lock().insert(name, length);
        self.make_room();
    }

    fn make_room(&self) {
        // The index must not be locked while files are removed.
        let next = || self.index.lock().pop_above(self.limit);
        while let Some(name) = next() {
            remove_file(&self.directory.join(name));
        }
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

    /// The next entry to remove if there are more than `limit` bytes.
    fn pop_above(&mut self, limit: u64) -> Option<String> {
        if self.bytes <= limit {
            return None;
        }
        let (name, length) = self.entries.pop_lru()?;
        self.bytes = self.bytes.saturating_sub(length);
        Some(name)
    }
}

/// `name` if it is one of an entry or a temporary file.
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

/// Removes a file of the cache, if it still exists.
fn remove_file(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "a file of the cache can't be removed");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
