//! The batches of launch and close.

use super::commands::{CloseSession, LaunchSession};
use super::state::{Change, Closed, Launch, Launched};
use crate::activity::{self, ActivityEntry, Origin};
use crate::directory_key::{self, DirectoryKey};
use beamlive_storage::ids::{BeamlineId, IdRef, Slot};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{BeamlineState, SecureKey, Session, Stretch, Subject};
use beamlive_storage::{Batch, Timestamp};

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

/// A launch of a known session. `revision` is the one of the beamline's state before it.
pub(super) fn launch(
    beamline: BeamlineId,
    launched: &Launched,
    revision: Option<u64>,
    origin: &Origin,
    now: Timestamp,
) -> Batch {
    let mut batch = Batch::new();
    end_other(&mut batch, launched.ends.as_ref(), origin, now);
    match &launched.launch {
        Launch::Reopens(reopened) => {
            let note = ": its last stretch goes on";
            write(&mut batch, reopened, origin, "session continued", note, now);
        }
        Launch::Joins(joined) => {
            let note = ": a new stretch begins";
            write(&mut batch, joined, origin, "session joined", note, now);
        }
        Launch::Continues(_) | Launch::Creates(_) => {}
    }
    write_state(&mut batch, beamline, launched.newest.as_ref(), revision);
    batch
}

/// A new session; the slot says which id it got.
pub(super) fn create(
    command: &LaunchSession,
    session: &Session,
    newest: &BeamlineState,
    ends: Option<&Change>,
    revision: Option<u64>,
    key: DirectoryKey,
) -> (Batch, Slot) {
    let mut batch = Batch::new();
    let (origin, now) = (&command.origin, session.created);
    end_other(&mut batch, ends, origin, now);
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
    replace_state(&mut batch, session.beamline, newest, revision, id);
    let directory = format!("{}/{}", command.username, command.name);
    let subject = (Subject::Session, id);
    directory_key::assign(&mut batch, subject, session.project, &directory, key, now);
    let entry = ActivityEntry {
        subject: Subject::Session,
        record: Some(id),
        project: Some(session.project),
        action: "session launched",
        note: session.name.clone(),
    };
    activity::log(&mut batch, origin, entry, now);
    (batch, slot)
}

/// A close. `revision` is the one of the beamline's state before it.
pub(super) fn close(
    beamline: BeamlineId,
    closed: &Closed,
    revision: Option<u64>,
    origin: &Origin,
    now: Timestamp,
) -> Batch {
    let mut batch = Batch::new();
    if let Some(ends) = &closed.ends {
        write(&mut batch, ends, origin, "session closed", "", now);
    }
    write_state(&mut batch, beamline, closed.newest.as_ref(), revision);
    batch
}

/// Requires that the project never launched a session of this name here. Another node may have done
/// so since the rules looked it up.
pub(super) fn never_launched(beamline: BeamlineId, command: &CloseSession) -> Batch {
    let mut batch = Batch::new();
    batch.require_absent(keys::session_by_name(beamline, command.project, &command.name));
    batch
}

/// Requires that the beamline's state still has this revision; none: that it has no state.
pub(crate) fn require_state(batch: &mut Batch, beamline: BeamlineId, revision: Option<u64>) {
    let key = keys::beamline_state(beamline);
    match revision {
        Some(revision) => batch.require_revision(key, revision),
        None => batch.require_absent(key),
    }
}

/// Ends the stretch of another session.
fn end_other(batch: &mut Batch, ends: Option<&Change>, origin: &Origin, now: Timestamp) {
    if let Some(ends) = ends {
        let note = ": another session was launched";
        write(batch, ends, origin, "session ended", note, now);
    }
}

/// Writes a changed session and its stretch, and logs the change; `note` is added to the session's
/// name.
fn write(batch: &mut Batch, change: &Change, origin: &Origin, action: &str, note: &str, now: Timestamp) {
    let session = &change.session;
    batch.replace(keys::session(change.id), change.revision, session);
    batch.put_guarded(keys::stretch(change.id, session.stretches), &session.latest);
    let entry = ActivityEntry {
        subject: Subject::Session,
        record: Some(change.id.into()),
        project: Some(session.project),
        action,
        note: format!("{}{note}", session.name),
    };
    activity::log(batch, origin, entry, now);
}

/// Writes the beamline's newest stretch if it has changed. The answer depends on it in any case.
fn write_state(
    batch: &mut Batch,
    beamline: BeamlineId,
    newest: Option<&BeamlineState>,
    revision: Option<u64>,
) {
    match newest {
        Some(newest) => {
            let session = IdRef::Known(newest.session.get().unwrap_or(0));
            replace_state(batch, beamline, newest, revision, session);
        }
        None => require_state(batch, beamline, revision),
    }
}

fn replace_state(
    batch: &mut Batch,
    beamline: BeamlineId,
    newest: &BeamlineState,
    revision: Option<u64>,
    session: IdRef,
) {
    let key = keys::beamline_state(beamline);
    match revision {
        Some(revision) => {
            batch.replace_naming(key, revision, newest, session);
        }
        None => batch.insert_naming(key, newest, session),
    }
}
