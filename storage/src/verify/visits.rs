//! Sessions, stretches, and who has a beamline.

use super::parts::Parts;
use super::{parts, Check};
use crate::ids::{IdRef, ProjectId};
use crate::keys::{self, Key, Table};
use crate::records::{BeamlineState, SecureKey, Session, Stretch};
use crate::store::ReadError;
use crate::time::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// What was met so far. Grows with the number of sessions and stretches.
#[derive(Debug, Default)]
pub(super) struct Visits {
    /// Per beamline: start and end of each stretch, and its session.
    stretches: BTreeMap<u64, Vec<(Timestamp, Timestamp, u64)>>,
    /// The newest session of each (beamline, project, name), and when it was last active.
    names: HashMap<(u64, ProjectId, String), (u64, Option<Timestamp>)>,
}

impl Check<'_> {
    pub(super) fn beamline_state(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let Some(beamline) = parts.only_id() else {
            self.malformed(key);
            return Ok(());
        };
        let what = format!("BeamlineState {beamline}");
        self.declared(&what, Table::Beamline, beamline);
        let Some(state) = self.decoded::<BeamlineState>(&what, key, value)? else {
            return Ok(());
        };
        let Some(id) = state.session.get() else {
            self.problem(format!("{what}: it names no session"));
            return Ok(());
        };
        match self.session_of(id)? {
            None => self.problem(format!("{what}: session {id} does not exist")),
            Some(session) => {
                let same = session.beamline.0 == beamline
                    && session.project == state.project
                    && session.name == state.name
                    && session.stretches == state.number
                    && session.latest.start == state.start
                    && session.latest.end == state.end;
                if !same {
                    self.problem(format!("{what}: it is not as the newest stretch of session {id}"));
                }
            }
        }
        Ok(())
    }

    pub(super) fn session(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some(id) = parts.only_id() else {
            self.malformed(key);
            return Ok(());
        };
        self.id(Table::Session, id);
        let what = format!("Session {id}");
        let Some(session) = self.decoded::<Session>(&what, key, value)? else {
            return Ok(());
        };
        let (project, beamline) = (session.project.0, session.beamline.0);
        self.declared(&what, Table::Project, project);
        self.declared(&what, Table::Beamline, beamline);
        self.indexed(&what, Table::SessionByProject, project, id)?;
        self.indexed(&what, Table::SessionByBeamline, beamline, id)?;
        if self.led(&keys::session_by_survey(&session.survey))? != Some(id) {
            self.problem(format!("{what}: its survey key does not lead to it"));
        }
        self.stretches_of(&what, id, &session)?;
        self.open_stretch(&what, id, &session)?;
        self.joinable(&what, id, &session)?;
        self.has_directory(crate::records::Subject::Session, id, session.key)
    }

    /// The stretch rows of a session are as its record says.
    fn stretches_of(&mut self, what: &str, id: u64, session: &Session) -> Result<(), ReadError> {
        let (start, end) = keys::below(&Key::of(Table::Stretch).id(IdRef::Known(id)), None);
        let (mut number, mut ended, mut newest): (u32, i64, Option<Stretch>) = (0, 0, None);
        let store = self.store;
        for row in store.scan::<Stretch>(&start, &end, crate::engine::Order::Ascending) {
            let (key, stretch) = match row {
                Ok((key, stretch)) => (key, stretch.record),
                Err(ReadError::Engine(error)) => return Err(ReadError::Engine(error)),
                // Its own row tells.
                Err(_) => continue,
            };
            number += 1;
            if key.as_slice() != keys::stretch(IdRef::Known(id), number).as_bytes() {
                self.problem(format!("{what}: stretch {number} is missing"));
                return Ok(());
            }
            let after = newest.map(|newest| newest.end);
            if after.is_some_and(|end| end.is_none_or(|end| end > stretch.start)) {
                self.problem(format!(
                    "{what}: stretch {number} begins before the one before has ended"
                ));
            }
            if let Some(end) = stretch.end {
                if end <= stretch.start {
                    self.problem(format!("{what}: stretch {number} ends before it begins"));
                }
                ended = ended.saturating_add(end.micros_since(stretch.start));
            }
            newest = Some(stretch);
            self.visits
                .stretches
                .entry(session.beamline.0)
                .or_default()
                .push((stretch.start, stretch.end.unwrap_or(Timestamp(i64::MAX)), id));
        }
        if number != session.stretches {
            self.problem(format!(
                "{what}: it has {number} stretches, and its record says {}",
                session.stretches
            ));
        }
        if newest != Some(session.latest) {
            self.problem(format!("{what}: its newest stretch is not as its record says"));
        }
        if ended != session.ended_micros {
            self.problem(format!(
                "{what}: its ended stretches last {ended} µs, and its record says {}",
                session.ended_micros
            ));
        }
        Ok(())
    }

    /// A session with an open stretch has its beamline, so that there is only one.
    fn open_stretch(&mut self, what: &str, id: u64, session: &Session) -> Result<(), ReadError> {
        if session.latest.end.is_some() {
            return Ok(());
        }
        let state = self.found::<BeamlineState>(&keys::beamline_state(session.beamline))?;
        if state.and_then(|state| state.session.get()) != Some(id) {
            self.problem(format!(
                "{what}: its stretch is open, but it does not have beamline {}",
                session.beamline
            ));
        }
        Ok(())
    }

    /// The name leads to the newest session, and those before could not be joined when it was made.
    fn joinable(&mut self, what: &str, id: u64, session: &Session) -> Result<(), ReadError> {
        let name = (session.beamline.0, session.project, session.name.clone());
        let before = self.visits.names.insert(name, (id, session.latest.end));
        if let Some((before, end)) = before {
            let could_not =
                end.is_some_and(|end| session.created.micros_since(end) > self.rules.joinable_micros);
            if !could_not {
                self.problem(format!(
                    "{what}: session {before} of the same name could be joined when this one was made"
                ));
            }
        }
        let by_name = keys::session_by_name(session.beamline, session.project, &session.name);
        if self.led(&by_name)?.is_none_or(|newest| newest < id) {
            self.problem(format!("{what}: its name does not lead to it"));
        }
        Ok(())
    }

    pub(super) fn stretch(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let place = (parts.id(), parts.number(), parts.end());
        let (Some(session), Some(number), Some(())) = place else {
            self.malformed(key);
            return Ok(());
        };
        let what = format!("Stretch {number} of session {session}");
        self.decoded::<Stretch>(&what, key, value)?;
        // What the session has of them was checked with it.
        if number == 1 && !self.exists(&keys::session(IdRef::Known(session)))? {
            self.problem(format!("{what}: there is no such session"));
        }
        if number == 0 {
            self.problem(format!("{what}: stretches are numbered from 1"));
        }
        Ok(())
    }

    pub(super) fn session_by_name(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let place = (parts.id(), parts.id(), parts.name());
        let (Some(beamline), Some(project), Some(name)) = place else {
            self.malformed(key);
            return Ok(());
        };
        let newest = (beamline, ProjectId(project), name.to_owned());
        let newest = self.visits.names.get(&newest).map(|(id, _)| *id);
        let led = value.try_into().map(u64::from_be_bytes).ok();
        if led.is_none() || led != newest {
            self.problem(format!(
                "SessionByName {name} of project {project} at beamline {beamline}: does not lead to the newest session of that name"
            ));
        }
        Ok(())
    }

    pub(super) fn session_index(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        owner_of: fn(&Session) -> u64,
    ) -> Result<(), ReadError> {
        let table = parts.table();
        let Some((owner, id)) = parts.pair() else {
            self.malformed(key);
            return Ok(());
        };
        if self.session_of(id)?.map(|session| owner_of(&session)) != Some(owner) {
            self.problem(format!("{table:?} of {owner}: session {id} is not its"));
        }
        Ok(())
    }

    pub(super) fn session_by_survey(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let (Some(survey), Some(())) = (parts.bytes(), parts.end()) else {
            self.malformed(key);
            return Ok(());
        };
        let session = match value.try_into().map(u64::from_be_bytes) {
            Ok(id) => self.session_of(id)?,
            Err(_) => None,
        };
        if session.map(|session| session.survey) != Some(SecureKey(survey)) {
            self.problem(format!(
                "{}: does not lead to the session of this survey",
                parts::shown("SessionBySurvey", key)
            ));
        }
        Ok(())
    }

    /// What can be told only when every stretch is known.
    pub(super) fn whole_visits(&mut self) {
        for (beamline, mut stretches) in std::mem::take(&mut self.visits.stretches) {
            stretches.sort_unstable();
            for pair in stretches.windows(2) {
                let [(_, end, first), (start, _, second)] = pair else {
                    continue;
                };
                if end > start && first != second {
                    self.problem(format!(
                        "Beamline {beamline}: stretches of sessions {first} and {second} overlap"
                    ));
                }
            }
        }
    }
}
