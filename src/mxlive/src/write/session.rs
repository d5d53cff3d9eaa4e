//! Sessions, their stretches, beamline states.

use super::error::WriteError;
use super::stored::{attach, Stored};
use super::written::Written;
use crate::records::Opens;
use beamlive_storage::ids::{BeamlineId, IdRef, ProjectId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{BeamlineState, Session, Stretch, Subject};
use beamlive_storage::{Batch, ReadError, Store};
use std::collections::BTreeMap;

/// Puts a session.
pub(super) fn put(
    store: &Store,
    batch: &mut Batch,
    id: u64,
    session: &Session,
    stretches: &[Stretch],
    key: &Opens,
) -> Result<Written, WriteError> {
    let row = keys::session(IdRef::Known(id));
    let known = IdRef::Known(id);
    let (old, revision) = match Stored::<Session>::read(store, &row)? {
        Stored::Nothing => {
            batch.insert(row, session);
            put_stretches(batch, id, stretches);
            batch.point(keys::session_by_survey(&session.survey), known);
            batch.mark(keys::index(Table::SessionByProject, session.project, known));
            batch.mark(keys::index(Table::SessionByBeamline, session.beamline, known));
            attach(store, batch, (Subject::Session, id), session.key, key)?;
            return Ok(Written::New);
        }
        Stored::Record(old, revision) => (old, revision),
    };
    let whose = |it: &Session| (it.project, it.beamline, it.created);
    if whose(&old) != whose(session) {
        return Err(WriteError::Taken {
            what: format!("session {id}"),
        });
    }
    attach(store, batch, (Subject::Session, id), old.key, key)?;
    let merged = Session {
        survey: old.survey,
        key: old.key,
        ..session.clone()
    };
    let is_newer = (old.stretches, old.latest.start) > (merged.stretches, merged.latest.start);
    if old != merged && !is_newer && old.name == merged.name {
        batch.replace(row, revision, &merged);
        put_stretches(batch, id, stretches);
        for number in merged.stretches.saturating_add(1)..=old.stretches {
            batch.clear(keys::stretch(known, number));
        }
        return Ok(Written::Changed);
    }
    Ok(Written::Same)
}

fn put_stretches(batch: &mut Batch, id: u64, stretches: &[Stretch]) {
    for (number, stretch) in (1..).zip(stretches) {
        batch.put_guarded(keys::stretch(IdRef::Known(id), number), stretch);
    }
}

/// Puts the newest stretch of a beamline, unless the store knows a newer one.
pub(super) fn state(
    store: &Store,
    batch: &mut Batch,
    beamline: BeamlineId,
    state: &BeamlineState,
) -> Result<Written, WriteError> {
    let row = keys::beamline_state(beamline);
    let session = IdRef::Known(state.session.get().unwrap_or(0));
    match Stored::<BeamlineState>::read(store, &row)? {
        Stored::Nothing => {
            batch.insert_naming(row, state, session);
            Ok(Written::New)
        }
        Stored::Record(old, _) if old == *state || old.start > state.start => Ok(Written::Same),
        Stored::Record(_, revision) => {
            batch.replace_naming(row, revision, state, session);
            Ok(Written::Changed)
        }
    }
}

/// The newest session of each name.
#[derive(Default)]
pub(super) struct Names(BTreeMap<(BeamlineId, ProjectId, String), u64>);

impl Names {
    pub(super) fn add(&mut self, id: u64, session: &Session) {
        let name = (session.beamline, session.project, session.name.clone());
        let newest = self.0.entry(name).or_insert(id);
        *newest = id.max(*newest);
    }

    pub(super) fn finish(self, store: &Store, batch: &mut Batch) -> Result<(), ReadError> {
        for ((beamline, project, name), id) in self.0 {
            let key = keys::session_by_name(beamline, project, &name);
            if store.get_id(&key)?.is_none_or(|newest| newest < id) {
                batch.point(key, IdRef::Known(id));
            }
        }
        Ok(())
    }
}
