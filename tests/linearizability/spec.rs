//! The pure rules of one beamline, as a sequence of steps.

use super::history::{Answer, Op, Seen};
use beamlive_actors::beamline::state::{newest, total_micros, Change, Launch, Missing, State};
use beamlive_actors::duration::humanize;
use beamlive_storage::ids::{BeamlineId, ProjectId, SessionId};
use beamlive_storage::records::{BeamlineState, SecureKey, Session, Stretch};
use beamlive_storage::{Timestamp, Versioned};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Usernames of projects, by their ids.
const PROJECTS: [&str; 2] = ["alice", "bob"];

/// The rules of the service, or broken rules, which must not explain a real history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    Pure,
    /// A launch does not end the stretch of another session.
    EndsNothing,
    /// A launch of a known name creates another session.
    JoinsNothing,
    /// A close does nothing.
    ClosesNothing,
}

/// The state of a beamline after some steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    newest: Option<Versioned<BeamlineState>>,
    /// Sessions in the order of their ids, which begin at 1.
    sessions: Vec<Versioned<Session>>,
    /// The surveys in the answers to clients.
    surveys: Vec<Option<String>>,
    stretches: Vec<(usize, Stretch)>,
    /// Counts up when the service's time is not known.
    time: Timestamp,
}

impl Spec {
    /// A beamline where nothing has happened.
    pub fn new() -> Self {
        Self {
            newest: None,
            sessions: Vec::new(),
            surveys: Vec::new(),
            stretches: Vec::new(),
            time: Timestamp(1_760_000_000_000_000),
        }
    }

    /// Takes a step. Returns whether the answer follows the rules. A missing answer always does.
    pub fn step(&mut self, rules: Rules, op: &Op, now: Option<Timestamp>, answer: Option<&Answer>) -> bool {
        self.time = now.unwrap_or(self.time.plus_micros(1));
        match op {
            Op::Launch { project, name } => {
                let (place, length) = self.launch(rules, project_id(project), name);
                match answer {
                    None => true,
                    Some(Answer::Launched { survey, duration }) => {
                        self.is_survey(place, survey) && (now.is_none() || *duration == humanize(length))
                    }
                    Some(_) => false,
                }
            }
            Op::Close { project, name } => {
                let closed = self.close(rules, project_id(project), name);
                match (answer, closed) {
                    (None, _) | (Some(Answer::NotFound), None) => true,
                    (Some(Answer::Closed { duration }), Some(length)) => {
                        now.is_none() || *duration == humanize(length)
                    }
                    _ => false,
                }
            }
        }
    }

    /// Whether further steps may lead to `seen`: sessions and stretches are only added, and only
    /// the newest stretch changes. With `exact`, times are compared too.
    pub fn may_become(&self, seen: &Seen, exact: bool) -> bool {
        let newest = self.stretches.len().saturating_sub(1);
        self.sessions.len() <= seen.sessions.len()
            && self.stretches.len() <= seen.stretches.len()
            && self
                .sessions
                .iter()
                .zip(&seen.sessions)
                .all(|(session, (project, name))| {
                    self::project(session.record.project) == project && session.record.name == *name
                })
            && self.stretches.iter().zip(&seen.stretches).enumerate().all(
                |(number, ((place, stretch), (seen_place, start, end)))| {
                    place == seen_place
                        && (!exact || stretch.start == *start)
                        && (!exact || number == newest || stretch.end == *end)
                },
            )
    }

    /// Distinguishes the states that [`Self::may_become`] allows. Times count only if they are
    /// exact: otherwise a period is too short for them to affect any rule.
    pub fn digest(&self, exact: bool) -> u64 {
        let mut hasher = DefaultHasher::new();
        let newest = self
            .stretches
            .last()
            .map(|(_, newest)| newest.end.map(|end| if exact { end.0 } else { 0 }));
        (self.stretches.len(), newest, &self.surveys).hash(&mut hasher);
        // Only with broken rules is a stretch other than the newest open.
        self.stretches
            .iter()
            .filter(|(_, stretch)| stretch.end.is_none())
            .count()
            .hash(&mut hasher);
        hasher.finish()
    }

