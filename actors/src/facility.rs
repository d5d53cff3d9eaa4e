//! The declared facility: the actor that owns all declared records and makes one change after the other.
//!
//! | file | what it holds |
//! |---|---|
//! | `catalog.rs` | the declared records as one immutable snapshot, which this actor publishes |
//! | `declaration.rs`, `declaration/` | the facility file, read |
//! | `plan.rs`, `plan/` | pure: from the facility and a file to the facility afterwards |
//! | `check.rs` | pure: what must hold of the facility as a whole |
//! | `place.rs` | mistakes, and where they are |
//! | `seed.rs` | what exists from the start; reading the facility at start-up |
//! | `commands.rs` | what can be asked of the actor |
//! | `desk.rs` | how a change is made: planned, committed, published |
//!
//! A snapshot is published only once what it says is durable. While a change is being committed the actor takes no
//! other message; on a conflict it reads the facility anew and tries again.

pub mod catalog;
mod check;
pub mod commands;
pub mod declaration;
mod desk;
pub mod place;
pub mod plan;
pub mod seed;

pub use check::DEEPEST;
pub use commands::{Applied, Apply, KeySetting, RegisterKey, Registration, SetKey};
pub use seed::{open_catalog, seed, seeded_catalog};

use crate::ask::{Ask, Command, Unavailable};
use crate::clock::Clock;
use actix::{Actor, Addr, ArbiterHandle, AsyncContext, Context, Handler, WrapFuture};
use arc_swap::ArcSwap;
use beamlive_storage::{ReadError, Store};
use catalog::Catalog;
use chrono_tz::Tz;
use desk::Desk;
use std::future::Future;
use std::sync::Arc;

/// The owner of all declared records.
#[derive(Debug)]
pub struct Facility {
    desk: Arc<Desk>,
    mailbox: usize,
}

impl Facility {
    /// Starts the actor on `arbiter`. It first reads the facility from the store and publishes it in `catalog`, so it
    /// may also follow one that was lost. Naive times of facility files are on the clocks of `zone`; at most `mailbox`
    /// messages wait.
    pub fn start(
        store: Store,
        catalog: Arc<ArcSwap<Catalog>>,
        clock: Arc<dyn Clock>,
        zone: Tz,
        arbiter: &ArbiterHandle,
        mailbox: usize,
    ) -> Addr<Self> {
        let desk = Arc::new(Desk::new(store, catalog, clock, zone));
        Self::start_in_arbiter(arbiter, move |_| Self { desk, mailbox })
    }

    /// Answers with what `work` comes to, and takes no other message until then.
    fn alone<C: Command, F>(&self, ask: Ask<C>, ctx: &mut Context<Self>, work: impl FnOnce(Arc<Desk>, C) -> F)
    where
        F: Future<Output = C::Reply> + 'static,
    {
        let work = work(Arc::clone(&self.desk), ask.command);
        let reply = ask.reply;
        ctx.wait(
            async move {
                // Whoever asked may have gone; what was done stays done.
                let _ = reply.send(work.await);
            }
            .into_actor(self),
        );
    }
}

impl Actor for Facility {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.mailbox);
        let desk = Arc::clone(&self.desk);
        ctx.wait(
            async move {
                if let Err(error) = desk.current().await {
                    tracing::error!(%error, "the facility could not be read; every command tries again");
                }
            }
            .into_actor(self),
        );
    }
}

impl Handler<Ask<Apply>> for Facility {
    type Result = ();

    fn handle(&mut self, ask: Ask<Apply>, ctx: &mut Self::Context) {
        self.alone(ask, ctx, |desk, command| async move { desk.apply(command).await });
    }
}

impl Handler<Ask<RegisterKey>> for Facility {
    type Result = ();

    fn handle(&mut self, ask: Ask<RegisterKey>, ctx: &mut Self::Context) {
        self.alone(ask, ctx, |desk, command| async move {
            desk.register_key(command).await
        });
    }
}

impl Handler<Ask<SetKey>> for Facility {
    type Result = ();

    fn handle(&mut self, ask: Ask<SetKey>, ctx: &mut Self::Context) {
        self.alone(
            ask,
            ctx,
            |desk, command| async move { desk.set_key(command).await },
        );
    }
}

/// Runs what may touch the disk, or take long, on the blocking pool.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unavailable> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work of the facility's actor was lost");
        Unavailable::Lost("facility")
    })
}

/// As [`aside`], for what reads the store.
async fn read<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Unavailable> {
    Ok(aside(read).await??)
}

#[cfg(test)]
mod tests;
