//! The files behind the keys: a key and a path in, an open file out. No other code opens what clients name.
//!
//! - A key leads to its directory, if it is known and has not expired.
//! - The directory is opened from the handle of its users' root, or of the place it has moved to, and the file from the handle
//!   of the directory, so that nothing that is renamed or linked meanwhile leads out (`shelf/beneath.rs`).
//! - Links inside the directory are followed as long as they stay in it. Links on the way to the directory are followed
//!   inside the roots, if they belong to the superuser or to the owner of what they lead to.
//! - Only regular files are opened.
//!
//! All of it blocks on the disk: [`Shelf::first`] runs it on the threads of the root in question, and on those of another where a
//! link leads into that.

mod beneath;
mod error;
mod file_path;
mod sieve;

pub use error::FileError;
pub use file_path::{FilePath, NoFilePath};

use self::sieve::Sieve;
use super::alternates::{places, Alternate, Place};
use super::disk::{beat, Disk, DiskFile, Disks};
use super::roots::Roots;
use beamlive_actors::clock::Clock;
use beamlive_actors::{pool, secure_path};
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{SecureKey, SecurePath};
use beamlive_storage::Store;
use beneath::{kind, Opened, Root, Way, TO_READ};
use chrono::TimeDelta;
use rustix::fd::OwnedFd;
use rustix::fs::{fstat, FileType, OFlags, Stat};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names of one directory that are looked through for those that match.
const MOST_NAMES: usize = 1_000_000;

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
    /// The threads that may touch them.
    pub disks: Disks,
    /// How long a key is good; for ever when none.
    pub lifetime: Option<TimeDelta>,
}

/// The directory of a key.
#[derive(Debug)]
pub struct OpenDirectory {
    handle: OwnedFd,
    /// Where it was found.
    location: PathBuf,
    disk: Arc<Disk>,
}

/// A regular file.
#[derive(Debug)]
pub struct OpenFile {
    /// At its beginning.
    pub file: DiskFile,
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
    pub async fn open(&self, key: &str, path: FilePath) -> Result<OpenFile, FileError> {
        self.first(key, move |directory| directory.open(&path)).await
    }

    /// Looks for something in the directory of `key`; where it is not found, in the places that the directory may have
    /// moved to. `look` runs on a thread of the root.
    ///
    /// # Errors
    /// [`FileError::NotFound`] when it is in none of them, what `look` fails with, and [`FileError::Unavailable`] when a root
    /// does not answer.
    pub async fn first<T: Send + 'static>(
        &self,
        key: &str,
        look: impl Fn(&OpenDirectory) -> Result<T, FileError> + Send + Sync + 'static,
    ) -> Result<T, FileError> {
        let directory = self.opened_by(key).await?.directory;
        let look = Arc::new(look);
        for place in places(&self.roots, &self.alternates, &directory) {
            match self.at(place, &look).await {
                Err(FileError::NotFound) => {}
                found => return found,
            }
        }
        Err(FileError::NotFound)
    }

    /// Whose directory `key` opens; nobody's when it was made for none.
    ///
    /// # Errors
    /// [`FileError::NoKey`], and [`FileError::Unavailable`] when the store can't be read.
    pub async fn owner(&self, key: &str) -> Result<Option<ProjectId>, FileError> {
        Ok(self.opened_by(key).await?.project)
    }

    /// What `key` opens, with the directory as it was uploaded.
    async fn opened_by(&self, key: &str) -> Result<SecurePath, FileError> {
        let key = SecureKey::parse(key).ok_or(FileError::NoKey)?;
        let store = self.store.clone();
        let opened = pool::read(move || secure_path::find(&store, &key)).await?;
        let opened = opened.ok_or(FileError::NoKey)?;
        let expired = self
            .lifetime
            .is_some_and(|lifetime| opened.created.plus(lifetime) <= self.clock.now());
        match expired {
            true => Err(FileError::NoKey),
            false => Ok(opened),
        }
    }

    /// Looks in one place, on the threads of each root that the way to it goes through.
    async fn at<T: Send + 'static>(
        &self,
        place: Place,
        look: &Arc<impl Fn(&OpenDirectory) -> Result<T, FileError> + Send + Sync + 'static>,
    ) -> Result<T, FileError> {
        let location = Path::new(&format!("{}/", place.root)).join(&place.path);
        let (mut root, mut way) = (place.root, Way::to(Path::new(&place.path)));
        loop {
            let disk = self.disks.of(&root).ok_or(FileError::NotFound)?;
            let (roots, look, location, on) =
                (self.roots.clone(), look.clone(), location.clone(), disk.clone());
            let step = disk.run(move || {
                let root = open_root(root)?;
                match beneath::open_directory(&root, roots.paths(), way)? {
                    Opened::Here(handle) => {
                        let directory = OpenDirectory {
                            handle,
                            location,
                            disk: on,
                        };
                        look(&directory).map(Step::Found)
                    }
                    Opened::Elsewhere(root, way) => Ok(Step::On(root, way)),
                }
            });
            match step.await?? {
                Step::Found(found) => return Ok(found),
                Step::On(next, rest) => (root, way) = (next, rest),
            }
        }
    }
}

/// What came of going through one root.
enum Step<T> {
    Found(T),
    /// A link leads into another root.
    On(String, Way),
}

/// A root as it is there now: a disk may be mounted late, and unmounted.
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
    /// [`FileError::NotFound`] for what is no regular file, leads out, or is not there.
    pub fn open(&self, path: &FilePath) -> Result<OpenFile, FileError> {
        beat();
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
        beat();
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
        let mut names = Vec::new();
        beneath::each_name(&self.handle, |name| {
            names.push(name.to_owned());
            true
        })?;
        names.sort_unstable();
        Ok(names)
    }

    /// Those of the names in it that `keep` keeps, in no order; `most` of them, and one more when there are more. Whatever the
    /// directory holds, no others are in memory.
    ///
    /// # Errors
    /// [`FileError::NotFound`] when it may not be read, and [`FileError::TooLarge`] when it has more than a million names.
    pub fn matching(&self, most: usize, keep: impl Fn(&OsStr) -> bool) -> Result<Vec<OsString>, FileError> {
        let mut sieve = Sieve::new(most, MOST_NAMES);
        beneath::each_name(&self.handle, |name| sieve.look(name, keep(name)))?;
        sieve.end()
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
