//! A simulated MxDC: which request is next, and what its ledger notes of the answers. Pure, except
//! for signing.

use crate::bodies::Bodies;
use crate::credentials::{Caller, Route};
use crate::http::Target;
use crate::ledger::{Kind, Ledger, Session, Upload};
use crate::names::Run;
use crate::plan::Mix;
use crate::program::{Operation, Outcome, Program};
use beamlive_storage::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Crystals of one session, each with five requests; then another session is launched.
const CRYSTALS: u32 = 20;
/// Launches alternate between this many sessions; each is launched this often before new ones.
const NAMES: u32 = 4;
const LAUNCHES_EACH: u32 = 16;

/// What a simulated MxDC works with.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Its number among all programs.
    pub(crate) program: u16,
    pub(crate) target: Arc<Target>,
    pub(crate) run: Run,
    pub(crate) mix: Mix,
    pub(crate) username: String,
    pub(crate) caller: Caller,
    /// Its beamline's acronym.
    pub(crate) beamline: String,
    /// It launches and closes the beamline's session; the other programs there only use it.
    pub(crate) owns_session: bool,
    /// It is the only program at its beamline.
    pub(crate) is_alone: bool,
    pub(crate) bodies: Bodies,
    /// Ids of its account's samples.
    pub(crate) samples: Arc<[u64]>,
}

/// A simulated MxDC.
pub(crate) struct Mxdc {
    setup: Setup,
    ledger: Ledger,
    /// Requests since the launch of the session; in the mix of launches, all launches so far.
    turn: u32,
    /// The number of the open session, or of the one to launch next.
    session: u32,
    is_open: bool,
    /// The request that has no answer yet.
    sent: Option<Operation>,
    /// The newest acknowledged dataset, if it has no report yet.
    unreported: Option<u64>,
}

/// The answer to an upload.
#[derive(Deserialize)]
struct Uploaded {
    id: u64,
}

impl Mxdc {
    pub(crate) fn new(setup: Setup) -> Self {
        let ledger = Ledger {
            program: setup.program,
            username: setup.username.clone(),
            is_attributed: setup.is_alone,
            ..Ledger::default()
        };
        Self {
            setup,
            ledger,
            turn: 0,
            session: 0,
            is_open: false,
            sent: None,
            unreported: None,
        }
    }

    /// Whether it has a session open all the time.
    fn keeps_session(&self) -> bool {
        self.setup.owns_session && matches!(self.setup.mix, Mix::Mxdc | Mix::Uploads)
    }

    fn decide(&mut self) -> Operation {
        if self.setup.caller.must_sign_in() {
            return Operation::SignIn;
        }
        if self.setup.mix == Mix::Launches {
            if self.is_open {
                return Operation::Close;
            }
            let generation = self.turn / (NAMES * LAUNCHES_EACH);
            self.session = generation * NAMES + self.turn % NAMES;
            self.turn += 1;
            return Operation::Launch;
        }
        if self.keeps_session() && !self.is_open {
            self.turn = 0;
            return Operation::Launch;
        }
        let turn = self.turn;
        self.turn += 1;
        match self.setup.mix {
            Mix::Uploads => Operation::Dataset,
            Mix::Samples => Operation::Samples,
            _ if self.setup.is_alone && turn >= CRYSTALS * 5 => Operation::Close,
            _ => match turn % 5 {
                0 => Operation::Samples,
                // A dataset whose upload failed has no report.
                2 | 4 if self.unreported.is_some() => Operation::Report,
                _ => Operation::Dataset,
            },
        }
    }

