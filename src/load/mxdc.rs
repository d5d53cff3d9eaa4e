//! A simulated MxDC: which of its requests comes next, and what is entered in its books. Pure, but for signing.

use super::bodies::Bodies;
use super::client::Target;
use super::ledger::{Ledger, Run, Upload};
use super::plan::Mix;
use super::program::{request, Operation, Outcome, Program};
use super::signer::Signer;
use beamlive_storage::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Crystals that are looked at in one session, each with five requests; then another session is launched.
const CRYSTALS: u32 = 20;
/// Sessions that launches alternate between, and how often each is launched before there are new ones.
const NAMES: u32 = 4;
const LAUNCHES_EACH: u32 = 16;

/// How a simulated MxDC comes to be.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Its number among all programs.
    pub program: u16,
    /// Where the service is.
    pub target: Arc<Target>,
    /// The run it is part of.
    pub run: Run,
    /// What it does.
    pub mix: Mix,
    /// Its account's username.
    pub username: String,
    /// Its account's key at work.
    pub signer: Signer,
    /// Its beamline's acronym.
    pub beamline: String,
    /// It launches and closes the beamline's session; others at the same beamline only use it.
    pub leads: bool,
    /// It is the only one at its beamline.
    pub alone: bool,
    /// Its bodies.
    pub bodies: Bodies,
    /// Samples of its account.
    pub samples: Arc<[u64]>,
}

/// A simulated MxDC.
pub struct Mxdc {
    setup: Setup,
    ledger: Ledger,
    /// Requests since the session was launched; of launches, all so far.
    turn: u32,
    /// The number of the session that is open, or launched next.
    session: u32,
    is_open: bool,
    asked: Option<Asked>,
    /// The newest dataset that was acknowledged and has no report yet.
    unreported: Option<u64>,
}

/// The request that has no answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Launch,
    Close,
    Samples,
    Dataset,
    Report,
}

/// The answer to an upload.
#[derive(Deserialize)]
struct Id {
    id: u64,
}

