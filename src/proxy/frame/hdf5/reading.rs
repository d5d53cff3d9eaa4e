//! Reads the structures of a file, within a budget, and follows links into files beside it.

use super::super::FrameError;
use super::{Neighbours, Source};
use hdf5_reader::error::Error;
use hdf5_reader::storage::{Storage, StorageBuffer};
use hdf5_reader::{Dataset, ExternalLinkResolver, Hdf5File, OpenOptions};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of structures that are read for one frame, each reading counted as so many more: whatever the files say, it ends.
const BUDGET: u64 = 256 << 20;
const READING: u64 = 1 << 10;
/// The longest structure, in bytes.
const LONGEST: usize = 16 << 20;

/// A file whose structures are read.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) file: Hdf5File,
    pub(super) source: Arc<dyn Source>,
    /// What the link to it calls it; none for the file that was asked for.
    pub(super) name: Option<String>,
}

/// What is at a path.
pub(super) enum Found {
    /// A data set, and the file that it is in.
    There(Box<Dataset>, Opened),
    /// A link into a file that is not there, may not be read, or has no such data set; what the link calls it.
    NoFile(String),
    Nothing,
}

/// The file that was asked for and those beside it.
pub(super) struct Reading {
    master: Opened,
    links: Arc<Links>,
}

impl Reading {
    pub(super) fn new(source: Arc<dyn Source>, neighbours: Arc<dyn Neighbours>) -> Result<Self, FrameError> {
        let links = Arc::new(Links {
            neighbours,
            followed: Mutex::default(),
            spent: Arc::default(),
        });
        let file =
            open(source.clone(), &links.spent, Some(links.clone())).map_err(|error| refused(&error))?;
        let master = Opened {
            file,
            source,
            name: None,
        };
        Ok(Self { master, links })
    }

    /// What is at `path`, here or in a file beside this one.
    pub(super) fn dataset(&self, path: &str) -> Result<Found, FrameError> {
        *self.links.followed() = Followed::default();
        let dataset = self.master.file.dataset(path);
        let followed = std::mem::take(&mut *self.links.followed());
        match dataset {
            Ok(dataset) => {
                let opened = followed.into.unwrap_or_else(|| self.master.clone());
                Ok(Found::There(Box::new(dataset), opened))
            }
            Err(error) if !is_missing(&error) => Err(refused(&error)),
            Err(_) => Ok(followed.name.map_or(Found::Nothing, Found::NoFile)),
        }
    }
}

fn open(
    source: Arc<dyn Source>,
    spent: &Arc<AtomicU64>,
    links: Option<Arc<Links>>,
) -> Result<Hdf5File, Error> {
    let storage = Arc::new(Bounded {
        source,
        spent: spent.clone(),
    });
    let options = OpenOptions {
        chunk_cache_bytes: 0,
        max_chunk_bytes: LONGEST,
        max_read_bytes: 1 << 10,
        max_object_header_bytes: 1 << 20,
        external_link_resolver: links.map(|links| links as Arc<dyn ExternalLinkResolver>),
        ..OpenOptions::default()
    };
    Hdf5File::from_storage_with_options(storage, options)
}

struct Bounded {
    source: Arc<dyn Source>,
    spent: Arc<AtomicU64>,
}

impl Storage for Bounded {
    fn len(&self) -> u64 {
        self.source.length()
    }

    fn read_range(&self, offset: u64, length: usize) -> Result<StorageBuffer, Error> {
        let cost = length as u64 + READING;
        let spent = self.spent.fetch_add(cost, Ordering::Relaxed);
        if length > LONGEST || spent > BUDGET {
            return Err(Error::ResourceLimit("its structures are too large".to_owned()));
        }
        let there = self.source.length().saturating_sub(offset);
        if length as u64 > there {
            return Err(Error::UnexpectedEof {
                offset,
                needed: length as u64,
                available: there,
            });
        }
        let mut bytes = vec![0; length];
        self.source.read_at(offset, &mut bytes)?;
        Ok(StorageBuffer::from_vec(bytes))
    }
}

/// The last link that was followed.
#[derive(Default)]
struct Followed {
    name: Option<String>,
    into: Option<Opened>,
}

/// Follows links from the file that was asked for, and none from there.
struct Links {
    neighbours: Arc<dyn Neighbours>,
    followed: Mutex<Followed>,
    spent: Arc<AtomicU64>,
}

impl Links {
    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExternalLinkResolver for Links {
    fn resolve_external_link(&self, name: &str) -> Result<Option<Hdf5File>, Error> {
        self.followed().name = Some(name.to_owned());
        let Some(source) = self.neighbours.open(name)? else {
            return Ok(None);
        };
        let file = open(source.clone(), &self.spent, None)?;
        self.followed().into = Some(Opened {
            file: file.clone(),
            source,
            name: Some(name.to_owned()),
        });
        Ok(Some(file))
    }
}

fn is_missing(error: &Error) -> bool {
    match error {
        Error::Context { source, .. } => is_missing(source),
        Error::GroupNotFound(_) | Error::DatasetNotFound(_) => true,
        // What the library says of a link into a file that has no such data set.
        Error::Other(message) => message.ends_with("not found"),
        _ => false,
    }
}

/// What the reader of structures says, for whoever asked.
pub(super) fn refused(error: &Error) -> FrameError {
    match error {
        Error::Context { source, .. } => refused(source),
        Error::Io(error) => FrameError::Disk(error.to_string()),
        Error::ResourceLimit(_) => FrameError::TooLarge("its HDF5 structures are".to_owned()),
        Error::UnsupportedLayoutClass(_) => {
            FrameError::Unsupported("its frames are a virtual data set, which is not read: ask for a frame of a file that the data set is made of".to_owned())
        }
        error => FrameError::Damaged(error.to_string()),
    }
}
