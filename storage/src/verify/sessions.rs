//! Sessions, stretches, and beamline states.

use super::check::Check;
use super::directories;
use super::row::{Checked, Row};
use crate::engine::Order;
use crate::ids::{IdRef, ProjectId};
use crate::keys::{self, Key, Table};
use crate::records::{BeamlineState, SecureKey, Session, Stretch, Subject};
use crate::store::ReadError;
use crate::time::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// What was found so far. Grows with the number of sessions and stretches.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// Start, end and session of each stretch, by beamline.
    stretches: BTreeMap<u64, Vec<(Timestamp, Timestamp, u64)>>,
    /// The newest session of each (beamline, project, name), and the end of its last stretch.
    names: HashMap<(u64, ProjectId, String), (u64, Option<Timestamp>)>,
}

impl Sessions {
    pub(super) fn session(&mut self, check: &mut Check<'_>, row: Row<'_>) -> Checked {
        let (id, what, session): (_, _, Session) = check.decode_with_id(row)?;
        let (project, beamline) = (session.project.0, session.beamline.0);
        check.require_declared(&what, Table::Project, project);
        check.require_declared(&what, Table::Beamline, beamline);
        check.require_indexed(&what, Table::SessionByProject, project, id)?;
        check.require_indexed(&what, Table::SessionByBeamline, beamline, id)?;
        if check.index_entry(&keys::session_by_survey(&session.survey))? != Some(id) {
            check.problem(format!("{what}: its survey key does not lead to it"));
        }
        self.stretches(check, &what, id, &session)?;
        if session.latest.end.is_none() {
            let state: Option<BeamlineState> = check.find(&keys::beamline_state(session.beamline))?;
            if state.and_then(|state| state.session.get()) != Some(id) {
                check.problem(format!(
                    "{what}: its stretch is open, but it does not have beamline {beamline}"
                ));
            }
        }
        self.name(check, &what, id, &session)?;
        directories::has_key(check, Subject::Session, id, session.key)
    }

    /// Compares the stretches of a session with its record.
    fn stretches(&mut self, check: &mut Check<'_>, what: &str, id: u64, session: &Session) -> Checked {
        let (start, end) = keys::below(&Key::of(Table::Stretch).id(IdRef::Known(id)), None);
        let (mut number, mut ended, mut newest): (u32, i64, Option<Stretch>) = (0, 0, None);
        let all = self.stretches.entry(session.beamline.0).or_default();
        for row in check.store.scan::<Stretch>(&start, &end, Order::Ascending) {
            let (key, stretch) = match row {
                Ok((key, stretch)) => (key, stretch.record),
                Err(ReadError::Engine(error)) => return Err(ReadError::Engine(error).into()),
                // The check of its own row reports it.
                Err(_) => continue,
            };
            number += 1;
            if key.as_slice() != keys::stretch(IdRef::Known(id), number).as_bytes() {
                check.problem(format!("{what}: stretch {number} is missing"));
                return Ok(());
            }
            let before = newest.map(|newest| newest.end);
            if before.is_some_and(|end| end.is_none_or(|end| end > stretch.start)) {
                check.problem(format!(
                    "{what}: stretch {number} begins before the one before has ended"
                ));
            }
            if let Some(end) = stretch.end {
                if end <= stretch.start {
                    check.problem(format!("{what}: stretch {number} ends before it begins"));
                }
                ended = ended.saturating_add(end.micros_since(stretch.start));
            }
            newest = Some(stretch);
            all.push((stretch.start, stretch.end.unwrap_or(Timestamp(i64::MAX)), id));
        }
        if number != session.stretches {
            check.problem(format!(
                "{what}: it has {number} stretches, and its record says {}",
                session.stretches
            ));
        }
        if newest != Some(session.latest) {
            check.problem(format!("{what}: its newest stretch is not as its record says"));
        }
        if ended != session.ended_micros {
            check.problem(format!(
                "{what}: its ended stretches last {ended} µs, and its record says {}",
                session.ended_micros
            ));
        }
        Ok(())
    }

