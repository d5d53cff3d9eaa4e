//! The directory: who answers for what. It finds or starts the actor that owns a state, brings back one that was
//! lost, waits for the receipt, and tries again when another writer was faster.
//!
//! Its methods are what the HTTP handlers call. When one returns `Ok`, what it says is durable.

mod setup;
mod standing;

pub use setup::Setup;
pub use standing::ActorsStatus;

use crate::access::history::RawEntry;
use crate::access::lists::{AccessTable, AccessTables};
use crate::access::{Access, Post, Posted};
use crate::activity::Origin;
use crate::ask::{Ask, Command, Keeper, Kind, Unavailable};
use crate::beamline::{
    AddDataset, AddFeedback, AddReport, Beamline, CloseSession, LaunchSession, Refusal, SessionLaunched,
};
use crate::facility::catalog::Catalog;
use crate::facility::declaration::Format;
use crate::facility::place::Mistake;
use crate::facility::{Applied, Apply, Facility, KeySetting, RegisterKey, Registration, SetKey};
use crate::forwarder::{Finish, Forwarder, ForwarderHealth, Retry};
use crate::inventory::{ReadyList, SampleLists};
use crate::key::PublicKey;
use crate::schedule::Schedule;
use crate::services::{Handed, Services};
use crate::session::dataset::DatasetUpload;
use crate::session::report::ReportUpload;
use crate::session::UploadRefusal;
use actix::dev::ToEnvelope;
use actix::{Actor, ArbiterHandle, Context, Handler};
use beamlive_storage::ids::{AccessListId, BeamlineId, IdRef, ProjectId, SessionId};
use beamlive_storage::keys;
use beamlive_storage::records::Feedback;
use beamlive_storage::{CommitError, Committed, Conflict, Receipt};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Tries of one command; each but the first after another writer was faster.
const TRIES: usize = 8;
/// Tries of one upload. Its client does not send it again, and of those that meet on one record only one gets through
/// in each round.
const UPLOAD_TRIES: usize = 128;

/// Finds actors, and keeps them running.
pub struct Directory {
    services: Services,
    mailbox: usize,
    arbiter: ArbiterHandle,
    beamlines: RwLock<HashMap<BeamlineId, Arc<Keeper<Beamline>>>>,
    facility: Keeper<Facility>,
    access: Keeper<Access>,
    forwarder: Arc<Keeper<Forwarder>>,
    forwarder_health: Arc<ForwarderHealth>,
    lists: SampleLists,
    access_tables: AccessTables,
    schedule: Option<Schedule>,
    beamline_kind: Arc<Kind>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory")
            .field("mailbox", &self.mailbox)
            .finish_non_exhaustive()
    }
}

/// What came of a receipt.
enum Outcome {
    Durable(Committed),
    Conflict(Conflict),
}

async fn outcome(receipt: Receipt) -> Result<Outcome, Unavailable> {
    match receipt.await {
        Ok(committed) => Ok(Outcome::Durable(committed)),
        Err(CommitError::Conflict(conflict)) => Ok(Outcome::Conflict(conflict)),
        Err(CommitError::WritesOff(reason)) => Err(Unavailable::WritesOff(reason)),
    }
}

impl Directory {
    /// What the actors were given.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Takes the beamline for a session; see [`crate::beamline::state`] for the rules.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or nobody was told that it was.
    pub async fn launch(
        &self,
        beamline: BeamlineId,
        command: LaunchSession,
    ) -> Result<SessionLaunched, Unavailable> {
        let mut command = command;
        for _ in 0..TRIES {
            match self.beamline(beamline).ask(command.clone()).await? {
                Ok(Handed { receipt, answer }) => match outcome(receipt).await? {
                    Outcome::Durable(_) => return Ok(answer),
                    Outcome::Conflict(_) => {}
                },
                Err(Refusal::Conflict) => {}
                Err(Refusal::Unavailable(error)) => return Err(error),
            }
            command.reread = true;
        }
        Err(Unavailable::Contended)
    }

