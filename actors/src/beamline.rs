//! The beamline's actor: it owns who has the beamline, serializes launch and close, and says which session an upload
//! belongs to.
//!
//! Changes are handed to the store in the order of the actor's messages, without waiting for the disk. Only a new
//! session is waited for, because its id is given by the writer. Uploads in flight hold a read guard until their
//! batch is handed over; a launch or close takes the write guard first, so that no upload loses its session to a
//! batch that overtook it.

pub mod commands;
mod reading;
pub mod state;
mod steps;
mod writing;

pub use commands::{
    AddDataset, AddFeedback, AddReport, CloseSession, LaunchSession, Refusal, SessionLaunched,
};

use crate::ask::{Ask, Unavailable};
use crate::directory_key::Opening;
use crate::pool;
use crate::remembered::Remembered;
use crate::services::{Forwarding, Handed, Services};
use crate::session::dataset::Place;
use crate::session::{Attribution, RecordFeedback, Session as SessionActor};
use actix::{Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, WrapFuture};
use beamlive_storage::ids::{BeamlineId, ProjectId, SessionId};
use beamlive_storage::records::BeamlineState;
use beamlive_storage::{Batch, CommitError, Timestamp};
use state::{Launched, State};
use std::sync::Arc;
use steps::{pass_on, CloseStep, DatasetStep, LaunchStep, ReportStep, Step, Taken};
use tokio::sync::RwLock;

/// Session actors a beamline keeps; an idle one that is dropped finishes its messages and stops.
const KEPT_SESSIONS: usize = 16;
/// Lookups a launch or close may need; each rule asks for at most a name and two sessions.
const MAX_LOOKUPS: usize = 8;

/// The actor.
pub struct Beamline {
    id: BeamlineId,
    services: Services,
    mailbox: usize,
    /// None until read from the store, and again after a conflict.
    state: Option<State>,
    sessions: Remembered<(ProjectId, Option<SessionId>), Addr<SessionActor>>,
    /// Uploads hold it to read until they are handed over, launch and close to write.
    order: Arc<RwLock<()>>,
}

impl Beamline {
    /// An actor for the beamline `id`, which will read its state when it is first needed.
    #[must_use]
    pub fn new(id: BeamlineId, services: Services, mailbox: usize) -> Self {
        Self {
            id,
            services,
            mailbox,
            state: None,
            sessions: Remembered::new(KEPT_SESSIONS),
            order: Arc::default(),
        }
    }

    fn now(&self) -> Timestamp {
        self.services.clock.now()
    }
}

impl Actor for Beamline {
    type Context = Context<Self>;
}

impl Beamline {
    /// Runs `step`, reading what it asks for on the pool. Meanwhile the actor takes no other message.
    fn run(&mut self, step: Box<dyn Step>, ctx: &mut Context<Self>) {
        self.run_within(step, MAX_LOOKUPS, ctx);
    }

    fn run_within(&mut self, step: Box<dyn Step>, lookups: usize, ctx: &mut Context<Self>) {
        let (wanted, step) = match self.state.take() {
            None => (None, step),
            Some(state) => match step.take(self, state, ctx) {
                Taken::Done(state) => {
                    self.state = Some(state);
                    return;
                }
                Taken::GoesOn => return,
                Taken::Needs(missing, state, step) => (Some((missing, state)), step),
            },
        };
        if lookups == 0 {
            step.refuse(Unavailable::Contended);
            return;
        }
        let (store, id) = (self.services.store.clone(), self.id);
        let read = pool::read(move || reading::read(&store, id, wanted));
        ctx.wait(read.into_actor(self).map(move |read, beamline, ctx| match read {
            Ok(state) => {
                beamline.state = Some(state);
                beamline.run_within(step, lookups - 1, ctx);
            }
            Err(error) => step.refuse(error),
        }));
    }

    /// Runs `step` once every upload before it has been handed over.
    fn run_in_order(&mut self, step: Box<dyn Step>, ctx: &mut Context<Self>) {
        if self.order.clone().try_write_owned().is_ok() {
            self.run(step, ctx);
            return;
        }
        let order = self.order.clone().write_owned();
        ctx.wait(order.into_actor(self).map(move |guard, beamline, ctx| {
            drop(guard);
            beamline.run(step, ctx);
        }));
    }

    /// The actor of the project's session, or of what it does outside of one.
    fn session(&mut self, project: ProjectId, session: Option<SessionId>) -> Addr<SessionActor> {
        let key = (project, session);
        if let Some(address) = self.sessions.get(&key).filter(|address| address.connected()) {
            return address.clone();
        }
        let (services, mailbox) = (self.services.clone(), self.mailbox);
        let address = SessionActor::create(move |ctx| {
            ctx.set_mailbox_capacity(mailbox);
            SessionActor::new(services)
        });
        self.sessions.put(key, address.clone());
        address
    }

