//! Frames of a series in one file: the file and those beside it, as the reader of HDF5 wants them.

use crate::proxy::cache::CacheKey;
use crate::proxy::disk::{Disk, DiskFile};
use crate::proxy::frame::hdf5::{self, is_hdf5, Located, Neighbours, Source};
use crate::proxy::frame::FrameError;
use crate::proxy::shelf::{FileError, FilePath, Identity, OpenDirectory, OpenFile};
use std::collections::HashMap;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

/// One frame of a series.
pub struct Numbered {
    pub(super) located: Located,
    /// The file that was asked for.
    pub(super) master: Identity,
    /// The disk that it is on.
    pub(super) disk: Arc<Disk>,
    /// That, and the file that has the frame.
    files: Vec<Identity>,
    number: u64,
}

impl Numbered {
    /// Finds frame `number` of the file at `path` in `directory`. Links in it lead to files of that directory only. Blocks on
    /// the disk.
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
            return Err(FrameError::Unsupported(
                "a number was asked for, and only HDF5 files have numbered frames".to_owned(),
            ));
        }
        let beside = Arc::new(Beside {
            directory: directory.directory(None).map_err(disk)?,
            parent: path.parent(),
            opened: Mutex::default(),
        });
        let located = hdf5::locate(Arc::new(Opened::from(file)), beside.clone(), number)?;
        let mut files = vec![master];
        let opened = beside.opened.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// What a picture of it is kept under.
    #[must_use]
    pub fn key(&self, what: &str) -> CacheKey {
        CacheKey::of_files(&format!("{what}-{}", self.number), self.files.iter())
    }
}

struct Opened {
    file: DiskFile,
    length: u64,
}

impl From<OpenFile> for Opened {
    fn from(file: OpenFile) -> Self {
        Self {
            length: file.identity.length,
            file: file.file,
        }
    }
}

impl Source for Opened {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(into, offset)
    }
}

/// The files in the directory of the one that was asked for.
struct Beside {
    directory: OpenDirectory,
    parent: Option<FilePath>,
    opened: Mutex<HashMap<String, Identity>>,
}

impl Neighbours for Beside {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn Source>>> {
        let Some(path) = beside(self.parent.as_ref(), name) else {
            return Ok(None);
        };
        match self.directory.open(&path) {
            Ok(file) => {
                let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
                opened.insert(name.to_owned(), file.identity);
                Ok(Some(Arc::new(Opened::from(file))))
            }
            Err(FileError::Unavailable(error)) => Err(io::Error::other(error.to_string())),
            Err(_) => Ok(None),
        }
    }
}

/// The path of the file that a link names. Of an absolute path only the name counts, as data is copied together with its
/// master; what leads upwards is nowhere.
fn beside(parent: Option<&FilePath>, name: &str) -> Option<FilePath> {
    let name = match name.strip_prefix('/') {
        Some(absolute) => absolute.rsplit('/').next()?,
        None => name.strip_prefix("./").unwrap_or(name),
    };
    let path = match parent {
        Some(parent) => [parent.as_bytes(), b"/", name.as_bytes()].concat(),
        None => name.as_bytes().to_vec(),
    };
    FilePath::new(path).ok()
}