    /// Gives up the beamline. The answer is the length of the session's newest stretch in microseconds; `None` when
    /// the project never launched such a session there.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or nobody was told that it was.
    pub async fn close(
        &self,
        beamline: BeamlineId,
        command: CloseSession,
    ) -> Result<Option<i64>, Unavailable> {
        let mut command = command;
        for _ in 0..TRIES {
            match self.beamline(beamline).ask(command.clone()).await? {
                Ok(Handed { receipt, answer }) => match outcome(receipt).await? {
                    Outcome::Durable(_) => return Ok(answer),
                    Outcome::Conflict(_) => {}
                },
                Err(Refusal::Conflict) => {}
                Err(Refusal::Unavailable(error)) => return Err(error),
            }
            command.reread = true;
        }
        Err(Unavailable::Contended)
    }

    /// Records a dataset of `project`, and answers with its id.
    ///
    /// # Errors
    /// [`UploadRefusal`]: nothing was done, or nobody was told that it was.
    pub async fn add_dataset(
        &self,
        beamline: BeamlineId,
        project: ProjectId,
        upload: Arc<DatasetUpload>,
        origin: Origin,
    ) -> Result<u64, UploadRefusal> {
        self.upload(beamline, |careful, reread| AddDataset {
            project,
            upload: upload.clone(),
            origin: origin.clone(),
            careful,
            reread,
        })
        .await
    }

    /// Records a report of `project`, and answers with its id.
    ///
    /// # Errors
    /// [`UploadRefusal`]: nothing was done, or nobody was told that it was.
    pub async fn add_report(
        &self,
        beamline: BeamlineId,
        project: ProjectId,
        upload: Arc<ReportUpload>,
        origin: Origin,
    ) -> Result<u64, UploadRefusal> {
        self.upload(beamline, |careful, reread| AddReport {
            project,
            upload: upload.clone(),
            origin: origin.clone(),
            careful,
            reread,
        })
        .await
    }

