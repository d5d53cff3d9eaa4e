//! The files behind the keys: a key and a path in, an open file out. No other code opens what clients name.
//!
//! - A key leads to its directory, if it is known and has not expired.
//! - The directory is opened from the handle of its users' root, or of the place it has moved to, and the file from the handle
//!   of the directory, so that nothing that is renamed or linked meanwhile leads out (`shelf/beneath.rs`).
//! - Links inside the directory are followed as long as they stay in it. Links on the way to the directory are followed
//!   inside the roots, if they belong to the superuser or to the owner of what they lead to.
//! - Only regular files are opened.
//!
//! All of it blocks on the disk: it is for a pool.

mod beneath;
mod error;
mod file_path;

pub use error::FileError;
pub use file_path::{FilePath, NoFilePath};

use super::alternates::{places, Alternate};
use super::roots::Roots;
use beamlive_actors::clock::Clock;
use beamlive_actors::secure_path;
use beamlive_storage::records::SecureKey;
use beamlive_storage::Store;
use beneath::{kind, Root, TO_READ};
use chrono::TimeDelta;
use rustix::fd::OwnedFd;
use rustix::fs::{fstat, FileType, OFlags, Stat};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the keys open.
#[derive(Clone)]
pub struct Shelf {
    /// Where the keys are.
    pub store: Store,
    /// Tells which have expired.
    pub clock: Arc<dyn Clock>,
    /// What may be served, the places of `alternates` among it.
    pub roots: Arc<Roots>,
    /// Where directories may have moved to.
    pub alternates: Arc<[Alternate]>,
    /// How long a key is good; for ever when none.
    pub lifetime: Option<TimeDelta>,
}

/// The directory of a key.
#[derive(Debug)]
pub struct OpenDirectory {
    handle: OwnedFd,
    /// Where it was found.
    location: PathBuf,
}

/// A regular file.
#[derive(Debug)]
pub struct OpenFile {
    /// At its beginning.
    pub file: File,
    /// Which file it is, and which state of it.
    pub identity: Identity,
    /// Where it was found. For those that are told to open it themselves, and for messages: what is there may change.
    pub location: PathBuf,
    /// Permission bits.
    pub mode: u32,
}

/// What a name in a directory stands for.
#[derive(Debug)]
pub enum Entry {
    /// A regular file.
    File(OpenFile),
    /// A directory.
    Directory(OpenDirectory),
    /// A link, a pipe, a device, a socket: none that is opened.
    Other,
}

/// A state of a file: as long as none of this changes, neither do its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The device that it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// Its length, in bytes.
    pub length: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified: i128,
}

impl Shelf {
    /// Opens the file at `path` beneath the directory of `key`; where it is not there, in the places that the directory may
    /// have moved to.
    ///
    /// # Errors
    /// [`FileError`]; whatever can't be served is not found.
    pub fn open(&self, key: &str, path: &FilePath) -> Result<OpenFile, FileError> {
        self.first(key, |directory| directory.open(path))
    }

    /// Looks for something in the directory of `key`; where it is not found, in the places that the directory may have
    /// moved to.
    ///
    /// # Errors
    /// [`FileError::NotFound`] when it is in none of them, and what `look` fails with.
    pub fn first<T>(
        &self,
        key: &str,
        look: impl Fn(&OpenDirectory) -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        let directory = self.directory_of(key)?;
        let places = places(&self.roots, &self.alternates, &directory);
        let roots = self.open_roots();
        for place in places {
            let found = roots.iter().find(|root| root.path == place.root).map(|root| {
                let handle = beneath::open_directory(root, &roots, Path::new(&place.path))?;
                look(&OpenDirectory {
                    handle,
                    location: Path::new(&format!("{}/", place.root)).join(&place.path),
                })
            });
            match found {
                None | Some(Err(FileError::NotFound)) => {}
                Some(found) => return found,
            }
        }
        Err(FileError::NotFound)
    }

