//! The batches of uploads: record, indexes, directory and what is to be noted, all or nothing.

use super::looking::Found;
use super::{Attribution, RecordDataset, RecordFeedback, RecordReport};
use crate::activity::{self, Deed, Origin};
use crate::directory_key::{self, Opening};
use beamlive_storage::ids::{DatasetId, IdRef, ProjectId, SessionId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{Dataset, FeedbackCount, Report, Subject};
use beamlive_storage::{Batch, Timestamp, Versioned};

pub(super) fn dataset(
    command: &RecordDataset,
    mut record: Dataset,
    mut remarks: Vec<String>,
    found: &Found<Dataset>,
    keys: Opening,
    now: Timestamp,
) -> (Batch, IdRef) {
    let mut batch = Batch::new();
    let project = record.project;
    attributed(&mut batch, &command.attribution);
    let opening = opening(found, keys);
    record.key = opening.map_or(record.key, Opening::key);
    let (id, action) = match &found.old {
        Some((id, old)) => {
            batch.replace(keys::dataset(IdRef::Known(*id)), old.revision, &record);
            (IdRef::Known(*id), "dataset updated")
        }
        None => {
            let id = IdRef::Slot(batch.allocate(Table::Dataset));
            batch.insert(keys::dataset(id), &record);
            let session = IdRef::Known(record.session.map_or(0, |session| session.0));
            batch.point(keys::dataset_by_project(record.beamline, project, id), session);
            if let Some(session) = record.session {
                batch.mark(keys::index(Table::DatasetBySession, session, id));
            }
            (id, "dataset uploaded")
        }
    };
    identify(&mut batch, id, &record, found);
    if let Some(once) = &command.upload.once {
        once.keep(
            &mut batch,
            project,
            (Subject::Dataset, id),
            found.answered.as_ref(),
            now,
        );
    }
    if let Some(opening) = opening {
        let directory = &command.upload.directory;
        directory_key::give(
            &mut batch,
            (Subject::Dataset, id),
            project,
            directory,
            opening,
            now,
        );
    }
    remarks.extend(found.remark.clone());
    note(
        &mut batch,
        &command.origin,
        (Subject::Dataset, id),
        project,
        action,
        &record.name,
        remarks,
        now,
    );
    (batch, id)
}

/// A retry will find the dataset by what it repeats. A uuid that the dataset had before stays, and leads to it as well.
fn identify(batch: &mut Batch, id: IdRef, record: &Dataset, found: &Found<Dataset>) {
    let Some(identity) = record.identity() else {
        return;
    };
    let old = found.old.as_ref().map(|(id, old)| (DatasetId(*id), &old.record));
    let before = old.and_then(|(id, old)| Some((id, old.uuid.as_deref()?, old.identity()?)));
    if before.is_some_and(|(_, _, before)| before == identity) {
        return;
    }
    let row = keys::dataset_by_identity(record.project, &identity);
    if !found.identified {
        batch.require_absent(row.clone());
    }
    batch.point(row, id);
    if let Some((id, uuid, before)) = before {
        let row = keys::dataset_by_identity(record.project, &before);
        batch.set(row, &keys::identified(id, Some(uuid)));
    }
}

pub(super) fn report(
    command: &RecordReport,
    mut record: Report,
    mut remarks: Vec<String>,
    found: &Found<Report>,
    keys: Opening,
    now: Timestamp,
) -> (Batch, IdRef) {
    let mut batch = Batch::new();
    let project = record.project;
    attributed(&mut batch, &command.attribution);
    let opening = opening(found, keys);
    record.key = opening.map_or(record.key, Opening::key);
    let (id, action) = match &found.old {
        Some((id, old)) => {
            let id = IdRef::Known(*id);
            batch.replace(keys::report(id), old.revision, &record);
            let gone = |session: &&SessionId| !record.sessions.contains(session);
            for session in old.record.sessions.iter().filter(gone) {
                batch.clear(keys::index(Table::ReportBySession, *session, id));
            }
            (id, "report updated")
        }
        None => {
            let id = IdRef::Slot(batch.allocate(Table::Report));
            batch.insert(keys::report(id), &record);
            batch.mark(keys::index(Table::ReportByProject, project, id));
            (id, "report uploaded")
        }
    };
    for session in &record.sessions {
        batch.mark(keys::index(Table::ReportBySession, *session, id));
    }
    if let Some(once) = &command.upload.once {
        once.keep(
            &mut batch,
            project,
            (Subject::Report, id),
            found.answered.as_ref(),
            now,
        );
    }
    if let Some(opening) = opening {
        let directory = &command.upload.directory;
        directory_key::give(
            &mut batch,
            (Subject::Report, id),
            project,
            directory,
            opening,
            now,
        );
    }
    remarks.extend(found.remark.clone());
    note(
        &mut batch,
        &command.origin,
        (Subject::Report, id),
        project,
        action,
        &record.name,
        remarks,
        now,
    );
    (batch, id)
}

/// How the record comes to a key, if it has none: a new record, or one whose key has expired. A directory never changes.
fn opening<R>(found: &Found<R>, keys: Opening) -> Option<Opening> {
    match (&found.old, keys) {
        (None, opening) => Some(opening),
        (Some(_), Opening::New(_)) if found.expired => Some(keys),
        (Some(_), _) => None,
    }
}

/// An answer to the survey of `session`; `count` is how many it has.
pub(super) fn feedback(command: &RecordFeedback, count: Option<&Versioned<FeedbackCount>>) -> Batch {
    let mut batch = Batch::new();
    let row = keys::feedback_count(command.session);
    match count {
        Some(count) => {
            let answers = count.record.answers.saturating_add(1);
            batch.replace(row, count.revision, &FeedbackCount { answers });
        }
        None => batch.insert(row, &FeedbackCount { answers: 1 }),
    }
    let id = batch.allocate(Table::Feedback);
    batch.insert(keys::feedback(command.session, id), &command.feedback);
    let deed = Deed {
        subject: Subject::Feedback,
        record: Some(id.into()),
        project: Some(command.place.project),
        action: "feedback",
        note: format!("on session {}", command.session),
    };
    activity::log(&mut batch, &command.origin, deed, command.feedback.created);
    batch
}

/// The beamline must still be as its actor saw it when it said where the upload belongs.
fn attributed(batch: &mut Batch, attribution: &Attribution) {
    let state = keys::beamline_state(attribution.place.beamline);
    match attribution.revision {
        Some(revision) => batch.require_revision(state, revision),
        None => batch.require_absent(state),
    }
}

/// What is to be said of an upload. One without remarks is told by its record: who, when, from where.
#[expect(
    clippy::too_many_arguments,
    reason = "each is a different thing, and there are two callers"
)]
fn note(
    batch: &mut Batch,
    origin: &Origin,
    (subject, record): (Subject, IdRef),
    project: ProjectId,
    action: &str,
    name: &str,
    remarks: Vec<String>,
    now: Timestamp,
) {
    /// Remarks beyond this many are counted, not told.
    const TOLD: usize = 20;
    if remarks.is_empty() {
        return;
    }
    let mut note = name.to_owned();
    for remark in remarks.iter().take(TOLD) {
        tracing::warn!(who = origin.who, ?subject, name, "{remark}");
        note.push_str("; ");
        note.push_str(remark);
    }
    if remarks.len() > TOLD {
        note.push_str(&format!("; and {} more", remarks.len() - TOLD));
    }
    let deed = Deed {
        subject,
        record: Some(record),
        project: Some(project),
        action,
        note,
    };
    activity::log(batch, origin, deed, now);
}
