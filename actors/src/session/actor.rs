//! The session's actor.
//!
//! A new record is written without reading anything: that its uuid, name and directory are new is a
//! precondition of its batch. On a conflict the caller sends the command again with `careful`. Then
//! the actor reads first, and takes no other message until its batch can be read, so that
//! concurrent retries see each other's records.

use super::commands::{AddFeedback, AttributedUpload, RecordUpload, UploadRefusal, UploadReply};
use super::idempotency::Verdict;
use super::upload::{Found, Upload};
use super::{batch, lookup};
use crate::ask::{Ask, Unavailable};
use crate::directory_key::DirectoryKey;
use crate::pool;
use crate::services::{Pending, Services};
use actix::{Actor, ActorFuture, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use arc_swap::Guard;
use beamlive_storage::ids::IdRef;
use beamlive_storage::records::FeedbackCount;
use beamlive_storage::{keys, Batch};

/// Most answers to one session's survey.
pub const MAX_FEEDBACK: u32 = 50;

/// The actor.
pub struct Session {
    services: Services,
}

impl Session {
    /// An actor without state: everything is read from the store when it is needed.
    #[must_use]
    pub fn new(services: Services) -> Self {
        Self { services }
    }

    fn record<U: Upload>(&self, command: &AttributedUpload<U>, found: &Found<U::Record>) -> UploadReply {
        let now = self.services.clock.now();
        if let Some(key) = &command.command.idempotency_key {
            let answered = found.answered.as_ref().map(|answered| &answered.record);
            match key.verdict(answered, U::SUBJECT, now) {
                Verdict::New => {}
                Verdict::Repeat(id) => return Ok(self.commit(Batch::new(), IdRef::Known(id))?),
                Verdict::Reused => return Err(UploadRefusal::KeyReused),
            }
        }
        let catalog = self.services.catalog.last_known();
        let key = DirectoryKey::choose(&self.services.forwarding, &*self.services.keys);
        let (batch, id) = batch::upload(command, found, &catalog, key, now);
        Ok(self.commit(batch, id)?)
    }

    fn commit<T>(&self, batch: Batch, answer: T) -> Result<Pending<T>, Unavailable> {
        let receipt = self.services.store.reserve()?.commit(batch);
        self.services.forwarding.wake();
        Ok(Pending { receipt, answer })
    }
}

impl Actor for Session {
    type Context = Context<Self>;
}

impl<U: Upload> Handler<Ask<AttributedUpload<U>>> for Session {
    type Result = ();

    fn handle(&mut self, ask: Ask<AttributedUpload<U>>, ctx: &mut Self::Context) {
        let Ask { command, reply } = ask;
        let RecordUpload {
            upload,
            idempotency_key,
            careful,
            ..
        } = &command.command;
        let (upload, key, careful) = (upload.clone(), *idempotency_key, *careful);
        if !careful && upload.common().id.is_none() && upload.dataset_ids().is_empty() {
            let _ = reply.send(self.record(&command, &Found::default()));
            return;
        }
        let (store, catalog) = (
            self.services.store.clone(),
            Guard::into_inner(self.services.catalog.last_known()),
        );
        let place = command.attribution.place;
        let recorded = pool::read(move || lookup::upload(&store, &catalog, place, &*upload, key))
            .into_actor(self)
            .map(move |found, session: &mut Self, _: &mut _| {
                let found = found.map_err(UploadRefusal::from);
                let _ = reply.send(found.and_then(|found| session.record(&command, &found)));
            });
        if careful {
            take_turns(recorded, ctx);
        } else {
            ctx.spawn(recorded);
        }
    }
}

impl Handler<Ask<AddFeedback>> for Session {
    type Result = ();

    fn handle(&mut self, ask: Ask<AddFeedback>, ctx: &mut Self::Context) {
        let Ask { command, reply } = ask;
        let (store, row) = (self.services.store.clone(), keys::feedback_count(command.session));
        let recorded = pool::read(move || store.get::<FeedbackCount>(&row))
            .into_actor(self)
            .map(move |count, session: &mut Self, _: &mut _| {
                let answer = count.and_then(|count| {
                    // Answers are never removed, so a survey that is full stays full.
                    let answers = count.as_ref().map_or(0, |count| count.record.answers);
                    if answers >= MAX_FEEDBACK {
                        return Ok(None);
                    }
                    session
                        .commit(batch::feedback(&command, count.as_ref()), ())
                        .map(Some)
                });
                let _ = reply.send(answer);
            });
        take_turns(recorded, ctx);
    }
}

/// Runs `recorded`, which reads and then hands over a batch. The actor takes no other message until
/// that batch can be read.
fn take_turns(recorded: impl ActorFuture<Session, Output = ()> + 'static, ctx: &mut Context<Session>) {
    ctx.wait(recorded.then(|(), session: &mut Session, _| {
        // Batches keep their order: when an empty one has taken effect, so has the one before it.
        let empty = session
            .services
            .store
            .reserve()
            .map(|permit| permit.commit(Batch::new()));
        async move {
            if let Ok(receipt) = empty {
                // The caller learns of a failure from its own receipt.
                let _ = receipt.await;
            }
        }
        .into_actor(session)
    }));
}
