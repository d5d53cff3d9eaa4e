//! The batches of launch and close.

use super::state::{Change, Closed, Launch, Launched};
use super::{CloseSession, LaunchSession};
use crate::activity::{self, Deed, Origin};
use crate::directory_key::{self, Opening};
use beamlive_storage::ids::{BeamlineId, IdRef, Slot};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{BeamlineState, SecureKey, Session, Stretch, Subject};
use beamlive_storage::{Batch, Timestamp};

/// The directory of a session, relative to the users' root.
fn session_directory(command: &LaunchSession) -> String {
    format!("{}/{}", command.username, command.name)
}

/// A session with its first stretch, from `start`.
pub(super) fn new_session(
    beamline: BeamlineId,
    command: &LaunchSession,
    survey: SecureKey,
    key: Option<SecureKey>,
    start: Timestamp,
) -> Session {
    Session {
        project: command.project,
        beamline,
        name: command.name.to_string(),
        survey,
        key,
        created: start,
        stretches: 1,
        latest: Stretch { start, end: None },
        ended_micros: 0,
    }
}

/// What a launch of a known session changes. `revision` is the beamline's before it.
pub(super) fn launch(
    beamline: BeamlineId,
    launched: &Launched,
    revision: Option<u64>,
    origin: &Origin,
    now: Timestamp,
) -> Batch {
    let mut batch = Batch::new();
    if let Some(ends) = &launched.ends {
        change(&mut batch, ends);
        log(
            &mut batch,
            origin,
            ends,
            "session ended",
            "another session was launched",
            now,
        );
    }
    match &launched.launch {
        Launch::Reopens(reopened) => {
            change(&mut batch, reopened);
            log(
                &mut batch,
                origin,
                reopened,
                "session continued",
                "its last stretch goes on",
                now,
            );
        }
        Launch::Joins(joined) => {
            change(&mut batch, joined);
            log(
                &mut batch,
                origin,
                joined,
                "session joined",
                "a new stretch begins",
                now,
            );
        }
        Launch::Continues(_) | Launch::Creates(_) => {}
    }
    match &launched.newest {
        Some(newest) => {
            let session = newest.session.get().map(IdRef::Known);
            newest_stretch(&mut batch, beamline, newest, revision, session);
        }
        None => unchanged(&mut batch, beamline, revision),
    }
    batch
}

/// A new session; the slot says which id it got.
pub(super) fn create(
    command: &LaunchSession,
    session: &Session,
    newest: &BeamlineState,
    ends: Option<&Change>,
    revision: Option<u64>,
    opening: Opening,
) -> (Batch, Slot) {
    let mut batch = Batch::new();
    let (origin, now) = (&command.origin, session.created);
    if let Some(ends) = ends {
        change(&mut batch, ends);
        log(
            &mut batch,
            origin,
            ends,
            "session ended",
            "another session was launched",
            now,
        );
    }
    let slot = batch.allocate(Table::Session);
    let id = IdRef::Slot(slot);
    batch.insert(keys::session(id), session);
    batch.put_guarded(keys::stretch(id, session.stretches), &session.latest);
    batch.point(
        keys::session_by_name(session.beamline, session.project, &session.name),
        id,
    );
    batch.point(keys::session_by_survey(&session.survey), id);
    batch.mark(keys::index(Table::SessionByProject, session.project, id));
    batch.mark(keys::index(Table::SessionByBeamline, session.beamline, id));
    newest_stretch(&mut batch, session.beamline, newest, revision, Some(id));
    let directory = session_directory(command);
    directory_key::give(
        &mut batch,
        (Subject::Session, id),
        session.project,
        &directory,
        opening,
        now,
    );
    let deed = Deed {
        subject: Subject::Session,
        record: Some(id),
        project: Some(session.project),
        action: "session launched",
        note: session.name.clone(),
    };
    activity::log(&mut batch, origin, deed, now);
    (batch, slot)
}

/// What a close changes. `revision` is the beamline's before it.
pub(super) fn close(
    beamline: BeamlineId,
    closed: &Closed,
    revision: Option<u64>,
    origin: &Origin,
    now: Timestamp,
) -> Batch {
    let mut batch = Batch::new();
    if let Some(ends) = &closed.ends {
        change(&mut batch, ends);
        log(&mut batch, origin, ends, "session closed", "", now);
    }
    match &closed.newest {
        Some(newest) => {
            let session = newest.session.get().map(IdRef::Known);
            newest_stretch(&mut batch, beamline, newest, revision, session);
        }
        None => unchanged(&mut batch, beamline, revision),
    }
    batch
}

/// That the project never launched a session of this name here, which is answered once this holds.
pub(super) fn never_launched(beamline: BeamlineId, command: &CloseSession) -> Batch {
    let mut batch = Batch::new();
    batch.require_absent(keys::session_by_name(beamline, command.project, &command.name));
    batch
}

fn change(batch: &mut Batch, change: &Change) {
    batch.replace(keys::session(change.id), change.revision, &change.session);
    batch.put_guarded(
        keys::stretch(change.id, change.session.stretches),
        &change.session.latest,
    );
}

/// What was answered rests on the beamline's state, though nothing changes.
fn unchanged(batch: &mut Batch, beamline: BeamlineId, revision: Option<u64>) {
    let key = keys::beamline_state(beamline);
    match revision {
        Some(revision) => batch.require_revision(key, revision),
        None => batch.require_absent(key),
    }
}

fn newest_stretch(
    batch: &mut Batch,
    beamline: BeamlineId,
    newest: &BeamlineState,
    revision: Option<u64>,
    session: Option<IdRef>,
) {
    let key = keys::beamline_state(beamline);
    let session = session.unwrap_or(IdRef::Known(0));
    match revision {
        Some(revision) => {
            batch.replace_naming(key, revision, newest, session);
        }
        None => batch.insert_naming(key, newest, session),
    }
}

fn log(batch: &mut Batch, origin: &Origin, change: &Change, action: &str, why: &str, now: Timestamp) {
    let separator = if why.is_empty() { "" } else { ": " };
    let deed = Deed {
        subject: Subject::Session,
        record: Some(change.id.into()),
        project: Some(change.session.project),
        action,
        note: format!("{}{separator}{why}", change.session.name),
    };
    activity::log(batch, origin, deed, now);
}
