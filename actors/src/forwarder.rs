//! Outbox → Data Proxy: every row of the outbox is sent until the proxy has given a key for its
//! directory.
//!
//! `due_queue.rs` decides which row is sent next, `circuit.rs` whether the proxy is called while
//! it fails, `scan.rs` when the outbox is read. They are pure: they take the time from their
//! caller. `delivery.rs` sends one row. The actor connects them. If several processes share the
//! database, one of them sends the outbox: `lease.rs` has the rule, `claim.rs` reads and writes.
//!
//! Invariants: a row leaves the outbox only in the batch that ties the key to its record, at the
//! revision for which the key was requested; a row is in at most one call at a time; while the
//! proxy is down there is at most one call at a time.

mod backoff;
mod circuit;
mod claim;
mod delivery;
mod due_queue;
mod lease;
mod outbox;
mod proxy;
mod scan;
mod status;

pub use due_queue::ForwarderSettings;
pub use proxy::{Cause, DataProxy, LocalProxy, ProxyError};
pub use status::{ForwarderHealth, ForwarderStatus};

use crate::activity::{self, ActivityEntry, Origin};
use crate::ask::{Answer, Ask, Command, Supervisor, Unavailable};
use crate::clock::Clock;
use crate::pool;
use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, SpawnHandle, WrapFuture,
};
use beamlive_storage::records::Subject;
use beamlive_storage::{Batch, Store, Timestamp};
use claim::{Claim, Round};
use due_queue::{DueQueue, Failure};
use lease::{Lease, LeaseGuard, ROUND};
use outbox::Page;
use scan::{Scan, SWEEP};
use std::sync::Arc;
use std::time::Duration;

/// No timer is shorter.
const SHORTEST_TIMER: Duration = Duration::from_millis(2);

/// Tells the forwarder that rows may have been added to the outbox. It is sent after their batch
/// was handed to the writer.
#[derive(Debug, Clone, Copy)]
pub struct Wake;

impl Command for Wake {
    type Reply = ();
}

/// Sends [`Wake`] without waiting. If the actor was lost, a successor is started.
pub fn wake(forwarder: &Arc<Supervisor<Forwarder>>) {
    let forwarder = Arc::clone(forwarder);
    tokio::spawn(async move {
        match forwarder.ask(Wake).await {
            // A full mailbox is no loss: the messages in it make the forwarder read the outbox too.
            Ok(()) | Err(Unavailable::Busy) => {}
            Err(error) => tracing::error!(%error, "the forwarder could not be started again"),
        }
    });
}

/// Tries everything in the outbox now. Answers with the number of rows, once the activity log has
/// it.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Who asks.
    pub origin: Origin,
}

impl Command for Retry {
    type Reply = Result<u64, Unavailable>;
}

/// Starts no further call. Answers once the running calls have ended and their keys are recorded.
/// That may take as long as the Data Proxy takes to answer.
#[derive(Debug, Clone, Copy)]
pub struct Finish;

impl Command for Finish {
    type Reply = ();
}

/// The actor.
pub struct Forwarder {
    store: Store,
    proxy: Arc<dyn DataProxy>,
    clock: Arc<dyn Clock>,
    health: Arc<ForwarderHealth>,
    queue: DueQueue,
    scan: Scan,
    /// The page that is being read.
    reading: Option<SpawnHandle>,
    timer: Option<SpawnHandle>,
    /// Set by [`Finish`], and when writes are off.
    stopped: bool,
    finishing: Vec<Answer<()>>,
    /// Whether this process may start calls.
    held: LeaseGuard,
    /// With other processes on the database; taken while it is being renewed or given up.
    claim: Option<Claim>,
    shared: bool,
    /// The other process that sends the outbox; empty if none is known.
    elsewhere: Arc<str>,
}

