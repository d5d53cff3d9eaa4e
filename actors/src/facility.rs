//! The declared facility: the actor that owns all declared records and makes one change after the
//! other.
//!
//! | file | what it holds |
//! |---|---|
//! | `catalog.rs`, `catalog/` | the snapshot of all declared records that this actor publishes |
//! | `declaration.rs`, `declaration/` | reads the facility file |
//! | `plan.rs`, `plan/` | pure: from the facility and a file to the facility afterwards |
//! | `check.rs` | pure: what must hold of the facility as a whole |
//! | `place.rs` | mistakes, and where they are |
//! | `capped.rs` | a list of limited length |
//! | `seed.rs` | what exists from the start; reads the facility at start-up |
//! | `commands.rs` | the commands of the actor and their answers |
//! | `writer.rs` | makes a change: planned, committed, published |
//! | `sign_in.rs` | changes of passwords and tokens |
//!
//! Each file replaces the record `FacilityRevision`, at the revision that the file was planned on.
//! So two processes can't give one name to two records, or one id to two names.
//!
//! A snapshot is published only once what it holds is durable. While a change is being committed
//! the actor takes no other message; on a conflict it reads the facility again and retries.

mod capped;
pub mod catalog;
mod check;
pub mod commands;
pub mod declaration;
pub mod place;
pub mod plan;
mod seed;
mod sign_in;
mod writer;

pub use check::DEEPEST;
pub use commands::{
    Applied, Apply, ChangeSignIn, File, Follow, KeySetting, Make, RegisterKey, Registration, SetKey,
    SignInChange, SignInChanged,
};
pub use seed::{open_catalog, seeded_catalog};

use crate::ask::Ask;
use crate::clock::Clock;
use crate::published::Published;
use actix::{Actor, Addr, ArbiterHandle, AsyncContext, Context, Handler, WrapFuture};
use beamlive_storage::Store;
use chrono_tz::Tz;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use writer::{Change, Writer};

/// The owner of all declared records.
pub struct Facility {
    writer: Arc<Writer>,
    mailbox: usize,
}

impl Facility {
    /// Starts the actor on `arbiter`. It first reads the facility from the store and publishes it
    /// in `catalog`, so it may also follow one that was lost. Times without an offset in facility
    /// files are in `zone`; at most `mailbox` messages wait.
    pub fn start(
        store: Store,
        catalog: Arc<Published>,
        clock: Arc<dyn Clock>,
        zone: Tz,
        arbiter: &ArbiterHandle,
        mailbox: usize,
    ) -> Addr<Self> {
        let shared = store.shared().is_some();
        let writer = Arc::new(Writer {
            store,
            catalog,
            clock,
            zone,
            stale: AtomicBool::new(true),
            shared,
        });
        Self::start_in_arbiter(arbiter, move |_| Self { writer, mailbox })
    }
}

impl Actor for Facility {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.mailbox);
        let writer = Arc::clone(&self.writer);
        ctx.wait(
            async move {
                if let Err(error) = writer.current().await {
                    tracing::error!(%error, "the facility could not be read; every command tries again");
                }
            }
            .into_actor(self),
        );
    }
}

/// Makes the change, answers with its result, and takes no other message until then.
impl<C: Change> Handler<Ask<C>> for Facility {
    type Result = ();

    fn handle(&mut self, ask: Ask<C>, ctx: &mut Self::Context) {
        let writer = Arc::clone(&self.writer);
        ctx.wait(
            async move {
                // The caller may have gone; the change stays.
                let _ = ask.reply.send(ask.command.make(&writer).await);
            }
            .into_actor(self),
        );
    }
}

#[cfg(test)]
mod tests;