    /// Where an upload of `project` belongs now.
    fn attribute(&self, project: ProjectId, state: &State) -> Result<Attribution, Unavailable> {
        let guard = self
            .order
            .clone()
            .try_read_owned()
            .map_err(|_| Unavailable::Busy)?;
        Ok(Attribution {
            place: Place {
                project,
                beamline: self.id,
                session: state.open_session(project),
            },
            revision: state.revision(),
            guard: Arc::new(guard),
        })
    }
}

impl Beamline {
    /// Makes a new session and waits until it is durable, for only then its id is known.
    fn create(
        &mut self,
        LaunchStep(Ask { command, reply }): LaunchStep,
        mut state: State,
        launched: Launched,
        start: Timestamp,
        ctx: &mut Context<Self>,
    ) {
        let survey = self.services.keys.secure_key();
        let opening = Opening::choose(&self.services.forwarding, &*self.services.keys);
        let session = writing::new_session(self.id, &command, survey, opening.key(), start);
        let newest = state::newest(0, &session);
        let services = self.services.clone();
        let revision = state.revision();
        let ends = launched.ends.clone();
        let made = {
            let (session, newest, ends) = (session.clone(), newest.clone(), ends.clone());
            async move {
                let (batch, slot) =
                    writing::create(&command, &session, &newest, ends.as_ref(), revision, opening);
                let receipt = services.store.reserve().map_err(Unavailable::from)?.commit(batch);
                let committed = receipt.await.map_err(|error| match error {
                    CommitError::Conflict(_) => Refusal::Conflict,
                    CommitError::WritesOff(reason) => Unavailable::WritesOff(reason).into(),
                })?;
                if let Forwarding::External(wake) = &services.forwarding {
                    wake();
                }
                // An empty batch behind it: resolved already, and a receipt like every other answer's.
                let receipt = services
                    .store
                    .reserve()
                    .map_err(Unavailable::from)?
                    .commit(Batch::new());
                Ok::<_, Refusal>((SessionId(committed.id(slot)), receipt))
            }
        };
        ctx.wait(made.into_actor(self).map(move |made, beamline, _| {
            let answer = made.map(|(id, receipt)| {
                let newest = BeamlineState {
                    session: id.0.into(),
                    ..newest
                };
                state.created(id, session, ends.as_ref(), newest);
                Handed {
                    receipt,
                    answer: SessionLaunched {
                        survey,
                        total_micros: 0,
                    },
                }
            });
            // Whatever went wrong, the store may be ahead of what is known here.
            beamline.state = answer.is_ok().then_some(state);
            let _ = reply.send(answer);
        }));
    }
}

impl Handler<Ask<LaunchSession>> for Beamline {
    type Result = ();

    fn handle(&mut self, ask: Ask<LaunchSession>, ctx: &mut Self::Context) {
        if ask.command.reread {
            self.state = None;
        }
        self.run_in_order(Box::new(LaunchStep(ask)), ctx);
    }
}

impl Handler<Ask<CloseSession>> for Beamline {
    type Result = ();

    fn handle(&mut self, ask: Ask<CloseSession>, ctx: &mut Self::Context) {
        if ask.command.reread {
            self.state = None;
        }
        self.run_in_order(Box::new(CloseStep(ask)), ctx);
    }
}

impl Handler<Ask<AddDataset>> for Beamline {
    type Result = ();

    fn handle(&mut self, ask: Ask<AddDataset>, ctx: &mut Self::Context) {
        if ask.command.reread {
            self.state = None;
        }
        self.run(Box::new(DatasetStep(ask)), ctx);
    }
}

impl Handler<Ask<AddReport>> for Beamline {
    type Result = ();

    fn handle(&mut self, ask: Ask<AddReport>, ctx: &mut Self::Context) {
        if ask.command.reread {
            self.state = None;
        }
        self.run(Box::new(ReportStep(ask)), ctx);
    }
}

impl Handler<Ask<AddFeedback>> for Beamline {
    type Result = ();

    fn handle(&mut self, ask: Ask<AddFeedback>, _: &mut Self::Context) {
        let Ask { command, reply } = ask;
        let session = self.session(command.project, Some(command.session));
        let command = RecordFeedback {
            session: command.session,
            place: Place {
                project: command.project,
                beamline: self.id,
                session: Some(command.session),
            },
            feedback: command.feedback,
            origin: command.origin,
        };
        pass_on(&session, Ask { command, reply }, Err(Unavailable::Busy));
    }
}