impl Forwarder {
    /// Starts it on `arbiter`, with room for `mailbox` messages. It reads the outbox at once. Only
    /// this actor writes `health`; its counters go on from those of a predecessor.
    pub fn start(
        store: Store,
        proxy: Arc<dyn DataProxy>,
        clock: Arc<dyn Clock>,
        settings: ForwarderSettings,
        health: Arc<ForwarderHealth>,
        arbiter: &ArbiterHandle,
        mailbox: usize,
    ) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |context| {
            context.set_mailbox_capacity(mailbox);
            let now = clock.now();
            let claim = store.shared().map(|log| Claim {
                store: store.clone(),
                clock: Arc::clone(&clock),
                held: LeaseGuard::by_record(Arc::clone(&clock)),
                lease: Lease::new(log.node(), settings.call_timeout),
                failed: false,
            });
            Self {
                held: claim
                    .as_ref()
                    .map_or_else(LeaseGuard::always, |claim| claim.held.clone()),
                shared: claim.is_some(),
                claim,
                elsewhere: Arc::from(""),
                queue: DueQueue::new(settings, fastrand::Rng::new(), health.status(), now),
                scan: Scan::new(now),
                reading: None,
                timer: None,
                stopped: false,
                finishing: Vec::new(),
                store,
                proxy,
                clock,
                health,
            }
        })
    }

    /// Starts what is due, publishes the status, and sets the timer for what is due next.
    fn tick(&mut self, context: &mut Context<Self>) {
        let now = self.clock.now();
        if !self.stopped {
            if self.held.is_held() {
                self.read_page(now, context);
                self.deliver_due(now, context);
                self.set_timer(now, context);
            }
        } else if self.queue.in_flight() == 0 && !self.finishing.is_empty() {
            self.finish(context);
        }
        let status = self.queue.status(self.scan.is_behind());
        self.health.publish(match self.held.is_held() {
            true => status,
            false => status.elsewhere(&self.elsewhere),
        });
    }

    /// Answers those who wait for the end. Before that, the lease is given up.
    fn finish(&mut self, context: &mut Context<Self>) {
        if self.shared {
            // While a round is running, its end calls this again.
            if let Some(claim) = self.claim.take() {
                let released = claim.release().into_actor(self);
                context.spawn(released.map(|_, forwarder, context| {
                    forwarder.shared = false;
                    forwarder.tick(context);
                }));
            }
            return;
        }
        for reply in self.finishing.drain(..) {
            // The caller may have gone.
            let _ = reply.send(());
        }
    }

    /// Looks at the lease now, and every second.
    fn renew(&mut self, context: &mut Context<Self>) {
        let Some(claim) = self.claim.take_if(|_| !self.stopped) else {
            return;
        };
        context.spawn(
            claim
                .round()
                .into_actor(self)
                .map(|(claim, round), forwarder, context| {
                    forwarder.claim = Some(claim);
                    match round {
                        Round::Here { anew: false } | Round::Unknown => {}
                        Round::Here { anew: true } => forwarder.try_everything(context),
                        Round::Elsewhere(node) => {
                            forwarder.elsewhere = node;
                            forwarder.queue.hand_over();
                        }
                    }
                    forwarder.tick(context);
                    context.run_later(ROUND, Self::renew);
                }),
        );
    }

    /// Makes all rows due, in memory and in the store.
    fn try_everything(&mut self, context: &mut Context<Self>) {
        let now = self.clock.now();
        self.queue.retry(now);
        self.scan = Scan::new(now);
        if let Some(reading) = self.reading.take() {
            context.cancel_future(reading);
        }
    }

    /// Reads a page of the outbox, if one is wanted and there is room for it.
    fn read_page(&mut self, now: Timestamp, context: &mut Context<Self>) {
        let wanted = (self.scan.next(now), self.queue.page_limit(now), &self.reading);
        let (Some(start), Some(limit), None) = wanted else {
            return;
        };
        let read = read_page(self.store.clone(), start, limit).into_actor(self);
        self.reading = Some(context.spawn(read.map(|page, forwarder, context| {
            let now = forwarder.clock.now();
            forwarder.reading = None;
            match &page {
                Ok(page) => forwarder.queue.add(&page.rows, forwarder.scan.eager, now),
                Err(error) => tracing::warn!(%error, "the outbox could not be read; trying again"),
            }
            forwarder.scan.page_read(page.as_ref().ok(), now);
            forwarder.tick(context);
        })));
    }

    fn deliver_due(&mut self, now: Timestamp, context: &mut Context<Self>) {
        while let Some(id) = self.queue.next(now) {
            let (store, proxy) = (self.store.clone(), Arc::clone(&self.proxy));
            let delivery = delivery::deliver(store, proxy, self.held.clone(), id);
            context.spawn(delivery.into_actor(self).map(move |outcome, forwarder, context| {
                if let Err(Failure::Store(Unavailable::WritesOff(_))) = outcome {
                    if !forwarder.stopped {
                        tracing::error!("writes are off: no further keys are requested until the restart");
                    }
                    forwarder.stopped = true;
                }
                forwarder.queue.finished(id, &outcome, forwarder.clock.now());
                forwarder.tick(context);
            }));
        }
    }

    fn set_timer(&mut self, now: Timestamp, context: &mut Context<Self>) {
        let instants = [self.queue.next_at(), self.scan.next_at(now)];
        let delay = instants.into_iter().flatten().min().map_or(SWEEP, |next| {
            Duration::from_micros(u64::try_from(next.micros_since(now)).unwrap_or(0))
        });
        let timer = context.run_later(delay.clamp(SHORTEST_TIMER, SWEEP), Self::tick);
        if let Some(earlier) = self.timer.replace(timer) {
            context.cancel_future(earlier);
        }
    }
}

