//! Requests to actors. When a method returns `Ok`, its result is durable.

use crate::access::history::RawEntry;
use crate::access::lists::{AccessTable, AccessTables};
use crate::access::{Access, Post, Posted};
use crate::activity::Origin;
use crate::ask::{Ask, Command, Kind, Supervisor, Unavailable};
use crate::beamline::{Beamline, CloseSession, LaunchSession, Refusal, SessionLaunched};
use crate::facility::catalog::Catalog;
use crate::facility::place::Mistake;
use crate::facility::{
    Applied, Apply, ChangeSignIn, Facility, File, KeySetting, RegisterKey, Registration, SetKey,
    SignInChange, SignInChanged,
};
use crate::forwarder::{Finish, Forwarder, ForwarderHealth, Retry};
use crate::inventory::{ReadyList, SampleLists};
use crate::key::PublicKey;
use crate::presence::MaybeAway;
use crate::schedule::Schedule;
use crate::services::{Pending, Services};
use crate::session::commands::{AddFeedback, RecordUpload};
use crate::session::{Upload, UploadRefusal};
use actix::dev::ToEnvelope;
use actix::{Actor, ArbiterHandle, Context, Handler};
use beamlive_storage::ids::{AccessListId, BeamlineId, IdRef, ProjectId, SessionId};
use beamlive_storage::keys;
use beamlive_storage::records::Feedback;
use beamlive_storage::CommitError;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Tries of one command. Each but the first follows a conflict with another writer.
const TRIES: usize = 8;
/// Tries of one upload. Clients do not send it again, and of concurrent uploads of the same record
/// only one succeeds per round.
const UPLOAD_TRIES: usize = 128;

/// Finds actors and sends them commands.
pub struct Directory {
    pub(super) services: Services,
    pub(super) mailbox: usize,
    pub(super) arbiter: ArbiterHandle,
    pub(super) beamlines: RwLock<HashMap<BeamlineId, Arc<Supervisor<Beamline>>>>,
    pub(super) beamline_kind: Arc<Kind>,
    pub(super) facility: Arc<Supervisor<Facility>>,
    pub(super) access: Supervisor<Access>,
    pub(super) forwarder: Arc<Supervisor<Forwarder>>,
    pub(super) forwarder_health: Arc<ForwarderHealth>,
    pub(super) lists: SampleLists,
    pub(super) access_tables: AccessTables,
    pub(super) schedule: Option<Schedule>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory")
            .field("mailbox", &self.mailbox)
            .finish_non_exhaustive()
    }
}

impl Directory {
    /// What the actors use.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Takes the beamline for a session; see [`crate::beamline::state`] for the rules.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or its outcome is not known.
    pub async fn launch(
        &self,
        beamline: BeamlineId,
        command: LaunchSession,
    ) -> Result<SessionLaunched, Unavailable> {
        let launch = |reread| LaunchSession {
            reread,
            ..command.clone()
        };
        self.held(async || self.change(beamline, launch).await).await
    }

    /// Gives up the beamline. Returns the length of the session's newest stretch in microseconds;
    /// `None` when the project never launched such a session there.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or its outcome is not known.
    pub async fn close(
        &self,
        beamline: BeamlineId,
        command: CloseSession,
    ) -> Result<Option<i64>, Unavailable> {
        let close = |reread| CloseSession {
            reread,
            ..command.clone()
        };
        self.held(async || self.change(beamline, close).await).await
    }

    /// Calls `attempt`, and again while the database is away, as long as requests are held. The
    /// actors don't wait for it, so that one request does not make the next one late.
    pub(super) async fn held<T, E: MaybeAway>(
        &self,
        attempt: impl AsyncFn() -> Result<T, E>,
    ) -> Result<T, E> {
        self.services.catalog.held(attempt).await
    }

    /// Sends a launch or close until it does not conflict; `command` takes whether to read the
    /// state again.
    async fn change<C, T>(&self, beamline: BeamlineId, command: impl Fn(bool) -> C) -> Result<T, Unavailable>
    where
        C: Command<Reply = Result<Pending<T>, Refusal>> + Clone,
        T: Send + 'static,
        Beamline: Handler<Ask<C>>,
        Context<Beamline>: ToEnvelope<Beamline, Ask<C>>,
    {
        for attempt in 0..TRIES {
            let changed = match self.beamline(beamline).ask(command(attempt > 0)).await? {
                Ok(Pending { receipt, answer }) => receipt.await.map(|_| answer).map_err(Refusal::from),
                Err(refusal) => Err(refusal),
            };
            match changed {
                Ok(answer) => return Ok(answer),
                Err(Refusal::Unavailable(error)) => return Err(error),
                Err(Refusal::Conflict) => {}
            }
        }
        Err(Unavailable::Contended)
    }

    /// Records a dataset or a report. Returns its id.
    ///
    /// # Errors
    /// [`UploadRefusal`]: nothing was done, or its outcome is not known.
    pub async fn upload<U: Upload>(
        &self,
        beamline: BeamlineId,
        command: RecordUpload<U>,
    ) -> Result<u64, UploadRefusal> {
        self.held(async || self.try_upload(beamline, command.clone()).await)
            .await
    }

