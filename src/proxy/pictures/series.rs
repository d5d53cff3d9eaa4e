//! One frame of an HDF5 file: opens the file and its siblings for the reader of HDF5.

use crate::proxy::cache::CacheKey;
use crate::proxy::disk::Disk;
use crate::proxy::frame::hdf5::{self, is_hdf5, Located, Siblings, Source};
use crate::proxy::frame::FrameError;
use crate::proxy::shelf::{FileError, FilePath, Identity, OpenDirectory, OpenFile};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// One frame of an HDF5 file.
pub struct SeriesFrame {
    pub(super) located: Located,
    /// The requested file.
    pub(super) master: Identity,
    /// The disk that it is on.
    pub(super) disk: Arc<Disk>,
    /// The requested file, and the data file with the frame.
    files: Vec<Identity>,
    number: u64,
}

impl SeriesFrame {
    /// Finds frame `number` of the file at `path` in `directory`. Its links may only lead to files
    /// beneath that directory. Blocks on the disk.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn find(
        directory: &OpenDirectory,
        path: &FilePath,
        file: OpenFile,
        number: u64,
    ) -> Result<Self, FrameError> {
        let disk = |error: FileError| FrameError::Disk(error.to_string());
        let (master, on) = (file.identity, file.file.disk().clone());
        let mut begin = [0; 8];
        if file.file.read_exact_at(&mut begin, 0).is_err() || !is_hdf5(&begin) {
            return Err(FrameError::unsupported(
                "a number was asked for, and only HDF5 files have numbered frames",
            ));
        }
        let siblings = Arc::new(DirectorySiblings {
            directory: directory.directory(None).map_err(disk)?,
            parent: path.parent(),
            opened: Mutex::default(),
        });
        let located = hdf5::locate(Arc::new(file), siblings.clone(), number)?;
        let mut files = vec![master];
        let opened = siblings.opened.lock();
        files.extend(located.file.as_ref().and_then(|name| opened.get(name)));
        drop(opened);
        Ok(Self {
            located,
            master,
            disk: on,
            files,
            number,
        })
    }

    /// The cache key of a picture of it.
    #[must_use]
    pub fn key(&self, what: &str) -> CacheKey {
        CacheKey::of_files(&format!("{what}-{}", self.number), self.files.iter())
    }
}

impl Source for OpenFile {
    fn length(&self) -> u64 {
        self.identity.length
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(into, offset)
    }
}

/// The files in the directory of the requested file.
struct DirectorySiblings {
    directory: OpenDirectory,
    parent: Option<FilePath>,
    opened: Mutex<HashMap<String, Identity>>,
}

impl Siblings for DirectorySiblings {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn Source>>> {
        let Some(path) = sibling_path(self.parent.as_ref(), name) else {
            return Ok(None);
        };
        match self.directory.open(&path) {
            Ok(file) => {
                let mut opened = self.opened.lock();
                opened.insert(name.to_owned(), file.identity);
                Ok(Some(Arc::new(file)))
            }
            Err(FileError::Unavailable(error)) => Err(io::Error::other(error.to_string())),
            Err(_) => Ok(None),
        }
    }
}

/// The path of the file that a link names. Of an absolute path only the file name is used, because
/// data files are copied together with their master. Links out of the directory have no path.
fn sibling_path(parent: Option<&FilePath>, name: &str) -> Option<FilePath> {
    let name = match name.strip_prefix('/') {
        Some(absolute) => absolute.rsplit('/').next()?,
        None => name.strip_prefix("./").unwrap_or(name),
    };
    FilePath::in_directory(parent, name.as_bytes()).ok()
}
