//! Open directories and files.

use super::beneath::{self, kind, TO_READ};
use super::directory_filter::DirectoryFilter;
use super::error::FileError;
use super::file_path::FilePath;
use super::identity::Identity;
use crate::proxy::disk::{next_step, Disk, DiskFile};
use rustix::fd::OwnedFd;
use rustix::fs::{fstat, FileType, OFlags};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most names of a directory that is searched.
const MOST_NAMES: usize = 1_000_000;

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

impl OpenDirectory {
    pub(super) fn new(handle: OwnedFd, location: PathBuf, disk: Arc<Disk>) -> Self {
        Self {
            handle,
            location,
            disk,
        }
    }

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
            FileType::Directory => Entry::Directory(Self::new(handle, location, self.disk.clone())),
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
        Ok(Self::new(handle, self.location.join(path), self.disk.clone()))
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

    /// The names that `is_wanted` selects, unsorted: up to `most`, and one more if there are more.
    /// Other names are not held in memory.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if it may not be read, and [`FileError::TooLarge`] if it has more
    /// than a million names.
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
    /// Its current state.
    ///
    /// # Errors
    /// The operating system's.
    pub fn state(&self) -> io::Result<Identity> {
        Ok(Identity::of(&fstat(&*self.file)?))
    }
}