    async fn try_upload<U: Upload>(
        &self,
        beamline: BeamlineId,
        mut command: RecordUpload<U>,
    ) -> Result<u64, UploadRefusal> {
        for _ in 0..UPLOAD_TRIES {
            let Pending { receipt, answer } = self.beamline(beamline).ask(command.clone()).await??;
            match (receipt.await, answer) {
                (Ok(_), IdRef::Known(id)) => return Ok(id),
                (Ok(committed), IdRef::Slot(slot)) => return Ok(committed.id(slot)),
                (Err(CommitError::Conflict(conflict)), _) => {
                    command.careful = true;
                    command.reread = conflict.key() == keys::beamline_state(beamline).as_bytes();
                }
                (Err(error), _) => return Err(Unavailable::from(error).into()),
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// Records an answer to a session's survey. `false`: there are too many already.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or its outcome is not known.
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
        self.held(async || self.try_feedback(beamline, &command).await)
            .await
    }

    async fn try_feedback(&self, beamline: BeamlineId, command: &AddFeedback) -> Result<bool, Unavailable> {
        for _ in 0..TRIES {
            match self.beamline(beamline).ask(command.clone()).await?? {
                None => return Ok(false),
                Some(Pending { receipt, .. }) => match receipt.await {
                    Ok(_) => return Ok(true),
                    // Another node has just recorded an answer and changed the count.
                    Err(CommitError::Conflict(_)) => {}
                    Err(error) => return Err(error.into()),
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

    /// Applies a facility file as one change. A dry run only returns what it would change.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done. The inner error lists all mistakes of the file.
    pub async fn apply(
        &self,
        file: File,
        dry_run: bool,
        prune: bool,
        origin: Origin,
    ) -> Result<Result<Applied, Vec<Mistake>>, Unavailable> {
        let command = Apply {
            file,
            dry_run,
            prune,
            origin,
        };
        self.change_facility(command).await
    }

    /// Sends a command to the facility's actor, whose catalog is current.
    async fn change_facility<C, T>(&self, command: C) -> Result<T, Unavailable>
    where
        C: Command<Reply = Result<T, Unavailable>> + Clone,
        T: Send + 'static,
        Facility: Handler<Ask<C>>,
        Context<Facility>: ToEnvelope<Facility, Ask<C>>,
    {
        self.held(async || {
            self.services.catalog.current().await?;
            self.facility.ask(command.clone()).await?
        })
        .await
    }

    /// Registers a key for an account that has none.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done.
    pub async fn register_key(
        &self,
        username: String,
        key: Arc<PublicKey>,
        origin: Origin,
    ) -> Result<Registration, Unavailable> {
        self.change_facility(RegisterKey {
            username,
            key,
            origin,
        })
        .await
    }

    /// Sets an account's key. `None` removes it, so that a new one can be registered.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done.
    pub async fn set_key(
        &self,
        username: String,
        line: Option<String>,
        origin: Origin,
    ) -> Result<KeySetting, Unavailable> {
        self.change_facility(SetKey {
            username,
            line,
            origin,
        })
        .await
    }

    /// Changes how an account signs in.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done.
    pub async fn change_sign_in(
        &self,
        username: String,
        change: SignInChange,
        origin: Origin,
    ) -> Result<SignInChanged, Unavailable> {
        self.change_facility(ChangeSignIn {
            username,
            change,
            origin,
        })
        .await
    }

    /// Records what a host reports about its connections.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or its outcome is not known.
    pub async fn post_connections(
        &self,
        list: AccessListId,
        entries: Arc<[RawEntry]>,
        origin: Origin,
    ) -> Result<Posted, Unavailable> {
        let post = Post {
            list,
            entries,
            origin,
        };
        self.held(async || self.access.ask(post.clone()).await?).await
    }

    /// Sends every directory in the outbox again now. Returns how many there are.
    ///
    /// # Errors
    /// [`Unavailable`] when the outbox could not be read.
    pub async fn retry_outbox(&self, origin: Origin) -> Result<u64, Unavailable> {
        let retry = Retry { origin };
        self.held(async || self.forwarder.ask(retry.clone()).await?).await
    }

    /// Waits at most `patience` for the running calls of the Data Proxy, and starts no further
    /// ones. What was not sent stays in the outbox.
    pub async fn finish_forwards(&self, patience: Duration) {
        if tokio::time::timeout(patience, self.forwarder.ask(Finish))
            .await
            .is_err()
        {
            tracing::info!(
                "the Data Proxy has not answered yet; its calls are made again after the next start"
            );
        }
    }

    /// The state of forwarding.
    #[must_use]
    pub fn forwarder_health(&self) -> &ForwarderHealth {
        &self.forwarder_health
    }

    /// The access lists of `catalog` by address.
    #[must_use]
    pub fn access_table(&self, catalog: &Catalog) -> Arc<AccessTable> {
        self.access_tables.of(catalog)
    }

    /// The beamtimes; `None` when scheduling is off.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    /// The supervisor of a beamline's actor, which starts when it is first needed.
    fn beamline(&self, id: BeamlineId) -> Arc<Supervisor<Beamline>> {
        let running = self
            .beamlines
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned();
        if let Some(supervisor) = running {
            return supervisor;
        }
        let mut beamlines = self.beamlines.write().unwrap_or_else(PoisonError::into_inner);
        let supervisor = beamlines.entry(id).or_insert_with(|| {
            let (arbiter, services) = (self.arbiter.clone(), self.services.clone());
            let mailbox = self.mailbox;
            Arc::new(Supervisor::new(self.beamline_kind.clone(), move || {
                let services = services.clone();
                Beamline::start_in_arbiter(&arbiter, move |ctx| {
                    ctx.set_mailbox_capacity(mailbox);
                    Beamline::new(id, services, mailbox)
                })
            }))
        });
        supervisor.clone()
    }
}
