//! Outbox → Data Proxy: every directory gets its secure key, however long the proxy is away.
//!
//! The rows are the store's; this actor only decides when to call for which. `state.rs` holds those rules and
//! `rounds.rs` when to read the outbox, both pure; `attempt.rs` is one call from row to recorded key.
//!
//! Invariants: a row leaves the outbox only in the batch that ties the key to its record, at the revision the key was
//! asked for; a row is in at most one call at a time; while the proxy is down there is one call at a time.

mod attempt;
mod backoff;
mod health;
mod proxy;
mod rounds;
mod rows;
mod standing;
mod state;

pub use health::{ForwarderHealth, ForwarderStatus};
pub use proxy::{Blame, DataProxy, LocalProxy, ProxyError};
pub use rows::{backlog, pending, Backlog, ListPlace};

use crate::activity::{self, ActivityEntry, Origin};
use crate::ask::{Answer, Ask, Command, Supervisor, Unavailable};
use crate::clock::Clock;
use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, Message, SpawnHandle,
    WrapFuture,
};
use attempt::{attempt, Ending};
use backoff::Backoff;
use beamlive_storage::records::Subject;
use beamlive_storage::{Batch, CommitError, ReadError, Store, Timestamp};
use rounds::{Order, Rounds};
use rows::Page;
use standing::plus;
use state::{Outcome, Place, State};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Looks through the outbox at least so often: other nodes add rows too, and tell nobody here.
const SWEEP: Duration = Duration::from_secs(60);
/// No timer is shorter.
const SHORTEST_TIMER: Duration = Duration::from_millis(2);

/// How hard the forwarder works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwarderSettings {
    /// Calls to the Data Proxy at a time.
    pub concurrency: usize,
    /// Rows of the outbox that are in memory.
    pub window: usize,
    /// How long to wait after a first failure; twice as long after each further one.
    pub first_backoff: Duration,
    /// How long to wait at most.
    pub longest_backoff: Duration,
}

impl Default for ForwarderSettings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            window: 1024,
            first_backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(60),
        }
    }
}

/// There may be new rows in the outbox: to be sent, with `try_send`, after a batch with such rows was handed over to
/// the writer. It may get lost in a full mailbox, for whatever fills the mailbox has the same effect.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Wake;

/// Sends [`Wake`]; if the actor was lost, has a successor started.
pub fn wake(forwarder: &Arc<Supervisor<Forwarder>>) {
    if let Err(actix::prelude::SendError::Closed(_)) = forwarder.address().try_send(Wake) {
        let forwarder = Arc::clone(forwarder);
        tokio::spawn(async move {
            if let Err(error) = forwarder.ask(Rouse).await {
                tracing::error!(%error, "the forwarder could not be started again");
            }
        });
    }
}

/// As [`Wake`], answered: by a successor if the actor was lost.
#[derive(Debug, Clone, Copy)]
pub struct Rouse;

impl Command for Rouse {
    type Reply = ();
}

/// Try everything in the outbox now. Answers with the number of rows, once the activity log has it.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Who asks.
    pub origin: Origin,
}

impl Command for Retry {
    type Reply = Result<u64, Unavailable>;
}

/// Start no further call. Answers once the calls that run have ended and their keys are recorded, which may take as
/// long as the Data Proxy takes to answer.
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
    state: State,
    rounds: Rounds,
    sweep_at: Timestamp,
    timer: Option<SpawnHandle>,
    /// Set by [`Finish`], and when writes are off.
    stopped: bool,
    finishing: Vec<Answer<()>>,
}

impl Forwarder {
    /// Starts it on `arbiter`, with room for `mailbox` messages. It reads the outbox at once. `health` is written by
    /// this actor only, and may go on from the one of a predecessor.
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
            // Without randomness the jitter is the same each time, which still keeps rows apart.
            let seed = getrandom::u64().unwrap_or(1);
            let backoff = Backoff::new(settings.first_backoff, settings.longest_backoff, seed);
            Self {
                state: State::new(settings.concurrency, settings.window, backoff, now),
                rounds: Rounds::new(now),
                sweep_at: plus(now, SWEEP),
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

    /// Starts whatever is due, shows how things are, and sets the timer for what comes next.
    fn turn(&mut self, context: &mut Context<Self>) {
        let now = self.clock.now();
        if !self.stopped {
            if now >= self.sweep_at || plus(now, SWEEP) < self.sweep_at {
                self.rounds.want();
                self.sweep_at = plus(now, SWEEP);
            }
            if let Some(order) = self.rounds.next(self.state.room(now), self.state.capacity(), now) {
                self.read(order, context);
            }
            while let Some(call) = self.state.next(now) {
                self.call(call.place, context);
            }
        }
        if self.stopped && self.state.in_flight() == 0 {
            for reply in self.finishing.drain(..) {
                // Nobody may be waiting any more.
                let _ = reply.send(());
            }
        }
        self.health.show(&self.state, self.rounds.is_behind());
        self.set_timer(now, context);
    }

    fn set_timer(&mut self, now: Timestamp, context: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            context.cancel_future(timer);
        }
        if self.stopped {
            return;
        }
        let instants = [
            self.state.next_at(),
            self.rounds.next_at(now),
            Some(self.sweep_at),
        ];
        let Some(next) = instants.into_iter().flatten().min() else {
            return;
        };
        let micros = u64::try_from(next.micros_since(now)).unwrap_or(0);
        let delay = Duration::from_micros(micros).clamp(SHORTEST_TIMER, SWEEP);
        self.timer = Some(context.run_later(delay, |forwarder, context| {
            forwarder.timer = None;
            forwarder.turn(context);
        }));
    }