    fn write(&mut self, operation: Operation, now: Timestamp, out: &mut Vec<u8>) -> Operation {
        self.sent = Some(operation);
        // Of each crystal, the first dataset and its report are for screening.
        let is_screening = matches!(self.turn % 5, 2 | 3) && self.setup.mix == Mix::Mxdc;
        let Setup {
            target,
            run,
            program,
            beamline,
            caller,
            bodies,
            samples,
            ..
        } = &mut self.setup;
        let mut add = |kind, about| {
            let uploads = self.ledger.uploads.of_mut(kind);
            uploads.push(Upload { id: 0, about });
            u32::try_from(uploads.len() - 1).unwrap_or(u32::MAX)
        };
        match operation {
            Operation::SignIn => caller.sign_in(target, out),
            Operation::Launch => {
                let session = run.name(*program, self.session);
                caller.request(target, beamline, Route::Launch(&session), now, out);
            }
            Operation::Close => {
                let session = run.name(*program, self.session);
                caller.request(target, beamline, Route::Close(&session), now, out);
            }
            Operation::Dataset => {
                let number = add(Kind::Dataset, 0);
                let sample = samples.get(number as usize % samples.len().max(1));
                let body = if is_screening {
                    &mut bodies.screen
                } else {
                    &mut bodies.dataset
                };
                let (name, uuid) = (run.name(*program, number), run.uuid(*program, number));
                let body = body.dataset(&name, &uuid, sample.copied().unwrap_or_default(), now);
                caller.request(target, beamline, Route::Dataset(body), now, out);
            }
            Operation::Report => {
                let about = self.unreported.take().unwrap_or_default();
                let number = add(Kind::Report, about);
                let body = if is_screening {
                    &mut bodies.screening
                } else {
                    &mut bodies.analysis
                };
                let body = body.report(&run.name(*program, number), about);
                caller.request(target, beamline, Route::Report(body), now, out);
            }
            _ => caller.request(target, beamline, Route::Samples, now, out),
        }
        operation
    }

    fn launched(&mut self, outcome: Outcome) {
        self.is_open = outcome.is_success();
        let Some(session) = self.ledger.session(self.session) else {
            return;
        };
        if outcome.is_success() {
            session.launches += 1;
            return;
        }
        if outcome.is_unknown() {
            session.unknown_launches += 1;
            self.ledger.is_attributed = false;
        }
        // It is uncertain whether the next launch of a known name begins a stretch.
        if outcome.is_unknown() || self.setup.mix == Mix::Launches {
            self.next_session();
        }
    }

    fn closed(&mut self, outcome: Outcome) {
        self.is_open = false;
        if outcome.is_unknown() {
            self.ledger.is_attributed = false;
        }
        // In the mix of launches, the next launch has another name in any case.
        if self.setup.mix != Mix::Launches || !outcome.is_success() {
            self.next_session();
        }
    }

    fn next_session(&mut self) {
        if self.setup.mix == Mix::Launches {
            self.turn = self.turn.next_multiple_of(NAMES * LAUNCHES_EACH);
        } else {
            self.session += 1;
        }
    }

    /// Notes the id of an upload; an answer without one acknowledges nothing.
    fn uploaded(&mut self, kind: Kind, body: &[u8]) {
        let Ok(Uploaded { id }) = serde_json::from_slice(body) else {
            return;
        };
        if kind == Kind::Dataset {
            self.unreported = Some(id);
        }
        if let Some(newest) = self.ledger.uploads.of_mut(kind).last_mut() {
            newest.id = id;
        }
        if let Some(Session { uploads, .. }) = self.ledger.session(self.session) {
            *uploads.of_mut(kind) += 1;
        }
    }
}

impl Program for Mxdc {
    fn sign_in(&mut self, out: &mut Vec<u8>) -> Option<Operation> {
        let must = self.setup.caller.must_sign_in();
        must.then(|| self.write(Operation::SignIn, Timestamp(0), out))
    }

    fn first_request(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Option<Operation> {
        let launches = self.keeps_session() && !self.setup.caller.must_sign_in();
        launches.then(|| self.write(Operation::Launch, now, out))
    }

    fn next_request(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Operation {
        let operation = self.decide();
        self.write(operation, now, out)
    }

    fn answered(&mut self, outcome: Outcome, body: &[u8]) {
        if outcome == Outcome::Status(403) {
            self.setup.caller.forget_token();
        }
        match self.sent.take() {
            Some(Operation::SignIn) if outcome.is_success() => self.setup.caller.signed_in(body),
            Some(Operation::Launch) => self.launched(outcome),
            Some(Operation::Close) => self.closed(outcome),
            Some(Operation::Dataset) if outcome.is_success() => self.uploaded(Kind::Dataset, body),
            Some(Operation::Report) if outcome.is_success() => self.uploaded(Kind::Report, body),
            _ => {}
        }
    }

    fn last_request(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Option<Operation> {
        self.is_open.then(|| self.write(Operation::Close, now, out))
    }

    fn into_ledger(self: Box<Self>) -> Option<Ledger> {
        Some(self.ledger)
    }
}
