//! Access lists: who may use which hosts, and the history of the connections that the hosts report.
//!
//! `lists.rs` finds the list of an address and its users, `history.rs` has the rules of a
//! connection's history, `connections.rs` decides what a post changes. The actor handles the posts
//! of one list one at a time, and those of different lists at once. It answers a post when
//! everything is durable that the answer depends on. Posts leave no entry in the activity log: the
//! history is the record.

mod connections;
pub mod history;
pub mod lists;

use crate::activity::Origin;
use crate::ask::{Ask, Command, Unavailable};
use crate::pool;
use crate::published::Published;
use actix::{Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, WrapFuture};
use beamlive_storage::ids::AccessListId;
use beamlive_storage::Store;
use chrono_tz::Tz;
use connections::Known;
use history::RawEntry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Posts of one list that wait; more are refused.
const MAX_WAITING: usize = 64;
/// Lists whose connections stay in memory.
const MAX_LISTS: usize = 32;
/// Attempts to handle a post while other nodes change the same connections.
const ATTEMPTS: usize = 4;

/// Adds the connections that a host reports to the histories of its list.
#[derive(Debug, Clone)]
pub struct Post {
    /// The host's list.
    pub list: AccessListId,
    /// What it reports, unchecked. Entries after the first 10,000 are skipped.
    pub entries: Arc<[RawEntry]>,
    /// Who reports it.
    pub origin: Origin,
}

/// The result of a post. It is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// How many connections were changed.
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

/// The store, and what entries are checked against.
#[derive(Clone)]
struct Records {
    store: Store,
    catalog: Arc<Published>,
    zone: Tz,
}

struct List {
    /// None while a post is being handled.
    known: Option<Known>,
    waiting: VecDeque<Ask<Post>>,
}

impl Access {
    /// Starts the actor on `arbiter`, with room for `mailbox` waiting commands. Dates of entries
    /// are in `zone`.
    #[must_use]
    pub fn start(
        store: Store,
        catalog: Arc<Published>,
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

    fn process(&mut self, Ask { command, reply }: Ask<Post>, known: Known, context: &mut Context<Self>) {
        let id = command.list;
        let post = process(self.records.clone(), command, known).into_actor(self);
        context.spawn(post.map(move |(known, result), access, context| {
            // The caller may have gone.
            let _ = reply.send(result);
            let list = access.list(id);
            match list.waiting.pop_front() {
                Some(next) => access.process(next, known, context),
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
            Some(known) => self.process(ask, known, context),
            None if list.waiting.len() < MAX_WAITING => list.waiting.push_back(ask),
            None => {
                let _ = ask.reply.send(Err(Unavailable::Busy));
            }
        }
    }
}

/// Handles a post and waits until it is durable. Also returns what is known of the list afterwards.
async fn process(records: Records, post: Post, mut known: Known) -> (Known, Result<Posted, Unavailable>) {
    let list = post.list;
    for _ in 0..ATTEMPTS {
        let (reader, entries) = (records.clone(), Arc::clone(&post.entries));
        let planned = tokio::task::spawn_blocking(move || {
            let catalog = reader.catalog.last_known();
            let plan = known.plan(&reader.store, &catalog, reader.zone, list, &entries);
            (known, plan)
        });
        let plan = match planned.await {
            Ok((unchanged, Ok(plan))) => {
                known = unchanged;
                plan
            }
            // Records that were read for this post may not be durable.
            Ok((_, Err(error))) => return (Known::default(), Err(error.into())),
            // The panic has dropped what was known. It will be read again.
            Err(_) => return (Known::default(), Err(Unavailable::Lost("access"))),
        };
        if let Some(batch) = plan.batch(list) {
            let committed = match records.store.reserve() {
                Ok(permit) => pool::commit(permit, batch).await,
                Err(error) => Err(error.into()),
            };
            match committed {
                Ok(true) => {}
                Ok(false) => {
                    known = Known::default();
                    continue;
                }
                Err(error) => return (Known::default(), Err(error)),
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
