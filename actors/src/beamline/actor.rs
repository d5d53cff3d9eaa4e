//! The beamline's actor.
//!
//! Batches are handed to the store in the order of the actor's messages, without waiting for the
//! disk. A new session is waited for, because the writer gives its id, and on a database with other
//! writers each launch and close is. Uploads hold a read
//! guard until the session's actor has handed over their batch. A launch or close takes the write
//! guard first, so its batch never overtakes an upload that still belongs to the session before it.

use super::commands::{CloseSession, LaunchSession};
use super::exclusive::Exclusive;
use super::lookup;
use super::state::State;
use crate::ask::{Answer, Ask, Command, Unavailable};
use crate::pool;
use crate::remembered::Remembered;
use crate::services::Services;
use crate::session::commands::{AddFeedback, AttributedUpload, Attribution, RecordUpload};
use crate::session::upload::{Place, Upload};
use crate::session::Session;
use actix::dev::ToEnvelope;
use actix::prelude::SendError;
use actix::{Actor, ActorFutureExt, Addr, AsyncContext, AtomicResponse, Context, Handler, WrapFuture};
use beamlive_storage::ids::{BeamlineId, ProjectId, SessionId};
use std::sync::Arc;
use tokio::sync::RwLock;

/// Session actors that a beamline keeps. An actor that is dropped handles the messages it has and
/// stops.
const KEPT_SESSIONS: usize = 16;

/// The actor.
pub struct Beamline {
    id: BeamlineId,
    services: Services,
    mailbox: usize,
    /// None until it is read from the store, and again after a conflict.
    state: Option<State>,
    sessions: Remembered<(ProjectId, Option<SessionId>), Addr<Session>>,
    /// Held for reading by uploads until they are handed over, and for writing before a launch or
    /// close.
    order: Arc<RwLock<()>>,
}

impl Beamline {
    /// An actor for the beamline `id`. It reads its state when it first needs it.
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

    /// Makes `change` once all earlier uploads are handed over. The actor takes no other message
    /// until it has ended.
    fn exclusively<C: Command>(
        &mut self,
        Ask { command, reply }: Ask<C>,
        change: impl AsyncFnOnce(&mut Exclusive, C) -> C::Reply + 'static,
    ) -> AtomicResponse<Self, ()> {
        let mut beamline = Exclusive {
            id: self.id,
            services: self.services.clone(),
            state: self.state.take(),
        };
        let order = self.order.clone();
        let changed = async move {
            // No upload can begin before this ends, so the guard is not needed any longer.
            drop(order.write().await);
            let _ = reply.send(change(&mut beamline, command).await);
            beamline.state
        };
        AtomicResponse::new(Box::pin(
            changed
                .into_actor(self)
                .map(|state, beamline, _| beamline.state = state),
        ))
    }

    /// Passes an upload on to the actor of the session that it belongs to now.
    fn attribute<U: Upload>(&mut self, Ask { command, reply }: Ask<RecordUpload<U>>, state: &State) {
        let Ok(guard) = self.order.clone().try_read_owned() else {
            let _ = reply.send(Err(Unavailable::Busy.into()));
            return;
        };
        let session = state.open_session(command.project);
        let attribution = Attribution {
            place: Place {
                project: command.project,
                beamline: self.id,
                session,
            },
            revision: state.revision(),
            guard,
        };
        let session = self.session(command.project, session);
        let command = AttributedUpload { command, attribution };
        pass_on(&session, command, reply, Err(Unavailable::Busy.into()));
    }

    /// The actor of a session of the project, or of what the project uploads outside of its
    /// sessions.
    fn session(&mut self, project: ProjectId, session: Option<SessionId>) -> Addr<Session> {
        let key = (project, session);
        if let Some(address) = self.sessions.get(&key).filter(|address| address.connected()) {
            return address.clone();
        }
        let (services, mailbox) = (self.services.clone(), self.mailbox);
        let address = Session::create(move |ctx| {
            ctx.set_mailbox_capacity(mailbox);
            Session::new(services)
        });
        self.sessions.put(key, address.clone());
        address
    }
}

/// Sends a command to a session's actor, which answers it; `busy` is the answer when its mailbox is
/// full. If that actor is lost, the reply is dropped and the caller tries again.
fn pass_on<C: Command>(session: &Addr<Session>, command: C, reply: Answer<C::Reply>, busy: C::Reply)
where
    Session: Handler<Ask<C>>,
    Context<Session>: ToEnvelope<Session, Ask<C>>,
{
    if let Err(SendError::Full(ask)) = session.try_send(Ask { command, reply }) {
        let _ = ask.reply.send(busy);
    }
}

impl Actor for Beamline {
    type Context = Context<Self>;
}

impl Handler<Ask<LaunchSession>> for Beamline {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, ask: Ask<LaunchSession>, _: &mut Self::Context) -> Self::Result {
        if ask.command.reread {
            self.state = None;
        }
        self.exclusively(ask, Exclusive::launch)
    }
}

impl Handler<Ask<CloseSession>> for Beamline {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, ask: Ask<CloseSession>, _: &mut Self::Context) -> Self::Result {
        if ask.command.reread {
            self.state = None;
        }
        self.exclusively(ask, Exclusive::close)
    }
}

impl<U: Upload> Handler<Ask<RecordUpload<U>>> for Beamline {
    type Result = ();

    fn handle(&mut self, ask: Ask<RecordUpload<U>>, ctx: &mut Self::Context) {
        if ask.command.reread {
            self.state = None;
        }
        if let Some(state) = self.state.take() {
            self.attribute(ask, &state);
            self.state = Some(state);
            return;
        }
        let (store, id) = (self.services.store.clone(), self.id);
        let read = pool::read(move || lookup::state(&store, id));
        ctx.wait(read.into_actor(self).map(move |read, beamline, _| match read {
            Ok(state) => {
                beamline.attribute(ask, &state);
                beamline.state = Some(state);
            }
            Err(error) => {
                let _ = ask.reply.send(Err(error.into()));
            }
        }));
    }
}

impl Handler<Ask<AddFeedback>> for Beamline {
    type Result = ();

    fn handle(&mut self, Ask { command, reply }: Ask<AddFeedback>, _: &mut Self::Context) {
        let session = self.session(command.project, Some(command.session));
        pass_on(&session, command, reply, Err(Unavailable::Busy));
    }
}