    /// Whether this state equals `seen`.
    pub fn is(&self, seen: &Seen, exact: bool) -> bool {
        let sessions = self.sessions.iter().map(|session| &session.record);
        let sessions = sessions.map(|session| (project(session.project), session.name.as_str()));
        let same_sessions = sessions.eq(seen
            .sessions
            .iter()
            .map(|(project, name)| (project.as_str(), name.as_str())));
        let same_stretches = self.stretches.len() == seen.stretches.len()
            && self.stretches.iter().zip(&seen.stretches).all(
                |((place, stretch), (seen_place, start, end))| {
                    place == seen_place
                        && stretch.end.is_some() == end.is_some()
                        && (!exact || (stretch.start, stretch.end) == (*start, *end))
                },
            );
        same_sessions && same_stretches
    }

    fn launch(&mut self, rules: Rules, project: ProjectId, name: &str) -> (usize, i64) {
        let mut state = State::new(self.newest.clone());
        let launched = loop {
            match state.launch(project, name, self.time) {
                Ok(launched) => break launched,
                Err(missing) => self.supply(rules, &mut state, missing),
            }
        };
        if let Some(ends) = launched.ends.as_ref().filter(|_| rules != Rules::EndsNothing) {
            self.change(ends);
        }
        let place = match &launched.launch {
            Launch::Continues(id) => place(*id),
            Launch::Reopens(change) | Launch::Joins(change) => self.change(change),
            Launch::Creates(start) => self.create(project, name, *start),
        };
        if let Some(newest) = launched.newest {
            self.hold(newest);
        }
        (place, total_micros(&self.sessions[place].record, self.time))
    }

    fn close(&mut self, rules: Rules, project: ProjectId, name: &str) -> Option<i64> {
        let mut state = State::new(self.newest.clone());
        let closed = loop {
            match state.close(project, name, self.time) {
                Ok(closed) => break closed?,
                Err(missing) => self.supply(Rules::Pure, &mut state, missing),
            }
        };
        if rules != Rules::ClosesNothing {
            if let Some(ends) = &closed.ends {
                self.change(ends);
            }
            if let Some(newest) = closed.newest {
                self.hold(newest);
            }
        }
        Some(closed.stretch_micros)
    }

    fn supply(&self, rules: Rules, state: &mut State, missing: Missing) {
        match missing {
            Missing::Name(project, name) => {
                let known = self
                    .sessions
                    .iter()
                    .rposition(|session| session.record.project == project && session.record.name == name);
                let known = known.filter(|_| rules != Rules::JoinsNothing);
                state.know_name(project, name, known.map(|place| SessionId(place as u64 + 1)));
            }
            Missing::Session(id) => state.know_session(id, self.sessions[place(id)].clone()),
        }
    }

    fn change(&mut self, change: &Change) -> usize {
        let place = place(change.id);
        self.sessions[place] = Versioned {
            revision: change.revision + 1,
            record: change.session.clone(),
        };
        let latest = change.session.latest;
        if change.new_stretch {
            self.stretches.push((place, latest));
        } else {
            let mine = self.stretches.iter_mut().rev().find(|(owner, _)| *owner == place);
            mine.unwrap().1 = latest;
        }
        place
    }

    fn create(&mut self, project: ProjectId, name: &str, start: Timestamp) -> usize {
        let place = self.sessions.len();
        let latest = Stretch { start, end: None };
        let session = Session {
            project,
            beamline: BeamlineId(1),
            name: name.to_owned(),
            survey: SecureKey([0; 20]),
            key: None,
            created: start,
            stretches: 1,
            latest,
            ended_micros: 0,
        };
        self.hold(newest(place as u64 + 1, &session));
        self.sessions.push(Versioned {
            revision: 1,
            record: session,
        });
        self.surveys.push(None);
        self.stretches.push((place, latest));
        place
    }

    fn hold(&mut self, newest: BeamlineState) {
        self.newest = Some(Versioned {
            revision: self.newest.as_ref().map_or(1, |newest| newest.revision + 1),
            record: newest,
        });
    }

    /// Whether this is the survey of the session. Each session has its own survey.
    fn is_survey(&mut self, place: usize, survey: &str) -> bool {
        let known = self
            .surveys
            .iter()
            .position(|known| known.as_deref() == Some(survey));
        match (known, &self.surveys[place]) {
            (Some(known), _) => known == place,
            (None, Some(_)) => false,
            (None, None) => {
                self.surveys[place] = Some(survey.to_owned());
                true
            }
        }
    }
}

fn project_id(username: &str) -> ProjectId {
    let place = PROJECTS.iter().position(|known| *known == username);
    ProjectId(place.unwrap() as u64)
}

fn project(id: ProjectId) -> &'static str {
    PROJECTS[usize::try_from(id.0).unwrap()]
}

fn place(id: SessionId) -> usize {
    usize::try_from(id.0).unwrap() - 1
}
