//! Launch and close, while no other message changes the beamline's state.

use super::commands::{CloseSession, LaunchSession, Refusal, SessionLaunched};
use super::state::{self, Change, Launch, Missing, State};
use super::{batch, lookup};
use crate::ask::{Command, Unavailable};
use crate::directory_key::DirectoryKey;
use crate::pool;
use crate::services::{Pending, Services};
use beamlive_storage::ids::{BeamlineId, SessionId};
use beamlive_storage::records::BeamlineState;
use beamlive_storage::{Batch, Permit, Receipt, Timestamp};

/// Most tries of a rule. The first may lack the state itself; each rule asks for at most a name and
/// two sessions.
const MAX_TRIES: usize = 8;

/// The state of a beamline, taken from its actor. It is dropped where the store may have a newer
/// one, and then read again.
pub(super) struct Exclusive {
    pub(super) id: BeamlineId,
    pub(super) services: Services,
    pub(super) state: Option<State>,
}

impl Exclusive {
    pub(super) async fn launch(&mut self, command: LaunchSession) -> <LaunchSession as Command>::Reply {
        let now = self.services.clock.now();
        let permit = self.services.store.reserve().map_err(Unavailable::from)?;
        let (launched, revision) = self
            .decide(|state| state.launch(command.project, &command.name, now))
            .await?;
        let id = match &launched.launch {
            Launch::Continues(id) => *id,
            Launch::Reopens(change) | Launch::Joins(change) => change.id,
            Launch::Creates(start) => {
                let created = self.create(permit, &command, launched.ends, *start, revision);
                return created.await;
            }
        };
        let batch = batch::launch(self.id, &launched, revision, &command.origin, now);
        let receipt = self.hand_over(permit, batch).await?;
        // The rule has just used this session, so the state knows it.
        let session = self.state.as_ref().and_then(|state| state.session(id));
        let session = session.ok_or(Refusal::Conflict)?;
        let answer = SessionLaunched {
            survey: session.survey,
            total_micros: state::total_micros(session, now),
        };
        Ok(Pending { receipt, answer })
    }

    pub(super) async fn close(&mut self, command: CloseSession) -> <CloseSession as Command>::Reply {
        let now = self.services.clock.now();
        let permit = self.services.store.reserve().map_err(Unavailable::from)?;
        let (closed, revision) = self
            .decide(|state| state.close(command.project, &command.name, now))
            .await?;
        let batch = match &closed {
            Some(closed) => batch::close(self.id, closed, revision, &command.origin, now),
            None => batch::never_launched(self.id, &command),
        };
        let receipt = self.hand_over(permit, batch).await?;
        let answer = closed.map(|closed| closed.stretch_micros);
        Ok(Pending { receipt, answer })
    }

    /// Applies a rule, and reads what it misses. Returns its outcome, and the revision of the state
    /// before it.
    async fn decide<T>(
        &mut self,
        rule: impl Fn(&mut State) -> Result<T, Missing>,
    ) -> Result<(T, Option<u64>), Unavailable> {
        for _ in 0..MAX_TRIES {
            let (store, id) = (self.services.store.clone(), self.id);
            let read = match self.state.take() {
                None => pool::read(move || lookup::state(&store, id)).await,
                Some(mut state) => {
                    let revision = state.revision();
                    match rule(&mut state) {
                        Ok(outcome) => {
                            self.state = Some(state);
                            return Ok((outcome, revision));
                        }
                        Err(missing) => pool::read(move || lookup::missing(&store, id, state, missing)).await,
                    }
                }
            };
            self.state = Some(read?);
        }
        Err(Unavailable::Contended)
    }

    /// Commits `batch`. With other writers it waits for the outcome: if the batch is refused, the
    /// state here is not the stored one, although its revision is the one that another process
    /// gives next.
    async fn hand_over(&mut self, permit: Permit, batch: Batch) -> Result<Receipt, Refusal> {
        let receipt = permit.commit(batch);
        if !self.services.shared {
            return Ok(receipt);
        }
        let state = self.state.take();
        receipt.await?;
        self.state = state;
        // Everything is durable already; all answers have a receipt.
        let permit = self.services.store.reserve().map_err(Unavailable::from)?;
        Ok(permit.commit(Batch::new()))
    }

    /// Makes a new session and waits until it is durable: only then its id is known, which later
    /// commands need.
    async fn create(
        &mut self,
        permit: Permit,
        command: &LaunchSession,
        ends: Option<Change>,
        start: Timestamp,
        revision: Option<u64>,
    ) -> Result<Pending<SessionLaunched>, Refusal> {
        let Services {
            store,
            keys,
            forwarding,
            ..
        } = &self.services;
        let state = self.state.take();
        let survey = keys.secure_key();
        let key = DirectoryKey::choose(forwarding, &**keys);
        let session = batch::new_session(self.id, command, survey, key.key(), start);
        let newest = state::newest(0, &session);
        let (batch, slot) = batch::create(command, &session, &newest, ends.as_ref(), revision, key);
        let committed = permit.commit(batch).await?;
        forwarding.wake();
        let id = SessionId(committed.id(slot));
        let newest = BeamlineState {
            session: id.0.into(),
            ..newest
        };
        self.state = state.map(|mut state| {
            state.created(id, session, ends.as_ref(), newest);
            state
        });
        // Everything is durable already; all answers have a receipt.
        let receipt = store.reserve().map_err(Unavailable::from)?.commit(Batch::new());
        Ok(Pending {
            receipt,
            answer: SessionLaunched {
                survey,
                total_micros: 0,
            },
        })
    }
}