impl Mxdc {
    /// One that has done nothing yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let ledger = Ledger {
            program: setup.program,
            username: setup.username.clone(),
            beamline: setup.beamline.clone(),
            attributed: setup.alone,
            ..Ledger::default()
        };
        Self {
            setup,
            ledger,
            turn: 0,
            session: 0,
            is_open: false,
            asked: None,
            unreported: None,
        }
    }

    fn keeps_a_session(&self) -> bool {
        self.setup.leads && matches!(self.setup.mix, Mix::Mxdc | Mix::Uploads)
    }

    /// What comes next.
    fn decide(&mut self) -> Asked {
        if self.setup.mix == Mix::Launches {
            if self.is_open {
                return Asked::Close;
            }
            let generation = self.turn / (NAMES * LAUNCHES_EACH);
            self.session = generation * NAMES + self.turn % NAMES;
            self.turn += 1;
            return Asked::Launch;
        }
        if self.keeps_a_session() && !self.is_open {
            self.turn = 0;
            return Asked::Launch;
        }
        let turn = self.turn;
        self.turn += 1;
        match self.setup.mix {
            Mix::Uploads => Asked::Dataset,
            Mix::Samples => Asked::Samples,
            _ if self.setup.alone && turn >= CRYSTALS * 5 => Asked::Close,
            _ => match turn % 5 {
                0 => Asked::Samples,
                // A dataset whose upload failed has no report.
                2 | 4 if self.unreported.is_some() => Asked::Report,
                _ => Asked::Dataset,
            },
        }
    }

    fn write(&mut self, asked: Asked, now: Timestamp, out: &mut Vec<u8>) -> Operation {
        self.asked = Some(asked);
        // Of a crystal, the first dataset and its report are for screening.
        let is_screening = matches!(self.turn % 5, 2 | 3) && self.setup.mix == Mix::Mxdc;
        let Setup {
            target,
            run,
            program,
            beamline,
            signer,
            bodies,
            samples,
            ..
        } = &mut self.setup;
        let token = signer.token(u64::try_from(now.0 / 1_000_000).unwrap_or_default());
        let count = |list: &[Upload]| u32::try_from(list.len()).unwrap_or(u32::MAX);
        match asked {
            Asked::Launch => {
                let session = run.mark(*program, self.session);
                let path = format_args!("/api/v2/{token}/launch/{beamline}/{session}/");
                request(out, target, "POST", path, Some(b""));
                Operation::Launch
            }
            Asked::Close => {
                let session = run.mark(*program, self.session);
                let path = format_args!("/api/v2/{token}/close/{beamline}/{session}/");
                request(out, target, "POST", path, Some(b""));
                Operation::Close
            }
            Asked::Samples => {
                let path = format_args!("/api/v2/{token}/samples/{beamline}/");
                request(out, target, "GET", path, None);
                Operation::Samples
            }
            Asked::Dataset => {
                let number = count(&self.ledger.datasets);
                self.ledger.datasets.push(Upload::default());
                let sample = samples.get(number as usize % samples.len().max(1));
                let body = if is_screening {
                    &mut bodies.screen
                } else {
                    &mut bodies.dataset
                };
                let (mark, uuid) = (run.mark(*program, number), run.uuid(*program, number));
                let body = body.dataset(&mark, &uuid, sample.copied().unwrap_or_default(), now);
                let path = format_args!("/api/v2/{token}/data/{beamline}/");
                request(out, target, "POST", path, Some(body));
                Operation::Dataset
            }
            Asked::Report => {
                let about = self.unreported.take().unwrap_or_default();
                let number = count(&self.ledger.reports);
                self.ledger.reports.push(Upload { id: 0, about });
                let body = if is_screening {
                    &mut bodies.screening
                } else {
                    &mut bodies.analysis
                };
                let body = body.report(&run.mark(*program, number), about);
                let path = format_args!("/api/v2/{token}/report/{beamline}/");
                request(out, target, "POST", path, Some(body));
                Operation::Report
            }
        }
    }

    fn launched(&mut self, outcome: Outcome) {
        self.is_open = outcome.is_success();
        let Some(visit) = self.ledger.visit(self.session) else {
            return;
        };
        if outcome.is_success() {
            visit.launches += 1;
            return;
        }
        if outcome.is_unknown() {
            visit.maybe += 1;
            self.ledger.attributed = false;
        }
        // Whether the next launch of a name that was launched before begins a stretch is not certain any more.
        if outcome.is_unknown() || self.setup.mix == Mix::Launches {
            self.fresh_session();
        }
    }

    fn closed(&mut self, outcome: Outcome) {
        self.is_open = false;
        if outcome.is_unknown() {
            self.ledger.attributed = false;
        }
        // Launches go on to another name in any case.
        if self.setup.mix != Mix::Launches || !outcome.is_success() {
            self.fresh_session();
        }
    }

    fn fresh_session(&mut self) {
        if self.setup.mix == Mix::Launches {
            self.turn = self.turn.next_multiple_of(NAMES * LAUNCHES_EACH);
        } else {
            self.session += 1;
        }
    }

    /// Enters the id of an upload; an answer without one acknowledges nothing.
    fn uploaded(&mut self, asked: Asked, body: &[u8]) {
        let Ok(Id { id }) = serde_json::from_slice(body) else {
            return;
        };
        let is_dataset = asked == Asked::Dataset;
        let list = if is_dataset {
            self.unreported = Some(id);
            &mut self.ledger.datasets
        } else {
            &mut self.ledger.reports
        };
        if let Some(newest) = list.last_mut() {
            newest.id = id;
        }
        if let Some(visit) = self.ledger.visit(self.session) {
            *(if is_dataset {
                &mut visit.datasets
            } else {
                &mut visit.reports
            }) += 1;
        }
    }
}

impl Program for Mxdc {
    fn opening(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Option<Operation> {
        self.keeps_a_session()
            .then(|| self.write(Asked::Launch, now, out))
    }

    fn next(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Operation {
        let asked = self.decide();
        self.write(asked, now, out)
    }

    fn heard(&mut self, outcome: Outcome, body: &[u8]) {
        match self.asked.take() {
            Some(Asked::Launch) => self.launched(outcome),
            Some(Asked::Close) => self.closed(outcome),
            Some(asked @ (Asked::Dataset | Asked::Report)) if outcome.is_success() => {
                self.uploaded(asked, body)
            }
            _ => {}
        }
    }

    fn ending(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Option<Operation> {
        self.is_open.then(|| self.write(Asked::Close, now, out))
    }

    fn into_ledger(self: Box<Self>) -> Option<Ledger> {
        Some(self.ledger)
    }
}
