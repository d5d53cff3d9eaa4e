//! The commands as steps that can be taken up again once what they lacked has been read.

use super::state::{self, Launch, Missing, State};
use super::{
    writing, AddDataset, AddReport, Beamline, CloseSession, LaunchSession, Refusal, SessionLaunched,
};
use crate::ask::{Ask, Command, Unavailable};
use crate::services::Handed;
use crate::session::{RecordDataset, RecordReport, Session as SessionActor};
use actix::dev::ToEnvelope;
use actix::prelude::SendError;
use actix::{Addr, Context, Handler};

/// A command of this actor that may need records which are not in memory.
pub(super) trait Step: 'static {
    /// Does it, or says what must be read first.
    fn take(self: Box<Self>, beamline: &mut Beamline, state: State, ctx: &mut Context<Beamline>) -> Taken;
    /// Tells the caller that it could not be done.
    fn refuse(self: Box<Self>, why: Unavailable);
}

/// What came of a step.
pub(super) enum Taken {
    /// It was done, and this is the state now.
    Done(State),
    /// It needs this first.
    Needs(Missing, State, Box<dyn Step>),
    /// It goes on by itself and puts the state back when it has ended.
    GoesOn,
}

/// A launch and the place for its answer.
pub(super) struct LaunchStep(pub(super) Ask<LaunchSession>);

impl Step for LaunchStep {
    fn take(
        self: Box<Self>,
        beamline: &mut Beamline,
        mut state: State,
        ctx: &mut Context<Beamline>,
    ) -> Taken {
        let now = beamline.now();
        let command = &self.0.command;
        let permit = match beamline.services.store.reserve() {
            Ok(permit) => permit,
            Err(error) => {
                self.refuse(error.into());
                return Taken::Done(state);
            }
        };
        let revision = state.revision();
        let launched = match state.launch(command.project, &command.name, now) {
            Ok(launched) => launched,
            Err(missing) => return Taken::Needs(missing, state, self),
        };
        let id = match &launched.launch {
            Launch::Continues(id) => *id,
            Launch::Reopens(change) | Launch::Joins(change) => change.id,
            Launch::Creates(start) => {
                let start = *start;
                beamline.create(*self, state, launched, start, ctx);
                return Taken::GoesOn;
            }
        };
        let batch = writing::launch(beamline.id, &launched, revision, &command.origin, now);
        let receipt = permit.commit(batch);
        let answer = state.session(id).map(|session| SessionLaunched {
            survey: session.survey,
            total_micros: state::total_micros(session, now),
        });
        let Ask { reply, .. } = self.0;
        // The rules have just used this session, so they know it.
        let _ = reply.send(
            answer
                .map(|answer| Handed { receipt, answer })
                .ok_or(Refusal::Conflict),
        );
        Taken::Done(state)
    }

    fn refuse(self: Box<Self>, why: Unavailable) {
        let _ = self.0.reply.send(Err(why.into()));
    }
}

/// A close and the place for its answer.
pub(super) struct CloseStep(pub(super) Ask<CloseSession>);

impl Step for CloseStep {
    fn take(self: Box<Self>, beamline: &mut Beamline, mut state: State, _: &mut Context<Beamline>) -> Taken {
        let now = beamline.now();
        let command = &self.0.command;
        let permit = match beamline.services.store.reserve() {
            Ok(permit) => permit,
            Err(error) => {
                self.refuse(error.into());
                return Taken::Done(state);
            }
        };
        let revision = state.revision();
        let closed = match state.close(command.project, &command.name, now) {
            Ok(closed) => closed,
            Err(missing) => return Taken::Needs(missing, state, self),
        };
        // That there is no such session may be remembered from before another node launched it.
        let batch = match &closed {
            Some(closed) => writing::close(beamline.id, closed, revision, &command.origin, now),
            None => writing::never_launched(beamline.id, command),
        };
        let answer = Handed {
            receipt: permit.commit(batch),
            answer: closed.map(|closed| closed.stretch_micros),
        };
        let _ = self.0.reply.send(Ok(answer));
        Taken::Done(state)
    }

    fn refuse(self: Box<Self>, why: Unavailable) {
        let _ = self.0.reply.send(Err(why.into()));
    }
}

/// A dataset on its way to its session.
pub(super) struct DatasetStep(pub(super) Ask<AddDataset>);

impl Step for DatasetStep {
    fn take(self: Box<Self>, beamline: &mut Beamline, state: State, _: &mut Context<Beamline>) -> Taken {
        let Ask { command, reply } = self.0;
        match beamline.attribute(command.project, &state) {
            Err(error) => {
                let _ = reply.send(Err(error.into()));
            }
            Ok(attribution) => {
                let session = beamline.session(command.project, attribution.place.session);
                let command = RecordDataset {
                    upload: command.upload,
                    attribution,
                    origin: command.origin,
                    careful: command.careful,
                };
                pass_on(&session, Ask { command, reply }, Err(Unavailable::Busy.into()));
            }
        }
        Taken::Done(state)
    }

    fn refuse(self: Box<Self>, why: Unavailable) {
        let _ = self.0.reply.send(Err(why.into()));
    }
}

/// A report on its way to its session.
pub(super) struct ReportStep(pub(super) Ask<AddReport>);

impl Step for ReportStep {
    fn take(self: Box<Self>, beamline: &mut Beamline, state: State, _: &mut Context<Beamline>) -> Taken {
        let Ask { command, reply } = self.0;
        match beamline.attribute(command.project, &state) {
            Err(error) => {
                let _ = reply.send(Err(error.into()));
            }
            Ok(attribution) => {
                let session = beamline.session(command.project, attribution.place.session);
                let command = RecordReport {
                    upload: command.upload,
                    attribution,
                    origin: command.origin,
                    careful: command.careful,
                };
                pass_on(&session, Ask { command, reply }, Err(Unavailable::Busy.into()));
            }
        }
        Taken::Done(state)
    }

    fn refuse(self: Box<Self>, why: Unavailable) {
        let _ = self.0.reply.send(Err(why.into()));
    }
}

/// Hands a command to a session's actor; `busy` answers it when that one's mailbox is full. Should the actor be
/// gone, the answer's place is dropped and the caller tries once more.
pub(super) fn pass_on<C: Command>(session: &Addr<SessionActor>, ask: Ask<C>, busy: C::Reply)
where
    SessionActor: Handler<Ask<C>>,
    Context<SessionActor>: ToEnvelope<SessionActor, Ask<C>>,
{
    if let Err(SendError::Full(ask)) = session.try_send(ask) {
        let _ = ask.reply.send(busy);
    }
}
