//! The shelf opens the files behind keys: it takes a key and a path, and returns an open file. No other
//! code opens paths of clients.
//!
//! - A key gives access to its directory until it expires.
//! - The directory is opened relative to the handle of its users' root, and a file relative to the handle
//!   of the directory, so that concurrent renames and links can't lead out (`shelf/beneath.rs`).
//! - Links inside the directory are followed if they stay in it. Links on the path to the directory are
//!   followed inside the roots, if they belong to the superuser or to the owner of the directory.
//! - Only regular files are opened.
//!
//! All of this blocks on the disk. [`Shelf::first`] runs it on the threads of the root, and on those of
//! another root if a link leads there.

mod beneath;
mod directory_filter;
mod error;
mod file_path;

pub use error::FileError;
pub use file_path::{FilePath, NoFilePath};

use super::alternates::{locations, Alternate, Location};
use super::disk::{next_step, Disk, DiskFile, Disks};
use super::roots::Roots;
use beamlive_actors::clock::Clock;
use beamlive_actors::{pool, secure_path};
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{SecureKey, SecurePath};
use beamlive_storage::Store;
use beneath::{kind, Opened, Remaining, Root, TO_READ};
use chrono::TimeDelta;
use directory_filter::DirectoryFilter;
use rustix::fd::OwnedFd;
use rustix::fs::{fstat, FileType, OFlags, Stat};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most names of a directory that is searched.
const MOST_NAMES: usize = 1_000_000;

/// Opens the files behind keys.
#[derive(Clone)]
pub struct Shelf {
    /// Holds the keys.
    pub store: Store,
    /// Determines which have expired.
    pub clock: Arc<dyn Clock>,
    /// The directories that may be served, including those of `alternates`.
    pub roots: Arc<Roots>,
    /// Where directories may have been moved.
    pub alternates: Arc<[Alternate]>,
    /// The threads that access the roots.
    pub disks: Disks,
    /// How long keys are valid; `None` for ever.
    pub lifetime: Option<TimeDelta>,
}

/// The directory of a key.
#[derive(Debug)]
pub struct OpenDirectory {
    handle: OwnedFd,
    location: PathBuf,
    disk: Arc<Disk>,
}

/// A regular file.
#[derive(Debug)]
pub struct OpenFile {
    /// At its beginning.
    pub file: DiskFile,
    /// The file and its state.
    pub identity: Identity,
    /// Its path when it was opened. For front ends and messages; another file may be there now.
    pub location: PathBuf,
    /// Permission bits.
    pub mode: u32,
}

/// An entry of a directory.
#[derive(Debug)]
pub enum Entry {
    /// A regular file.
    File(OpenFile),
    /// A directory.
    Directory(OpenDirectory),
    /// A link, a pipe, a device, a socket: these are not opened.
    Other,
}

/// A file in one state. If it does not change, neither does the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Its device.
    pub device: u64,
    /// Its number on the device.
    pub inode: u64,
    /// Its length, in bytes.
    pub length: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified: i128,
}

impl Shelf {
    /// Opens the file at `path` beneath the directory of `key`, or beneath its alternates.
    ///
    /// # Errors
    /// [`FileError`]. Files that may not be served are not found.
    pub async fn open(&self, key: &str, path: FilePath) -> Result<OpenFile, FileError> {
        self.first(key, move |directory| directory.open(&path)).await
    }

    /// Calls `look` with the directory of `key` and then with its alternates, until it finds something.
    /// `look` runs on a thread of the root.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if nothing is found, the errors of `look`, and [`FileError::Unavailable`]
    /// if a root does not answer.
    pub async fn first<T: Send + 'static>(
        &self,
        key: &str,
        look: impl Fn(&OpenDirectory) -> Result<T, FileError> + Send + Sync + 'static,
    ) -> Result<T, FileError> {
        let directory = self.resolve(key).await?.directory;
        let look = Arc::new(look);
        for location in locations(&self.roots, &self.alternates, &directory) {
            match self.look_in(location, &look).await {
                Err(FileError::NotFound) => {}
                found => return found,
            }
        }
        Err(FileError::NotFound)
    }

    /// The project of `key`; `None` if it belongs to no project.
    ///
    /// # Errors
    /// [`FileError::NoKey`], and [`FileError::Unavailable`] if the store can't be read.
    pub async fn owner(&self, key: &str) -> Result<Option<ProjectId>, FileError> {
        Ok(self.resolve(key).await?.project)
    }

    /// The record of a key that is valid now.
    async fn resolve(&self, key: &str) -> Result<SecurePath, FileError> {
        let key = SecureKey::parse(key).ok_or(FileError::NoKey)?;
        let store = self.store.clone();
        let found = pool::read(move || secure_path::find(&store, &key)).await?;
        let found = found.ok_or(FileError::NoKey)?;
        let expired = self
            .lifetime
            .is_some_and(|lifetime| found.created.plus(lifetime) <= self.clock.now());
        match expired {
            true => Err(FileError::NoKey),
            false => Ok(found),
        }
    }

    /// Calls `look` with one directory, on the threads of each root on the path to it.
    async fn look_in<T: Send + 'static>(
        &self,
        location: Location,
        look: &Arc<impl Fn(&OpenDirectory) -> Result<T, FileError> + Send + Sync + 'static>,
    ) -> Result<T, FileError> {
        let path = Path::new(&format!("{}/", location.root)).join(&location.path);
        let (mut root, mut remaining) = (location.root, Remaining::new(Path::new(&location.path)));
        loop {
            let disk = self.disks.of(&root).ok_or(FileError::NotFound)?;
            let (roots, look, location, on) = (self.roots.clone(), look.clone(), path.clone(), disk.clone());
            let step = disk.run(move || {
                let root = open_root(root)?;
                match beneath::open_directory(&root, roots.paths(), remaining)? {
                    Opened::Directory(handle) => {
                        let directory = OpenDirectory {
                            handle,
                            location,
                            disk: on,
                        };
                        look(&directory).map(Step::Found)
                    }
                    Opened::OtherRoot(root, remaining) => Ok(Step::OtherRoot(root, remaining)),
                }
            });
            match step.await?? {
                Step::Found(found) => return Ok(found),
                Step::OtherRoot(next, rest) => (root, remaining) = (next, rest),
            }
        }
    }
}

