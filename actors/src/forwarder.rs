//! Outbox → Data Proxy: every row of the outbox is sent until the proxy has given a key for its
//! directory.
//!
//! `due_queue.rs` decides which row is sent next, `circuit.rs` whether the proxy is called while
//! it fails, `scan.rs` when the outbox is read. They are pure: they take the time from their
//! caller. `delivery.rs` sends one row. The actor connects them.
//!
//! Invariants: a row leaves the outbox only in the batch that ties the key to its record, at the
//! revision for which the key was requested; a row is in at most one call at a time; while the
//! proxy is down there is at most one call at a time.

mod backoff;
mod circuit;
mod delivery;
mod due_queue;
mod outbox;
mod proxy;
mod scan;
mod status;

pub use due_queue::ForwarderSettings;
pub use outbox::{backlog, pending, Backlog, ListPlace};
pub use proxy::{Blame, DataProxy, LocalProxy, ProxyError};
pub use status::{ForwarderHealth, ForwarderStatus};

use crate::activity::{self, ActivityEntry, Origin};
use crate::ask::{Answer, Ask, Command, Supervisor, Unavailable};
use crate::clock::Clock;
use crate::pool;
use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, Message, SpawnHandle,
    WrapFuture,
};
use beamlive_storage::records::Subject;
use beamlive_storage::{Batch, Store, Timestamp};
use due_queue::{DueQueue, Failure, Outcome};
use outbox::{Page, RowId};
use scan::Scan;
use std::sync::Arc;
use std::time::Duration;

/// The outbox is read at least this often: other nodes add rows without a [`Wake`].
const SWEEP: Duration = Duration::from_secs(60);
/// No timer is shorter.
const SHORTEST_TIMER: Duration = Duration::from_millis(2);

/// Tells the forwarder that rows may have been added to the outbox. It is sent after their batch
/// was handed to the writer.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Wake;

impl Command for Wake {
    type Reply = ();
}

