//! Sample lists: one ready body per project and beamline, made again only when its inputs have
//! changed.
//!
//! `listing.rs` decides what is in a list, `ready.rs` makes the body of a reply from it. Requests
//! for the same list wait for one computation (single flight).

pub mod listing;
mod ready;

pub use ready::ReadyList;

use crate::ask::Unavailable;
use crate::facility::catalog::{Catalog, Entries};
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::records::{Automounter, Container, ContainerType, Group, Sample};
use listing::SamplesByProject;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};
use moka::policy::EvictionPolicy;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Lists that are made at the same time. That takes processor time, which uploads need too.
const PARALLEL: usize = 2;
/// Requests that wait for a list; more are refused.
const MAX_WAITING: usize = 1024;

type Name = (ProjectId, BeamlineId);

/// The lists of all projects and beamlines. Those that were not used for longest are dropped when
/// all of them exceed a number of bytes.
pub struct SampleLists {
    lists: Cache<Name, Made>,
    inputs: Mutex<Inputs>,
    samples: Arc<SampleIndex>,
    waiting: Semaphore,
    making: Semaphore,
}

#[derive(Debug, Clone)]
struct Made {
    list: Arc<ReadyList>,
    /// The generation of the inputs it was made from.
    generation: u64,
}

/// The parts of the catalog that sample lists are made of. A change elsewhere, such as a new key,
/// leaves the lists valid.
#[derive(Debug, Default)]
struct Inputs {
    /// The generation of the catalog in which they were first seen.
    generation: u64,
    container_types: Entries<ContainerType>,
    containers: Entries<Container>,
    automounters: Entries<Automounter>,
    groups: Entries<Group>,
    samples: Entries<Sample>,
}

impl Inputs {
    fn of(catalog: &Catalog) -> Self {
        Self {
            generation: catalog.generation,
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

impl SampleLists {
    /// Keeps lists of up to `capacity` bytes together, compressed forms included. A longer list is
    /// kept alone.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let weight =
            move |_: &Name, made: &Made| u32::try_from(made.list.size().min(capacity)).unwrap_or(u32::MAX);
        Self {
            lists: Cache::builder()
                .max_capacity(capacity as u64)
                .weigher(weight)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            inputs: Mutex::default(),
            samples: Arc::default(),
            waiting: Semaphore::new(MAX_WAITING),
            making: Semaphore::new(PARALLEL),
        }
    }

    /// The samples of `project` at `beamline` as `catalog` or a newer one has them.
    ///
    /// # Errors
    /// [`Unavailable`] when too many requests wait, or the list could not be made.
    pub async fn get(
        &self,
        catalog: &Arc<Catalog>,
        project: ProjectId,
        beamline: BeamlineId,
    ) -> Result<Arc<ReadyList>, Unavailable> {
        let name = (project, beamline);
        let generation = self.generation(catalog);
        if let Some(list) = self.cached(name, generation).await {
            return Ok(list);
        }
        let _place = self.waiting.try_acquire().map_err(|_| Unavailable::Busy)?;
        let computed = self.lists.entry(name).and_try_compute_with(|known| async move {
            let known = known.map(moka::Entry::into_value);
            if known.as_ref().is_some_and(|known| known.generation >= generation) {
                return Ok(Op::Nop);
            }
            let list = self.make(catalog, name, known.map(|known| known.list)).await?;
            Ok::<_, Unavailable>(Op::Put(Made { list, generation }))
        });
        match computed.await? {
            CompResult::Inserted(entry) | CompResult::ReplacedWith(entry) | CompResult::Unchanged(entry) => {
                Ok(entry.into_value().list)
            }
            CompResult::StillNone(_) | CompResult::Removed(_) => Err(Unavailable::Contended),
        }
    }

    /// The generation since which the inputs are those of `catalog`.
    fn generation(&self, catalog: &Catalog) -> u64 {
        let mut inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        if !inputs.are_of(catalog) {
            if catalog.generation < inputs.generation {
                return catalog.generation;
            }
            *inputs = Inputs::of(catalog);
        }
        inputs.generation
    }

    async fn cached(&self, name: Name, generation: u64) -> Option<Arc<ReadyList>> {
        let made = self.lists.get(&name).await?;
        (made.generation >= generation).then_some(made.list)
    }

    /// Makes a list, on the blocking pool. Most changes of the facility do not change the list; then
    /// `known` itself is returned.
    async fn make(
        &self,
        catalog: &Arc<Catalog>,
        (project, beamline): Name,
        known: Option<Arc<ReadyList>>,
    ) -> Result<Arc<ReadyList>, Unavailable> {
        // The semaphore is never closed.
        let _permit = self.making.acquire().await;
        let (catalog, samples) = (Arc::clone(catalog), Arc::clone(&self.samples));
        let made = tokio::task::spawn_blocking(move || {
            let samples = samples.of(&catalog.samples);
            let json = serde_json::to_vec(&listing::list(&catalog, &samples, project, beamline))?;
            Ok(match known {
                Some(known) if *known.json == *json => known,
                _ => Arc::new(ReadyList::of(json)),
            })
        });
        match made.await {
            Ok(made) => {
                made.map_err(|error: serde_json::Error| Unavailable::Unreadable(error.to_string().into()))
            }
            Err(lost) => Err(Unavailable::Unreadable(lost.to_string().into())),
        }
    }
}

impl fmt::Debug for SampleLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SampleLists").finish_non_exhaustive()
    }
}

/// The samples by project, of the newest catalog for which a list was made.
#[derive(Debug, Default)]
struct SampleIndex(Mutex<Arc<SamplesByProject>>);

impl SampleIndex {
    fn of(&self, samples: &Entries<Sample>) -> Arc<SamplesByProject> {
        let mut index = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !index.is_of(samples) {
            *index = Arc::new(SamplesByProject::of(samples));
        }
        Arc::clone(&index)
    }
}

#[cfg(test)]
mod tests;