    fn call(&mut self, place: Place, context: &mut Context<Self>) {
        let call = attempt(self.store.clone(), Arc::clone(&self.proxy), place).into_actor(self);
        context.spawn(call.map(move |ending, forwarder, context| forwarder.called(place, ending, context)));
    }

    fn called(&mut self, place: Place, ending: Ending, context: &mut Context<Self>) {
        match ending.outcome {
            Outcome::Delivered => self.health.delivered(),
            Outcome::Failed { .. } | Outcome::Void => self.health.failed(ending.error.unwrap_or_default()),
            Outcome::Gone | Outcome::Contended => {}
        }
        if ending.writes_off && !self.stopped {
            tracing::error!("writes are off: no key is asked for until the restart");
            self.stopped = true;
        }
        self.state.finished(place, ending.outcome, self.clock.now());
        self.turn(context);
    }

    fn read(&mut self, order: Order, context: &mut Context<Self>) {
        self.state.page_ordered();
        let (round, eager) = (order.round, order.eager);
        let read = read_page(self.store.clone(), order).into_actor(self);
        context.spawn(read.map(move |page, forwarder, context| {
            let now = forwarder.clock.now();
            match page {
                Ok(page) => {
                    if forwarder
                        .rounds
                        .read(round, page.rows.len(), page.last, page.ended, now)
                    {
                        forwarder.state.page_read(page.rows, now, eager);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read; trying again");
                    forwarder.rounds.failed(round, now);
                }
            }
            forwarder.turn(context);
        }));
    }

    fn look(&mut self, context: &mut Context<Self>) {
        self.rounds.want();
        self.turn(context);
    }
}

/// Reads one page. Before a round's first one it waits for all batches that were handed over so far, for whoever sent
/// [`Wake`] may not have waited for its own.
async fn read_page(store: Store, order: Order) -> Result<Page, Unavailable> {
    if order.after.is_none() {
        match store.reserve()?.commit(Batch::new()).await {
            Ok(_) | Err(CommitError::Conflict(_)) => {}
            Err(CommitError::WritesOff(reason)) => return Err(Unavailable::WritesOff(reason)),
        }
    }
    let page = blocking(move || rows::page(&store, order.after.as_deref(), order.limit)).await?;
    Ok(page)
}

async fn count_and_log(store: Store, origin: Origin, now: Timestamp) -> Result<u64, Unavailable> {
    let reader = store.clone();
    let rows = blocking(move || rows::backlog(&reader, u64::MAX)).await?.rows;
    let mut batch = Batch::new();
    let deed = ActivityEntry {
        subject: Subject::Outbox,
        record: None,
        project: None,
        action: "retry",
        note: format!("{rows} rows"),
    };
    activity::log(&mut batch, &origin, deed, now);
    match store.reserve()?.commit(batch).await {
        Ok(_) => Ok(rows),
        Err(CommitError::Conflict(_)) => Err(Unavailable::Contended),
        Err(CommitError::WritesOff(reason)) => Err(Unavailable::WritesOff(reason)),
    }
}

async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Unavailable> {
    match tokio::task::spawn_blocking(read).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(Unavailable::Unreadable(error.to_string().into())),
    }
}

impl Actor for Forwarder {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.turn(context);
    }
}

impl Handler<Wake> for Forwarder {
    type Result = ();

    fn handle(&mut self, _: Wake, context: &mut Self::Context) {
        self.look(context);
    }
}

impl Handler<Ask<Rouse>> for Forwarder {
    type Result = ();

    fn handle(&mut self, ask: Ask<Rouse>, context: &mut Self::Context) {
        self.look(context);
        let _ = ask.reply.send(());
    }
}

impl Handler<Ask<Retry>> for Forwarder {
    type Result = ();

    fn handle(&mut self, ask: Ask<Retry>, context: &mut Self::Context) {
        // Counted before any call begins: what is delivered meanwhile was tried too.
        let log = count_and_log(self.store.clone(), ask.command.origin, self.clock.now()).into_actor(self);
        context.spawn(log.map(|rows, forwarder, context| {
            let now = forwarder.clock.now();
            forwarder.state.retry(now);
            forwarder.rounds.start_over(now);
            forwarder.turn(context);
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

impl fmt::Debug for Forwarder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarder")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