    async fn upload<C>(
        &self,
        beamline: BeamlineId,
        command: impl Fn(bool, bool) -> C,
    ) -> Result<u64, UploadRefusal>
    where
        C: Command<Reply = Result<Handed<IdRef>, UploadRefusal>> + Clone,
        Beamline: Handler<Ask<C>>,
        Context<Beamline>: ToEnvelope<Beamline, Ask<C>>,
    {
        let (mut careful, mut reread) = (false, false);
        for _ in 0..UPLOAD_TRIES {
            let Handed { receipt, answer } = self.beamline(beamline).ask(command(careful, reread)).await??;
            match outcome(receipt).await? {
                Outcome::Durable(committed) => {
                    return Ok(match answer {
                        IdRef::Known(id) => id,
                        IdRef::Slot(slot) => committed.id(slot),
                    })
                }
                Outcome::Conflict(conflict) => {
                    reread = conflict.key() == keys::beamline_state(beamline).as_bytes();
                    careful = true;
                }
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// Records an answer to a session's survey. `false`: there are too many already.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or nobody was told that it was.
    pub async fn add_feedback(
        &self,
        beamline: BeamlineId,
        project: ProjectId,
        session: SessionId,
        feedback: Feedback,
        origin: Origin,
    ) -> Result<bool, Unavailable> {
        let command = AddFeedback {
            session,
            project,
            feedback,
            origin,
        };
        for _ in 0..TRIES {
            match self.beamline(beamline).ask(command.clone()).await?? {
                None => return Ok(false),
                Some(handed) => match outcome(handed.receipt).await? {
                    Outcome::Durable(_) => return Ok(true),
                    // Another node has just recorded an answer, so the count is another.
                    Outcome::Conflict(_) => {}
                },
            }
        }
        Err(Unavailable::Contended)
    }

    /// The samples of `project` that can be mounted at `beamline`, ready to be sent.
    ///
    /// # Errors
    /// [`Unavailable`] when the list could not be made.
    pub async fn samples(
        &self,
        catalog: &Arc<Catalog>,
        project: ProjectId,
        beamline: BeamlineId,
    ) -> Result<Arc<ReadyList>, Unavailable> {
        self.lists.get(catalog, project, beamline).await
    }

    /// Applies a facility file as one change, or, in a dry run, tells what it would change.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done. The inner error names every mistake of the file.
    pub async fn apply(
        &self,
        text: Arc<str>,
        format: Format,
        dry_run: bool,
        prune: bool,
        origin: Origin,
    ) -> Result<Result<Applied, Vec<Mistake>>, Unavailable> {
        let command = Apply {
            text,
            format,
            dry_run,
            prune,
            origin,
        };
        self.facility.ask(command).await?
    }

    /// Registers the key of an account that has none.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done.
    pub async fn register_key(
        &self,
        username: String,
        key: Arc<PublicKey>,
        origin: Origin,
    ) -> Result<Registration, Unavailable> {
        self.facility
            .ask(RegisterKey {
                username,
                key,
                origin,
            })
            .await?
    }

    /// Sets an account's key, or, with none, resets it so that a new one can be registered.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done.
    pub async fn set_key(
        &self,
        username: String,
        line: Option<String>,
        origin: Origin,
    ) -> Result<KeySetting, Unavailable> {
        self.facility
            .ask(SetKey {
                username,
                line,
                origin,
            })
            .await?
    }

    /// Keeps what a host reports of its connections.
    ///
    /// # Errors
    /// [`Unavailable`]: nobody was told that it is kept.
    pub async fn post_connections(
        &self,
        list: AccessListId,
        entries: Arc<[RawEntry]>,
        origin: Origin,
    ) -> Result<Posted, Unavailable> {
        self.access
            .ask(Post {
                list,
                entries,
                origin,
            })
            .await?
    }

    /// Has every directory in the outbox tried again now, and says how many there are.
    ///
    /// # Errors
    /// [`Unavailable`] when the outbox could not be read.
    pub async fn retry_outbox(&self, origin: Origin) -> Result<u64, Unavailable> {
        self.forwarder.ask(Retry { origin }).await?
    }

    /// Lets the calls of the Data Proxy that run end, for at most `patience`, and starts no further one. What is
    /// left stays in the outbox.
    pub async fn finish_forwards(&self, patience: Duration) {
        if tokio::time::timeout(patience, self.forwarder.ask(Finish))
            .await
            .is_err()
        {
            tracing::info!(
                "the Data Proxy is still at work; what it owes is asked for again at the next start"
            );
        }
    }

    /// How forwarding goes.
    #[must_use]
    pub fn forwarder_health(&self) -> &ForwarderHealth {
        &self.forwarder_health
    }

    /// Which list an address is on, as of `catalog`.
    #[must_use]
    pub fn access_table(&self, catalog: &Catalog) -> Arc<AccessTable> {
        self.access_tables.of(catalog)
    }

    /// The beamtimes; none when scheduling is off.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    /// The keeper of a beamline's actor, which is started when it is first needed.
    fn beamline(&self, id: BeamlineId) -> Arc<Keeper<Beamline>> {
        let known = self
            .beamlines
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned();
        if let Some(keeper) = known {
            return keeper;
        }
        let arbiter = self.arbiter.clone();
        let mut beamlines = self.beamlines.write().unwrap_or_else(PoisonError::into_inner);
        let keeper = beamlines.entry(id).or_insert_with(|| {
            let (services, mailbox) = (self.services.clone(), self.mailbox);
            Arc::new(Keeper::new(self.beamline_kind.clone(), move || {
                let services = services.clone();
                Beamline::start_in_arbiter(&arbiter, move |ctx| {
                    ctx.set_mailbox_capacity(mailbox);
                    Beamline::new(id, services, mailbox)
                })
            }))
        });
        keeper.clone()
    }
}
