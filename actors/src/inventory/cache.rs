//! The ready-made lists, shared between the actor that makes them and the handlers that send them.

use crate::facility::catalog::{Catalog, Entries};
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::records::{Automounter, Container, ContainerType, Group, Sample};
use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::Compression;
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shorter lists aren't worth compressing: they fit into one packet as they are.
const GZIP_ABOVE: usize = 1024;
/// What an entry costs besides its bytes.
const OVERHEAD: usize = 256;

/// The body of a reply, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct ReadyList {
    /// The list in JSON.
    pub json: Bytes,
    /// The same, compressed; none when it is at most 1 KiB long.
    pub gzip: Option<Bytes>,
    /// A strong tag of `json`: the same bytes have the same tag, after a restart too. Without quotes.
    pub etag: String,
}

impl ReadyList {
    /// Compresses and tags `json`.
    #[must_use]
    pub fn of(json: Vec<u8>) -> Self {
        let digest = Sha256::digest(&json);
        let etag = digest
            .iter()
            .take(16)
            .fold(String::with_capacity(32), |mut tag, byte| {
                // Writing to a String cannot fail.
                let _ = write!(tag, "{byte:02x}");
                tag
            });
        Self {
            gzip: (json.len() > GZIP_ABOVE).then(|| compress(&json)).flatten(),
            json: json.into(),
            etag,
        }
    }

    fn size(&self) -> usize {
        OVERHEAD + self.json.len() + self.gzip.as_ref().map_or(0, |gzip| gzip.len())
    }
}

fn compress(json: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 4), Compression::default());
    // Writing to a Vec cannot fail; were it to, the list goes out uncompressed.
    encoder.write_all(json).ok()?;
    Some(encoder.finish().ok()?.into())
}

/// The parts of the facility that sample lists are made of: a change elsewhere, such as a new key, leaves them valid.
#[derive(Debug, Default)]
struct Inputs {
    container_types: Entries<ContainerType>,
    containers: Entries<Container>,
    automounters: Entries<Automounter>,
    groups: Entries<Group>,
    samples: Entries<Sample>,
}

impl Inputs {
    fn of(catalog: &Catalog) -> Self {
        Self {
            container_types: catalog.container_types.clone(),
            containers: catalog.containers.clone(),
            automounters: catalog.automounters.clone(),
            groups: catalog.groups.clone(),
            samples: catalog.samples.clone(),
        }
    }

    fn are_of(&self, catalog: &Catalog) -> bool {
        self.container_types.same(&catalog.container_types)
            && self.containers.same(&catalog.containers)
            && self.automounters.same(&catalog.automounters)
            && self.groups.same(&catalog.groups)
            && self.samples.same(&catalog.samples)
    }
}

/// A list, and the state of the inputs it was made from.
#[derive(Debug)]
struct Cached {
    list: Arc<ReadyList>,
    epoch: u64,
}

#[derive(Debug)]
struct State {
    /// The newest catalog seen.
    generation: u64,
    inputs: Inputs,
    /// One more with every change of `inputs`.
    epoch: u64,
    lists: LruCache<(ProjectId, BeamlineId), Cached>,
    bytes: usize,
}

impl State {
    /// The epoch of `catalog`, or `None` when newer inputs than its have been seen.
    fn epoch_of(&mut self, catalog: &Catalog) -> Option<u64> {
        if !self.inputs.are_of(catalog) {
            if catalog.generation < self.generation {
                return None;
            }
            self.inputs = Inputs::of(catalog);
            self.epoch += 1;
        }
        self.generation = self.generation.max(catalog.generation);
        Some(self.epoch)
    }
}

/// Ready-made lists, the least recently used of which go first when they exceed a number of bytes.
#[derive(Debug)]
pub struct InventoryCache {
    state: Mutex<State>,
    capacity: usize,
}

impl InventoryCache {
    /// Room for lists of `capacity` bytes together, compressed forms included. One list always has room, however long.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                generation: 0,
                inputs: Inputs::default(),
                epoch: 0,
                lists: LruCache::unbounded(),
                bytes: 0,
            }),
            capacity,
        }
    }

    /// The list, if there is one that is what `catalog` says.
    #[must_use]
    pub fn get(&self, project: ProjectId, beamline: BeamlineId, catalog: &Catalog) -> Option<Arc<ReadyList>> {
        let mut state = self.lock();
        let epoch = state.epoch_of(catalog)?;
        let cached = state.lists.get(&(project, beamline))?;
        (cached.epoch == epoch).then(|| Arc::clone(&cached.list))
    }

    /// The list as it was made last, whatever has changed since.
    pub(super) fn any(&self, project: ProjectId, beamline: BeamlineId) -> Option<Arc<ReadyList>> {
        let state = self.lock();
        state
            .lists
            .peek(&(project, beamline))
            .map(|cached| Arc::clone(&cached.list))
    }

    /// Keeps a list made from `catalog`, unless a newer state of the facility has been seen.
    pub(super) fn put(
        &self,
        project: ProjectId,
        beamline: BeamlineId,
        list: Arc<ReadyList>,
        catalog: &Catalog,
    ) {
        let mut state = self.lock();
        let Some(epoch) = state.epoch_of(catalog) else {
            return;
        };
        state.bytes += list.size();
        if let Some(old) = state.lists.put((project, beamline), Cached { list, epoch }) {
            state.bytes -= old.list.size();
        }
        while state.bytes > self.capacity && state.lists.len() > 1 {
            match state.lists.pop_lru() {
                Some((_, evicted)) => state.bytes -= evicted.list.size(),
                None => break,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