/// Sends [`Wake`] without waiting. If the actor was lost, a successor is started.
pub fn wake(forwarder: &Arc<Supervisor<Forwarder>>) {
    // A full mailbox is no loss: the messages in it make the forwarder read the outbox too.
    if let Err(actix::prelude::SendError::Closed(_)) = forwarder.address().try_send(Wake) {
        let forwarder = Arc::clone(forwarder);
        tokio::spawn(async move {
            if let Err(error) = forwarder.ask(Wake).await {
                tracing::error!(%error, "the forwarder could not be started again");
            }
        });
    }
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
    status: ForwarderStatus,
    queue: DueQueue,
    scan: Scan,
    /// The page that is being read.
    reading: Option<SpawnHandle>,
    timer: Option<SpawnHandle>,
    /// Set by [`Finish`], and when writes are off.
    stopped: bool,
    finishing: Vec<Answer<()>>,
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
            Self {
                queue: DueQueue::new(settings, fastrand::Rng::new(), now),
                scan: Scan::new(now),
                reading: None,
                timer: None,
                stopped: false,
                finishing: Vec::new(),
                status: health.status(),
                store,
                proxy,
                clock,
                health,
            }
        })
    }

    /// Starts what is due, publishes the status, and sets the timer for what is due next.
    fn turn(&mut self, context: &mut Context<Self>) {
        let now = self.clock.now();
        if !self.stopped {
            self.read_page(now, context);
            while let Some(id) = self.queue.next(now) {
                self.deliver(id, context);
            }
            self.set_timer(now, context);
        } else if self.queue.in_flight() == 0 {
            for reply in self.finishing.drain(..) {
                // The caller may have gone.
                let _ = reply.send(());
            }
        }
        self.status.update(&self.queue, self.scan.is_behind());
        self.health.publish(self.status.clone());
    }

    fn set_timer(&mut self, now: Timestamp, context: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            context.cancel_future(timer);
        }
        let instants = [self.queue.next_at(), self.scan.next_at(now)];
        let Some(next) = instants.into_iter().flatten().min() else {
            return;
        };
        let micros = u64::try_from(next.micros_since(now)).unwrap_or(0);
        let delay = Duration::from_micros(micros).clamp(SHORTEST_TIMER, SWEEP);
        self.timer = Some(context.run_later(delay, Self::turn));
    }

    fn deliver(&mut self, id: RowId, context: &mut Context<Self>) {
        let delivery = delivery::deliver(self.store.clone(), Arc::clone(&self.proxy), id).into_actor(self);
        context.spawn(delivery.map(move |outcome, forwarder, context| {
            forwarder.delivered(id, &outcome, context);
        }));
    }

    fn delivered(&mut self, id: RowId, outcome: &Outcome, context: &mut Context<Self>) {
        self.status.count(outcome);
        if matches!(outcome, Err(Failure::Store(Unavailable::WritesOff(_)))) && !self.stopped {
            tracing::error!("writes are off: no further keys are requested until the restart");
            self.stopped = true;
        }
        self.queue.finished(id, outcome, self.clock.now());
        self.turn(context);
    }

    fn read_page(&mut self, now: Timestamp, context: &mut Context<Self>) {
        if self.reading.is_some() {
            return;
        }
        let Some(limit) = self.queue.page_limit(now) else {
            return;
        };
        let Some(start) = self.scan.next(now) else {
            return;
        };
        let read = read_page(self.store.clone(), start, limit).into_actor(self);
        self.reading = Some(context.spawn(read.map(|page, forwarder, context| {
            let now = forwarder.clock.now();
            forwarder.reading = None;
            match page {
                Ok(page) => {
                    forwarder.queue.add(&page.rows, forwarder.scan.is_eager(), now);
                    forwarder.scan.page_read(&page, now);
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read; trying again");
                    forwarder.scan.page_failed(now);
                }
            }
            forwarder.turn(context);
        })));
    }

    fn look(&mut self, context: &mut Context<Self>) {
        self.scan.want();
        self.turn(context);
    }

    /// Makes all rows due, in memory and in the store.
    fn retry(&mut self, context: &mut Context<Self>) {
        let now = self.clock.now();
        self.queue.retry(now);
        if let Some(reading) = self.reading.take() {
            context.cancel_future(reading);
        }
        self.scan = Scan::new(now);
        self.turn(context);
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

async fn count_and_log(store: Store, origin: Origin, now: Timestamp) -> Result<u64, Unavailable> {
    let reader = store.clone();
    let rows = pool::read(move || outbox::backlog(&reader, u64::MAX)).await?.rows;
    let mut batch = Batch::new();
    let deed = ActivityEntry {
        subject: Subject::Outbox,
        record: None,
        project: None,
        action: "retry",
        note: format!("{rows} rows"),
    };
    activity::log(&mut batch, &origin, deed, now);
    match pool::commit(store.reserve()?, batch).await? {
        true => Ok(rows),
        false => Err(Unavailable::Contended),
    }
}

impl Actor for Forwarder {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(SWEEP, Self::look);
        self.turn(context);
    }
}

impl Handler<Wake> for Forwarder {
    type Result = ();

    fn handle(&mut self, _: Wake, context: &mut Self::Context) {
        self.look(context);
    }
}

impl Handler<Ask<Wake>> for Forwarder {
    type Result = ();

    fn handle(&mut self, ask: Ask<Wake>, context: &mut Self::Context) {
        self.look(context);
        let _ = ask.reply.send(());
    }
}

impl Handler<Ask<Retry>> for Forwarder {
    type Result = ();

    fn handle(&mut self, ask: Ask<Retry>, context: &mut Self::Context) {
        // Counted before any call starts, so that rows delivered meanwhile count as tried.
        let log = count_and_log(self.store.clone(), ask.command.origin, self.clock.now()).into_actor(self);
        context.spawn(log.map(|rows, forwarder, context| {
            forwarder.retry(context);
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
        self.turn(context);
    }
}

#[cfg(test)]
mod tests;
