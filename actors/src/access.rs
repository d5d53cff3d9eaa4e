//! Access lists: who may use which hosts, and the history of the connections that the hosts report.
//!
//! `lists.rs` finds the list of an address and its users, `history.rs` holds the rules of a connection's history,
//! `connections.rs` what a post changes. The actor here takes the posts of each list one at a time, and those of
//! different lists at once. A post is answered when all that its answer rests on is durable. The history itself is the
//! record: posts leave no entry in the activity log.

mod connections;
pub mod history;
pub mod lists;

use crate::activity::Origin;
use crate::ask::{Ask, Command, Unavailable};
use crate::facility::catalog::Catalog;
use actix::{Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, WrapFuture};
use arc_swap::ArcSwap;
use beamlive_storage::ids::AccessListId;
use beamlive_storage::{CommitError, Store};
use chrono_tz::Tz;
use connections::Known;
pub use connections::{connections, ListedConnection};
use history::RawEntry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Posts of one list that wait; more are refused.
const MAX_WAITING: usize = 64;
/// Lists whose connections stay in memory.
const MAX_LISTS: usize = 32;
/// How often a post is tried when other nodes change the same connections.
const ATTEMPTS: usize = 4;

/// Takes the connections that a host reports into the histories of its list.
#[derive(Debug, Clone)]
pub struct Post {
    /// The host's list.
    pub list: AccessListId,
    /// What it reports, unchecked. Entries after the first 10,000 are skipped.
    pub entries: Arc<[RawEntry]>,
    /// Who reports it.
    pub origin: Origin,
}

/// What a post came to; it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// How many connections it changed.
    pub changed: usize,
    /// The first entries that were skipped, and why.
    pub skipped: Vec<String>,
    /// How many were skipped.
    pub skipped_count: usize,
}

impl Command for Post {
    type Reply = Result<Posted, Unavailable>;
}

/// Owns the connections of all lists.
pub struct Access {
    records: Records,
    lists: HashMap<AccessListId, List>,
}

/// Where posts are read from and written to.
#[derive(Clone)]
struct Records {
    store: Store,
    catalog: Arc<ArcSwap<Catalog>>,
    zone: Tz,
}

struct List {
    /// `None` while a post is at work on it.
    known: Option<Known>,
    waiting: VecDeque<Ask<Post>>,
}

impl Access {
    /// Starts the actor on `arbiter`, with room for `mailbox` waiting commands. Dates of entries are in `zone`.
    #[must_use]
    pub fn start(
        store: Store,
        catalog: Arc<ArcSwap<Catalog>>,
        zone: Tz,
        arbiter: &ArbiterHandle,
        mailbox: usize,
    ) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |context| {
            context.set_mailbox_capacity(mailbox);
            Self {
                records: Records { store, catalog, zone },
                lists: HashMap::new(),
            }
        })
    }

    fn list(&mut self, id: AccessListId) -> &mut List {
        if self.lists.len() >= MAX_LISTS && !self.lists.contains_key(&id) {
            self.lists.retain(|_, list| list.known.is_none());
        }
        self.lists.entry(id).or_insert_with(|| List {
            known: Some(Known::default()),
            waiting: VecDeque::new(),
        })
    }

    fn work(&mut self, Ask { command, reply }: Ask<Post>, known: Known, context: &mut Context<Self>) {
        let id = command.list;
        let post = take_in(self.records.clone(), command, known).into_actor(self);
        context.spawn(post.map(move |(known, result), access, context| {
            // A caller that has gone away needs no answer.
            let _ = reply.send(result);
            let list = access.list(id);
            match list.waiting.pop_front() {
                Some(next) => access.work(next, known, context),
                None => list.known = Some(known),
            }
        }));
    }
}

impl Actor for Access {
    type Context = Context<Self>;
}

impl Handler<Ask<Post>> for Access {
    type Result = ();

    fn handle(&mut self, ask: Ask<Post>, context: &mut Self::Context) {
        let list = self.list(ask.command.list);
        match list.known.take() {
            Some(known) => self.work(ask, known, context),
            None if list.waiting.len() < MAX_WAITING => list.waiting.push_back(ask),
            None => {
                let _ = ask.reply.send(Err(Unavailable::Busy));
            }
        }
    }
}

/// Takes a post in and waits until it is durable. Gives back what is known of the list then.
async fn take_in(records: Records, post: Post, mut known: Known) -> (Known, Result<Posted, Unavailable>) {
    let list = post.list;
    for _ in 0..ATTEMPTS {
        let (reader, entries) = (records.clone(), Arc::clone(&post.entries));
        let planned = tokio::task::spawn_blocking(move || {
            let catalog = reader.catalog.load_full();
            let plan = known.plan(&reader.store, &catalog, reader.zone, list, &entries);
            (known, plan)
        });
        let plan = match planned.await {
            Ok((unchanged, Ok(plan))) => {
                known = unchanged;
                plan
            }
            // Records that were read before have not been seen to be durable.
            Ok((_, Err(error))) => return (Known::default(), Err(error.into())),
            // What was known went with the panic; it is read again.
            Err(_) => return (Known::default(), Err(Unavailable::Lost("access"))),
        };
        if let Some(batch) = plan.batch(list) {
            let permit = match records.store.reserve() {
                Ok(permit) => permit,
                Err(error) => return (Known::default(), Err(error.into())),
            };
            match permit.commit(batch).await {
                Ok(_) => {}
                Err(CommitError::Conflict(_)) => {
                    known = Known::default();
                    continue;
                }
                Err(CommitError::WritesOff(reason)) => {
                    return (Known::default(), Err(Unavailable::WritesOff(reason)));
                }
            }
        }
        let posted = Posted {
            changed: plan.changed(),
            skipped: plan.skipped.clone(),
            skipped_count: plan.skipped_count,
        };
        if posted.skipped_count > 0 {
            let Origin { who, address } = &post.origin;
            let (count, first) = (posted.skipped_count, &posted.skipped);
            tracing::warn!(%list, who, ?address, count, ?first, "entries of a connection report were skipped");
        }
        known.learn(plan);
        return (known, Ok(posted));
    }
    (known, Err(Unavailable::Contended))
}

#[cfg(test)]
mod tests;
