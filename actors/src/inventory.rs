//! Sample lists: ready-made bytes per (project, beamline), made anew only when something in them changes.
//!
//! HTTP handlers read [`InventoryCache`] without a hop. What it doesn't have, the [`Inventory`] actor makes: off its
//! arbiter, each list once however many ask for it. The rules are in `state.rs`.

pub mod cache;
pub mod state;

use crate::ask::{self, Ask, Command, Unavailable};
use crate::facility::catalog::{Catalog, Entries};
use actix::{Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, WrapFuture};
use arc_swap::ArcSwap;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::records::Sample;
pub use cache::{InventoryCache, ReadyList};
use state::SamplesByProject;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Lists made at the same time: they cost processor time only, and uploads need it too.
const PARALLEL: usize = 2;
/// Lists in the making or waiting for it; more are refused.
const MAX_MAKING: usize = 1024;

type Answer = Result<Arc<ReadyList>, Unavailable>;

/// Makes the list of a project's samples at a beamline; answers at once when there is a valid one.
#[derive(Debug, Clone, Copy)]
pub struct MakeList {
    /// Whose samples.
    pub project: ProjectId,
    /// Where.
    pub beamline: BeamlineId,
}

impl Command for MakeList {
    type Reply = Answer;
}

/// A list and the state of the facility it is made from: who asks after a change must not be given an older list.
type Making = (ProjectId, BeamlineId, u64);

/// Makes lists and puts them in the cache. It owns no record: a successor starts from nothing.
pub struct Inventory {
    catalog: Arc<ArcSwap<Catalog>>,
    cache: Arc<InventoryCache>,
    samples: Arc<SampleIndex>,
    permits: Arc<Semaphore>,
    making: HashMap<Making, Vec<ask::Answer<Answer>>>,
}

impl Inventory {
    /// Starts the actor on `arbiter`, with room for `mailbox` waiting commands.
    #[must_use]
    pub fn start(
        catalog: Arc<ArcSwap<Catalog>>,
        cache: Arc<InventoryCache>,
        arbiter: &ArbiterHandle,
        mailbox: usize,
    ) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |context| {
            context.set_mailbox_capacity(mailbox);
            Self {
                catalog,
                cache,
                samples: Arc::default(),
                permits: Arc::new(Semaphore::new(PARALLEL)),
                making: HashMap::new(),
            }
        })
    }
}

impl Actor for Inventory {
    type Context = Context<Self>;
}

impl Handler<Ask<MakeList>> for Inventory {
    type Result = ();

    fn handle(&mut self, Ask { command, reply }: Ask<MakeList>, context: &mut Self::Context) {
        let MakeList { project, beamline } = command;
        let catalog = self.catalog.load_full();
        if let Some(list) = self.cache.get(project, beamline, &catalog) {
            let _ = reply.send(Ok(list));
            return;
        }
        let key = (project, beamline, catalog.generation);
        if let Some(waiting) = self.making.get_mut(&key) {
            waiting.push(reply);
            return;
        }
        if self.making.len() >= MAX_MAKING {
            let _ = reply.send(Err(Unavailable::Busy));
            return;
        }
        self.making.insert(key, vec![reply]);
        let (cache, samples, permits) = (self.cache.clone(), self.samples.clone(), self.permits.clone());
        let made = async move {
            // The semaphore is never closed; were it, making one list too many at once would do no harm.
            let _permit = permits.acquire().await;
            let made = tokio::task::spawn_blocking(move || make(&catalog, &cache, &samples, command)).await;
            made.unwrap_or(Err(Unavailable::Lost("inventory")))
        };
        context.spawn(made.into_actor(self).map(move |answer, inventory, _| {
            for reply in inventory.making.remove(&key).unwrap_or_default() {
                let _ = reply.send(answer.clone());
            }
        }));
    }
}

/// The samples by project of the newest catalog that was asked for, made by whoever needs it first.
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

fn make(catalog: &Catalog, cache: &InventoryCache, samples: &SampleIndex, command: MakeList) -> Answer {
    let MakeList { project, beamline } = command;
    let samples = samples.of(&catalog.samples);
    let list = state::list(catalog, &samples, project, beamline);
    let json =
        serde_json::to_vec(&list).map_err(|error| Unavailable::Unreadable(error.to_string().into()))?;
    let list = match cache.any(project, beamline) {
        // Most changes of the facility aren't of this project: its list stays the very same, tag and all.
        Some(old) if *old.json == *json => old,
        _ => Arc::new(ReadyList::of(json)),
    };
    cache.put(project, beamline, Arc::clone(&list), catalog);
    Ok(list)
}

#[cfg(test)]
mod tests;