/// The result of a walk through one root.
enum Step<T> {
    Found(T),
    /// A link leads to another root.
    OtherRoot(String, Remaining),
}

/// Opens a root each time, because it may be mounted late or again.
fn open_root(path: String) -> Result<Root, FileError> {
    match beneath::root(&path) {
        Ok(handle) => Ok(Root { path, handle }),
        Err(error) => {
            tracing::warn!(%path, %error, "a users' root can't be opened");
            match FileError::from(error) {
                FileError::Unavailable(error) => Err(FileError::Unavailable(error)),
                _ => Err(FileError::NotFound),
            }
        }
    }
}

impl OpenDirectory {
    /// Opens the file at `path` beneath it.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if there is no regular file, or the path leads out.
    pub fn open(&self, path: &FilePath) -> Result<OpenFile, FileError> {
        next_step();
        let handle = beneath::open(&self.handle, path.as_path(), TO_READ)?;
        match self.opened(handle, path.as_path())? {
            Entry::File(file) => Ok(file),
            _ => Err(FileError::NotFound),
        }
    }

    /// Opens the first of `paths` that exists, and returns its path too.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if none exists, and other errors of [`Self::open`].
    pub fn open_first(
        &self,
        paths: impl IntoIterator<Item = FilePath>,
    ) -> Result<(OpenFile, FilePath), FileError> {
        for path in paths {
            match self.open(&path) {
                Err(FileError::NotFound) => {}
                opened => return opened.map(|file| (file, path)),
            }
        }
        Err(FileError::NotFound)
    }

    /// Opens the entry `name`. Links are not followed.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if it no longer exists or may not be read.
    pub fn entry(&self, name: &OsStr) -> Result<Entry, FileError> {
        next_step();
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
                file: DiskFile::new(File::from(handle), self.disk.clone()),
                identity: Identity::of(&stat),
                location,
                mode: stat.st_mode & 0o777,
            }),
            FileType::Directory => Entry::Directory(Self {
                handle,
                location,
                disk: self.disk.clone(),
            }),
            _ => Entry::Other,
        })
    }

    /// The directory at `path` beneath it, or this directory again without a path.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if there is no directory, or the path leads out.
    pub fn directory(&self, path: Option<&FilePath>) -> Result<Self, FileError> {
        let path = path.map_or(Path::new("."), FilePath::as_path);
        let handle = beneath::open(
            &self.handle,
            path,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        )?;
        Ok(Self {
            handle,
            location: self.location.join(path),
            disk: self.disk.clone(),
        })
    }

    /// The disk that it is on.
    #[must_use]
    pub fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    /// Its base name.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        self.location.file_name().unwrap_or_default()
    }

    /// When it was last changed, in nanoseconds since 1970.
    ///
    /// # Errors
    /// [`FileError::Unavailable`] if the disk can't be read.
    pub fn modified(&self) -> Result<i128, FileError> {
        let stat = fstat(&self.handle).map_err(io::Error::from)?;
        Ok(Identity::of(&stat).modified)
    }

    /// The sorted names of all its entries.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if it may not be read.
    pub fn names(&self) -> Result<Vec<OsString>, FileError> {
        let mut names = Vec::new();
        beneath::each_name(&self.handle, |name| {
            names.push(name.to_owned());
            true
        })?;
        names.sort_unstable();
        Ok(names)
    }

    /// The names that `is_wanted` selects, unsorted: up to `most`, and one more if there are more. Other
    /// names are not held in memory.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if it may not be read, and [`FileError::TooLarge`] if it has more than a
    /// million names.
    pub fn matching(
        &self,
        most: usize,
        is_wanted: impl Fn(&OsStr) -> bool,
    ) -> Result<Vec<OsString>, FileError> {
        let mut filter = DirectoryFilter::new(most, MOST_NAMES);
        beneath::each_name(&self.handle, |name| filter.add(name, is_wanted(name)))?;
        filter.finish()
    }
}

impl OpenFile {
    /// Its base name.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        self.location.file_name().unwrap_or_default()
    }

    /// Its current state.
    ///
    /// # Errors
    /// The operating system's.
    pub fn state(&self) -> io::Result<Identity> {
        Ok(Identity::of(&fstat(&*self.file)?))
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