/// Reads up to `limit` rows from the key `start` on. Before a first page it waits for all batches
/// that were handed to the writer so far: [`Wake`] may be sent before its batch is durable.
async fn read_page(store: Store, start: Vec<u8>, limit: usize) -> Result<Page, Unavailable> {
    if start.is_empty() {
        pool::commit(store.reserve()?, Batch::new()).await?;
    }
    pool::read(move || outbox::page(&store, &start, limit)).await
}

/// Counts the rows of the outbox, and logs that `origin` has them tried again.
async fn log_retry(store: Store, origin: Origin, now: Timestamp) -> Result<u64, Unavailable> {
    let reader = store.clone();
    let rows = pool::read(move || outbox::count(&reader)).await?;
    let mut batch = Batch::new();
    let entry = ActivityEntry {
        subject: Subject::Outbox,
        record: None,
        project: None,
        action: "retry",
        note: format!("{rows} rows"),
    };
    activity::log(&mut batch, &origin, entry, now);
    match pool::commit(store.reserve()?, batch).await? {
        true => Ok(rows),
        false => Err(Unavailable::Contended),
    }
}

impl Actor for Forwarder {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.renew(context);
        self.tick(context);
    }
}

impl Handler<Ask<Wake>> for Forwarder {
    type Result = ();

    fn handle(&mut self, ask: Ask<Wake>, context: &mut Self::Context) {
        self.scan.wanted = true;
        self.tick(context);
        let _ = ask.reply.send(());
    }
}

impl Handler<Ask<Retry>> for Forwarder {
    type Result = ();

    fn handle(&mut self, ask: Ask<Retry>, context: &mut Self::Context) {
        // Counted before any call starts, so that rows delivered meanwhile count as tried.
        let (store, held) = (self.store.clone(), self.held.clone());
        let log = log_retry(store.clone(), ask.command.origin, self.clock.now());
        let logged = async move {
            let rows = log.await?;
            if !held.is_held() {
                claim::ask_for_retry(&store).await?;
            }
            Ok(rows)
        };
        context.spawn(logged.into_actor(self).map(|rows, forwarder, context| {
            forwarder.try_everything(context);
            forwarder.tick(context);
            // The caller may have gone.
            let _ = ask.reply.send(rows);
        }));
    }
}

impl Handler<Ask<Finish>> for Forwarder {
    type Result = ();

    fn handle(&mut self, ask: Ask<Finish>, context: &mut Self::Context) {
        self.stopped = true;
        self.finishing.push(ask.reply);
        self.tick(context);
    }
}

#[cfg(test)]
mod tests;
