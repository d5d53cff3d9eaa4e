//! The session's actor: it records datasets, reports and feedback of one session of a project, or what the project
//! uploads outside of any session.
//!
//! A new record is written without reading anything: that its uuid, name and directory are new is a precondition of its
//! batch. Where that does not hold the caller comes again with `careful`, and the actor looks first; those that come
//! again take turns, so that each sees what the one before it has written, however many want the same record.

pub mod dataset;
pub mod frames;
pub mod once;
pub mod report;

mod looking;
mod writing;

use crate::activity::Origin;
use crate::ask::{Ask, Command, Unavailable};
use crate::directory_key::Opening;
use crate::pool;
use crate::services::{Forwarding, Handed, Services};
use actix::{Actor, ActorFuture, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use beamlive_storage::ids::{BeamlineId, IdRef, SessionId};
use beamlive_storage::records::{Dataset, Feedback, Report, Subject};
use beamlive_storage::{Batch, Timestamp};
use dataset::{DatasetUpload, Place};
use looking::Found;
use once::{Once, Verdict};
use report::{OwnDataset, ReportUpload};
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::OwnedRwLockReadGuard;

/// Most answers to one session's survey.
pub const MAX_FEEDBACK: u32 = 50;

/// The actor.
pub struct Session {
    services: Services,
}

impl Session {
    /// An actor that knows nothing yet.
    #[must_use]
    pub fn new(services: Services) -> Self {
        Self { services }
    }
}

impl Actor for Session {
    type Context = Context<Self>;
}

/// That the upload belongs where the beamline's actor says, at the revision it saw. While the guard lives, the
/// beamline hands over no launch or close, so that on one node this always still holds.
#[derive(Debug)]
pub struct Attribution {
    /// Where it belongs.
    pub place: Place,
    /// Revision of the beamline's newest stretch; none before the first.
    pub revision: Option<u64>,
    /// Held until the batch is handed over.
    pub guard: Arc<OwnedRwLockReadGuard<()>>,
}

/// Records a dataset. Answers with its id, once the receipt resolves.
#[derive(Debug)]
pub struct RecordDataset {
    /// What was uploaded.
    pub upload: Arc<DatasetUpload>,
    /// Where it belongs.
    pub attribution: Attribution,
    /// Who sent it.
    pub origin: Origin,
    /// Look before writing: the last try met something.
    pub careful: bool,
}

/// Records a report. Answers with its id, once the receipt resolves.
#[derive(Debug)]
pub struct RecordReport {
    /// What was uploaded.
    pub upload: Arc<ReportUpload>,
    /// Where it belongs.
    pub attribution: Attribution,
    /// Who sent it.
    pub origin: Origin,
    /// Look before writing: the last try met something.
    pub careful: bool,
}

/// Records an answer to the session's survey. Answers `None` when there are too many already.
#[derive(Debug)]
pub struct RecordFeedback {
    /// Which session.
    pub session: SessionId,
    /// Where it belongs.
    pub place: Place,
    /// The answer.
    pub feedback: Feedback,
    /// Who sent it.
    pub origin: Origin,
}

/// Why an upload was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UploadRefusal {
    /// Nothing was done.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Its `Idempotency-Key` was used for another upload.
    #[error("this Idempotency-Key was used for another upload in the last 24 hours: send a new key with a new upload")]
    KeyReused,
}

impl Command for RecordDataset {
    type Reply = Result<Handed<IdRef>, UploadRefusal>;
}

impl Command for RecordReport {
    type Reply = Result<Handed<IdRef>, UploadRefusal>;
}

impl Command for RecordFeedback {
    type Reply = Result<Option<Handed<()>>, Unavailable>;
}

impl Session {
    fn opening(&self) -> Opening {
        Opening::choose(&self.services.forwarding, &*self.services.keys)
    }

    fn hand_over<T>(&self, batch: Batch, answer: T) -> Result<Handed<T>, Unavailable> {
        let permit = self.services.store.reserve()?;
        let receipt = permit.commit(batch);
        if let Forwarding::External(wake) = &self.services.forwarding {
            wake();
        }
        Ok(Handed { receipt, answer })
    }

    /// All beamlines, `first` at the head.
    fn beamlines(&self, first: BeamlineId) -> Vec<BeamlineId> {
        let catalog = self.services.catalog.load();
        let others = catalog.beamlines.iter().map(|(id, _)| BeamlineId(id));
        std::iter::once(first)
            .chain(others.filter(|id| *id != first))
            .collect()
    }

    fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    fn write_dataset(
        &self,
        command: &RecordDataset,
        found: &Found<Dataset>,
    ) -> Result<Handed<IdRef>, UploadRefusal> {
        let now = self.now();
        if let Some(id) = repeated(command.upload.once.as_ref(), found, Subject::Dataset, now)? {
            return Ok(self.hand_over(Batch::new(), IdRef::Known(id))?);
        }
        let catalog = self.services.catalog.load_full();
        let old = found.old.as_ref().map(|(_, old)| &old.record);
        let (place, address) = (command.attribution.place, command.origin.address);
        let (record, remarks) = command.upload.to_record(place, &catalog, address, old, now);
        let (batch, id) = writing::dataset(command, record, remarks, found, self.opening(), now);
        Ok(self.hand_over(batch, id)?)
    }