    /// The directory that `key` opens, as it was uploaded.
    fn directory_of(&self, key: &str) -> Result<String, FileError> {
        let key = SecureKey::parse(key).ok_or(FileError::NoKey)?;
        let opened = secure_path::find(&self.store, &key)?.ok_or(FileError::NoKey)?;
        let expired = self
            .lifetime
            .is_some_and(|lifetime| opened.created.plus(lifetime) <= self.clock.now());
        match expired {
            true => Err(FileError::NoKey),
            false => Ok(opened.directory),
        }
    }

    /// The roots that are there now: a disk may be mounted late, and unmounted.
    fn open_roots(&self) -> Vec<Root> {
        let paths = self.roots.paths().iter();
        let open = paths.filter_map(|path| match beneath::root(path) {
            Ok(handle) => Some(Root {
                path: path.clone(),
                handle,
            }),
            Err(error) => {
                tracing::warn!(%path, %error, "a users' root can't be opened");
                None
            }
        });
        open.collect()
    }
}

impl OpenDirectory {
    /// Opens the file at `path` beneath it.
    ///
    /// # Errors
    /// [`FileError::NotFound`] for what is no regular file, leads out, or is not there.
    pub fn open(&self, path: &FilePath) -> Result<OpenFile, FileError> {
        let handle = beneath::open(&self.handle, path.as_path(), TO_READ)?;
        match self.opened(handle, path.as_path())? {
            Entry::File(file) => Ok(file),
            _ => Err(FileError::NotFound),
        }
    }

    /// Opens what `name`, one of its [`Self::names`], stands for. Links are not followed.
    ///
    /// # Errors
    /// [`FileError::NotFound`] when it is gone, or may not be read.
    pub fn entry(&self, name: &OsStr) -> Result<Entry, FileError> {
        match beneath::open_entry(&self.handle, name)? {
            Some(handle) => self.opened(handle, Path::new(name)),
            None => Ok(Entry::Other),
        }
    }

    fn opened(&self, handle: OwnedFd, path: &Path) -> Result<Entry, FileError> {
        let stat = fstat(&handle).map_err(io::Error::from)?;
        let location = self.location.join(path);
        Ok(match kind(&stat) {
            FileType::RegularFile => Entry::File(OpenFile {
                file: File::from(handle),
                identity: Identity::of(&stat),
                location,
                mode: stat.st_mode & 0o777,
            }),
            FileType::Directory => Entry::Directory(Self { handle, location }),
            _ => Entry::Other,
        })
    }

    /// The directory at `path` beneath it; itself, when none.
    ///
    /// # Errors
    /// [`FileError::NotFound`] for what is no directory, leads out, or is not there.
    pub fn directory(&self, path: Option<&FilePath>) -> Result<Self, FileError> {
        let path = path.map_or(Path::new("."), FilePath::as_path);
        let handle = beneath::open(
            &self.handle,
            path,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        )?;
        let location = self.location.join(path);
        Ok(Self { handle, location })
    }

    /// Its base name.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        self.location.file_name().unwrap_or_default()
    }

    /// When it was last changed, in nanoseconds since 1970.
    ///
    /// # Errors
    /// [`FileError::Unavailable`] when the disk can't be asked.
    pub fn modified(&self) -> Result<i128, FileError> {
        let stat = fstat(&self.handle).map_err(io::Error::from)?;
        Ok(Identity::of(&stat).modified)
    }

    /// The names in it, sorted, whatever they are the names of.
    ///
    /// # Errors
    /// [`FileError::NotFound`] when it may not be read.
    pub fn names(&self) -> Result<Vec<OsString>, FileError> {
        let mut names = beneath::names(&self.handle)?;
        names.sort_unstable();
        Ok(names)
    }
}

impl OpenFile {
    /// Its own name, without the way to it.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        self.location.file_name().unwrap_or_default()
    }

    /// The state that it is in now.
    ///
    /// # Errors
    /// The operating system's.
    pub fn state(&self) -> io::Result<Identity> {
        Ok(Identity::of(&fstat(&self.file)?))
    }
}

impl Identity {
    fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            length: u64::try_from(stat.st_size).unwrap_or(0),
            modified: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
        }
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("roots", &self.roots)
            .field("alternates", &self.alternates)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