    /// Checks that the name leads to the newest session, and that the session before could no
    /// longer be joined when this one was created.
    fn name(&mut self, check: &mut Check<'_>, what: &str, id: u64, session: &Session) -> Checked {
        let name = (session.beamline.0, session.project, session.name.clone());
        if let Some((before, end)) = self.names.insert(name, (id, session.latest.end)) {
            let idle = end.map(|end| session.created.micros_since(end));
            if idle.is_none_or(|idle| idle <= check.rules.joinable_micros) {
                check.problem(format!(
                    "{what}: session {before} of the same name could be joined when this one was made"
                ));
            }
        }
        let by_name = keys::session_by_name(session.beamline, session.project, &session.name);
        if check.index_entry(&by_name)?.is_none_or(|newest| newest < id) {
            check.problem(format!("{what}: its name does not lead to it"));
        }
        Ok(())
    }

    pub(super) fn by_name(&mut self, check: &mut Check<'_>, mut row: Row<'_>) -> Checked {
        let (beamline, project, name) = (row.id()?, row.id()?, row.name()?);
        let newest = self.names.get(&(beamline, ProjectId(project), name.to_owned()));
        if row
            .value_id()
            .is_none_or(|id| newest.is_none_or(|(newest, _)| *newest != id))
        {
            check.problem(format!(
                "SessionByName {name} of project {project} at beamline {beamline}: does not lead to the newest session of that name"
            ));
        }
        Ok(())
    }

    /// The checks that need all stretches.
    pub(super) fn finish(&mut self, check: &mut Check<'_>) {
        for (beamline, stretches) in &mut self.stretches {
            stretches.sort_unstable();
            for pair in stretches.windows(2) {
                let [(_, end, first), (start, _, second)] = pair else {
                    continue;
                };
                if end > start && first != second {
                    check.problem(format!(
                        "Beamline {beamline}: stretches of sessions {first} and {second} overlap"
                    ));
                }
            }
        }
    }
}

pub(super) fn beamline_state(check: &mut Check<'_>, row: Row<'_>) -> Checked {
    let [beamline] = row.ids()?;
    let what = format!("BeamlineState {beamline}");
    check.require_declared(&what, Table::Beamline, beamline);
    let state: BeamlineState = check.decode(&what, row)?;
    let Some(id) = state.session.get() else {
        check.problem(format!("{what}: it names no session"));
        return Ok(());
    };
    match check.find_id::<Session>(Table::Session, id)? {
        None => check.problem(format!("{what}: session {id} does not exist")),
        Some(session) => {
            let same = session.beamline.0 == beamline
                && session.project == state.project
                && session.name == state.name
                && session.stretches == state.number
                && session.latest.start == state.start
                && session.latest.end == state.end;
            if !same {
                check.problem(format!("{what}: it is not as the newest stretch of session {id}"));
            }
        }
    }
    Ok(())
}

pub(super) fn stretch(check: &mut Check<'_>, mut row: Row<'_>) -> Checked {
    let (session, number) = (row.id()?, row.number()?);
    row.end()?;
    let what = format!("Stretch {number} of session {session}");
    // The check of the session compares its stretches with its record.
    if number == 1 && !check.exists(&keys::session(IdRef::Known(session)))? {
        check.problem(format!("{what}: there is no such session"));
    }
    if number == 0 {
        check.problem(format!("{what}: stretches are numbered from 1"));
    }
    check.decode::<Stretch>(&what, row).map(drop)
}

pub(super) fn by_survey(check: &mut Check<'_>, mut row: Row<'_>) -> Checked {
    let survey = SecureKey(row.bytes()?);
    row.end()?;
    let session = match row.value_id() {
        Some(id) => check.find_id::<Session>(Table::Session, id)?,
        None => None,
    };
    if session.map(|session| session.survey) != Some(survey) {
        check.problem(format!(
            "{}: does not lead to the session of this survey",
            row.shown()
        ));
    }
    Ok(())
}
