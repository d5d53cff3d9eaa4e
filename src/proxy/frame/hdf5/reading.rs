//! Reads the structures of a file within a budget, and follows links to its siblings.

use super::super::error::FrameError;
use super::source::{Siblings, Source};
use hdf5_reader::error::Error;
use hdf5_reader::storage::{Storage, StorageBuffer};
use hdf5_reader::{Dataset, ExternalLinkResolver, Hdf5File, OpenOptions};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// Bytes of structures that are read for one frame, so that reading ends for any file.
const BUDGET: u64 = 256 << 20;
/// Added to the cost of each read.
const COST_OF_READ: u64 = 1 << 10;
/// The longest structure, in bytes.
const LONGEST: usize = 16 << 20;

/// A file whose structures are read.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) file: Hdf5File,
    pub(super) source: Arc<dyn Source>,
    /// The name in the link to it; `None` for the requested file.
    pub(super) name: Option<String>,
}

/// The result of looking up a path.
pub(super) enum Found {
    /// A data set, and the file that it is in.
    DataSet(Box<Dataset>, Opened),
    /// A link to a file that does not exist, may not be read, or has no such data set; the name in
    /// the link.
    Unresolved(String),
    Nothing,
}

/// The requested file and its siblings.
pub(super) struct StructureReader {
    master: Opened,
    links: Arc<Links>,
}

impl StructureReader {
    pub(super) fn new(source: Arc<dyn Source>, siblings: Arc<dyn Siblings>) -> Result<Self, FrameError> {
        let links = Arc::new(Links {
            siblings,
            followed: Mutex::default(),
            spent: Arc::default(),
        });
        let master = Opened {
            file: open(source.clone(), &links.spent, Some(links.clone()))?,
            source,
            name: None,
        };
        Ok(Self { master, links })
    }

    /// Looks up `path` in the requested file. It may lead through a link to a sibling.
    pub(super) fn dataset(&self, path: &str) -> Result<Found, FrameError> {
        *self.links.followed.lock() = Followed::default();
        let dataset = self.master.file.dataset(path);
        let followed = std::mem::take(&mut *self.links.followed.lock());
        match dataset {
            Ok(dataset) => {
                let opened = followed.into.unwrap_or_else(|| self.master.clone());
                Ok(Found::DataSet(Box::new(dataset), opened))
            }
            Err(error) if !is_missing(&error) => Err(error.into()),
            Err(_) => Ok(followed.name.map_or(Found::Nothing, Found::Unresolved)),
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

/// Enforces the budget.
struct Bounded {
    source: Arc<dyn Source>,
    spent: Arc<AtomicU64>,
}

impl Storage for Bounded {
    fn len(&self) -> u64 {
        self.source.length()
    }

    fn read_range(&self, offset: u64, length: usize) -> Result<StorageBuffer, Error> {
        let cost = length as u64 + COST_OF_READ;
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

/// Follows links from the requested file. Links in its siblings are not followed.
struct Links {
    siblings: Arc<dyn Siblings>,
    followed: Mutex<Followed>,
    spent: Arc<AtomicU64>,
}

impl ExternalLinkResolver for Links {
    fn resolve_external_link(&self, name: &str) -> Result<Option<Hdf5File>, Error> {
        self.followed.lock().name = Some(name.to_owned());
        let Some(source) = self.siblings.open(name)? else {
            return Ok(None);
        };
        let file = open(source.clone(), &self.spent, None)?;
        self.followed.lock().into = Some(Opened {
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
        // The error for a link to a file without such a data set.
        Error::Other(message) => message.ends_with("not found"),
        _ => false,
    }
}

impl From<Error> for FrameError {
    fn from(error: Error) -> Self {
        match error {
            Error::Context { source, .. } => Self::from(*source),
            Error::Io(error) => Self::Disk(error.to_string()),
            Error::ResourceLimit(_) => Self::too_large("its HDF5 structures are"),
            Error::UnsupportedLayoutClass(_) => Self::unsupported(
                "its frames are a virtual data set, which is not read: ask for a frame of a file that the data set is made of",
            ),
            error => Self::damaged(error.to_string()),
        }
    }
}
