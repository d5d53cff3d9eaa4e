//! The batches of uploads: record, indexes, directory and activity, all or nothing.

use super::looking::Found;
use super::{Attribution, RecordDataset, RecordReport};
use crate::activity::{self, Deed, Origin};
use crate::directory_key::{self, Opening};
use beamlive_storage::ids::{IdRef, ProjectId, SessionId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{Dataset, Report, Subject};
use beamlive_storage::{Batch, Timestamp};

pub(super) fn dataset(
    command: &RecordDataset,
    record: Dataset,
    mut remarks: Vec<String>,
    found: &Found<Dataset>,
    opening: Opening,
    now: Timestamp,
) -> (Batch, IdRef) {
    let mut batch = Batch::new();
    let project = record.project;
    attributed(&mut batch, &command.attribution);
    let (id, action) = match &found.old {
        Some((id, old)) => {
            batch.replace(keys::dataset(IdRef::Known(*id)), old.revision, &record);
            (IdRef::Known(*id), "dataset updated")
        }
        None => {
            let id = IdRef::Slot(batch.allocate(Table::Dataset));
            batch.insert(keys::dataset(id), &record);
            let session = IdRef::Known(record.session.map_or(0, |session| session.0));
            batch.point(keys::index(Table::DatasetByProject, project, id), session);
            batch.mark(keys::index(Table::DatasetByBeamline, record.beamline, id));
            if let Some(session) = record.session {
                batch.mark(keys::index(Table::DatasetBySession, session, id));
            }
            if let Some(claimed) = command.upload.id {
                remarks.push(format!(
                    "it was to update dataset {claimed}, which is not this project's"
                ));
            }
            (id, "dataset uploaded")
        }
    };
    let old_uuid = found.old.as_ref().and_then(|(_, old)| old.record.uuid.as_ref());
    // An older uuid of the dataset stays in the index, and leads to it as well.
    let new_uuid = record
        .uuid
        .as_ref()
        .filter(|uuid| !found.by_uuid && old_uuid != Some(*uuid));
    if let Some(uuid) = new_uuid {
        let by_uuid = keys::dataset_by_uuid(project, uuid);
        batch.require_absent(by_uuid.clone());
        batch.point(by_uuid, id);
    }
    if let Some(once) = &command.upload.once {
        once.keep(
            &mut batch,
            project,
            (Subject::Dataset, id),
            found.answered.as_ref(),
            now,
        );
    }
    let moved = found
        .old
        .as_ref()
        .is_some_and(|(_, old)| old.record.directory_digest != record.directory_digest);
    directory(
        &mut batch,
        (Subject::Dataset, id),
        project,
        &command.upload.directory,
        moved,
        found,
        opening,
        now,
    );
    log(
        &mut batch,
        &command.origin,
        Subject::Dataset,
        id,
        project,
        action,
        &record.name,
        remarks,
        now,
    );
    (batch, id)
}

pub(super) fn report(
    command: &RecordReport,
    record: Report,
    mut remarks: Vec<String>,
    found: &Found<Report>,
    opening: Opening,
    now: Timestamp,
) -> (Batch, IdRef) {
    let mut batch = Batch::new();
    let project = record.project;
    attributed(&mut batch, &command.attribution);
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
            if let Some(claimed) = command.upload.id {
                remarks.push(format!(
                    "it was to update report {claimed}, which is not this project's"
                ));
            }
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
    let moved = found
        .old
        .as_ref()
        .is_some_and(|(_, old)| old.record.directory_digest != record.directory_digest);
    directory(
        &mut batch,
        (Subject::Report, id),
        project,
        &command.upload.directory,
        moved,
        found,
        opening,
        now,
    );
    log(
        &mut batch,
        &command.origin,
        Subject::Report,
        id,
        project,
        action,
        &record.name,
        remarks,
        now,
    );
    (batch, id)
}

/// The beamline must still be as its actor saw it when it said where the upload belongs.
fn attributed(batch: &mut Batch, attribution: &Attribution) {
    let state = keys::beamline_state(attribution.place.beamline);
    match attribution.revision {
        Some(revision) => batch.require_revision(state, revision),
        None => batch.require_absent(state),
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is a different thing, and there are two callers"
)]
fn directory<R>(
    batch: &mut Batch,
    (subject, id): (Subject, IdRef),
    project: ProjectId,
    directory: &str,
    moved: bool,
    found: &Found<R>,
    opening: Opening,
    now: Timestamp,
) {
    let settled = found.old.is_some() && !moved && (found.has_key || found.pending.is_some());
    if settled {
        return;
    }
    if moved && found.has_key && opening == Opening::Outbox {
        // It is the old directory's: better none until the Data Proxy has answered.
        batch.clear(keys::secure_key(subject, id));
    }
    directory_key::give(
        batch,
        (subject, id),
        project,
        directory,
        found.pending.as_ref(),
        opening,
        now,
    );
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is a different thing, and there are two callers"
)]
fn log(
    batch: &mut Batch,
    origin: &Origin,
    subject: Subject,
    record: IdRef,
    project: ProjectId,
    action: &str,
    name: &str,
    remarks: Vec<String>,
    now: Timestamp,
) {
    /// Remarks beyond this many are counted, not told.
    const TOLD: usize = 20;
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