    fn write_report(
        &self,
        command: &RecordReport,
        found: &Found<Report>,
        claims: &[(i64, Option<OwnDataset>)],
    ) -> Result<Handed<IdRef>, UploadRefusal> {
        let now = self.now();
        if let Some(id) = repeated(command.upload.once.as_ref(), found, Subject::Report, now)? {
            return Ok(self.hand_over(Batch::new(), IdRef::Known(id))?);
        }
        let old = found.old.as_ref().map(|(_, old)| &old.record);
        let (place, address) = (command.attribution.place, command.origin.address);
        let (record, remarks) = command.upload.to_record(place, claims, address, old, now);
        let (batch, id) = writing::report(command, record, remarks, found, self.opening(), now);
        Ok(self.hand_over(batch, id)?)
    }
}

impl Handler<Ask<RecordDataset>> for Session {
    type Result = ();

    fn handle(&mut self, ask: Ask<RecordDataset>, ctx: &mut Self::Context) {
        let Ask { command, reply } = ask;
        if !command.careful && command.upload.id.is_none() {
            let _ = reply.send(self.write_dataset(&command, &Found::nothing()));
            return;
        }
        let store = self.services.store.clone();
        let (upload, project) = (command.upload.clone(), command.attribution.place.project);
        let looked = pool::read(move || looking::dataset(&store, project, &upload));
        let again = command.careful;
        let written = looked
            .into_actor(self)
            .map(move |found, session: &mut Self, _: &mut _| {
                let found = found.map_err(UploadRefusal::from);
                let answer = found.and_then(|found| session.write_dataset(&command, &found));
                let _ = reply.send(answer);
            });
        if again {
            in_turn(written, ctx);
        } else {
            ctx.spawn(written);
        }
    }
}

impl Handler<Ask<RecordReport>> for Session {
    type Result = ();

    fn handle(&mut self, ask: Ask<RecordReport>, ctx: &mut Self::Context) {
        let Ask { command, reply } = ask;
        if !command.careful && command.upload.id.is_none() && command.upload.data_id.is_empty() {
            let _ = reply.send(self.write_report(&command, &Found::nothing(), &[]));
            return;
        }
        let store = self.services.store.clone();
        let (upload, project) = (command.upload.clone(), command.attribution.place.project);
        let beamlines = self.beamlines(command.attribution.place.beamline);
        let looked = pool::read(move || looking::report(&store, project, &beamlines, &upload));
        let again = command.careful;
        let written = looked
            .into_actor(self)
            .map(move |found, session: &mut Self, _: &mut _| {
                let found = found.map_err(UploadRefusal::from);
                let answer =
                    found.and_then(|(found, claims)| session.write_report(&command, &found, &claims));
                let _ = reply.send(answer);
            });
        if again {
            in_turn(written, ctx);
        } else {
            ctx.spawn(written);
        }
    }
}

impl Handler<Ask<RecordFeedback>> for Session {
    type Result = ();

    fn handle(&mut self, ask: Ask<RecordFeedback>, ctx: &mut Self::Context) {
        let Ask { command, reply } = ask;
        let store = self.services.store.clone();
        let session = command.session;
        let counted = pool::read(move || looking::feedback_count(&store, session));
        // Answers to one survey come one after the other, so that each counts those before it at the first try.
        let written = counted
            .into_actor(self)
            .map(move |count, session: &mut Self, _: &mut _| {
                let answer = count.and_then(|count| {
                    // Answers are never removed, so a survey that has had too many stays so.
                    let answers = count.as_ref().map_or(0, |count| count.record.answers);
                    if answers >= MAX_FEEDBACK {
                        return Ok(None);
                    }
                    let batch = writing::feedback(&command, count.as_ref());
                    session.hand_over(batch, ()).map(Some)
                });
                let _ = reply.send(answer);
            });
        in_turn(written, ctx);
    }
}

/// The record that the same request was answered with before.
fn repeated(
    once: Option<&Once>,
    found: &Found<impl Sized>,
    subject: Subject,
    now: Timestamp,
) -> Result<Option<u64>, UploadRefusal> {
    let answered = found.answered.as_ref().map(|answered| &answered.record);
    match once.map_or(Verdict::New, |once| once.verdict(answered, subject, now)) {
        Verdict::New => Ok(None),
        Verdict::Repeat(id) => Ok(Some(id)),
        Verdict::Reused => Err(UploadRefusal::KeyReused),
    }
}

/// Runs `written`, which reads and then hands over a batch, and lets no other message in until that batch can be read.
fn in_turn(written: impl ActorFuture<Session, Output = ()> + 'static, ctx: &mut Context<Session>) {
    ctx.wait(written.then(|(), session: &mut Session, _| {
        // Batches keep their order: once an empty one behind it has had its turn, that one has had its own.
        let behind = session
            .services
            .store
            .reserve()
            .map(|permit| permit.commit(Batch::new()));
        async move {
            if let Ok(receipt) = behind {
                // Whether it was kept is for the caller, who has its own receipt.
                let _ = receipt.await;
            }
        }
        .into_actor(session)
    }));
}
