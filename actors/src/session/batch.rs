//! The batches of uploads: record, indexes, secure key and activity log, all or nothing.

use super::commands::{AddFeedback, AttributedUpload};
use super::upload::{Context, Found, Upload};
use crate::activity::{self, ActivityEntry, Origin};
use crate::beamline::batch::require_state;
use crate::directory_key::{self, DirectoryKey};
use crate::facility::catalog::Catalog;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{FeedbackCount, Subject};
use beamlive_storage::{Batch, Timestamp, Versioned};

/// Remarks on one upload that the activity log holds; further ones are counted.
const MAX_REMARKS: usize = 20;

/// Writes an upload as a new record, or in place of the one that was found. `new_key` is how a new
/// record gets its secure key.
pub(super) fn upload<U: Upload>(
    command: &AttributedUpload<U>,
    found: &Found<U::Record>,
    catalog: &Catalog,
    new_key: DirectoryKey,
    now: Timestamp,
) -> (Batch, IdRef) {
    let AttributedUpload { command, attribution } = command;
    let (place, common) = (attribution.place, command.upload.common());
    // A directory never changes, so an old record gets another key only when its own has expired.
    let new_key = match &found.old {
        Some(_) if !found.expired || new_key == DirectoryKey::Outbox => None,
        _ => Some(new_key),
    };
    let context = Context {
        place,
        catalog,
        address: command.origin.address,
        key: new_key.map_or_else(|| found.old_record().and_then(U::key), DirectoryKey::key),
        now,
    };
    let (record, mut remarks) = command.upload.to_record(&context, found);

    let mut batch = Batch::new();
    require_state(&mut batch, place.beamline, attribution.revision);
    let (id, action) = match &found.old {
        Some((id, old)) => {
            let id = IdRef::Known(*id);
            batch.replace(keys::record(U::TABLE, id), old.revision, &record);
            (id, "updated")
        }
        None => {
            let id = IdRef::Slot(batch.allocate(U::TABLE));
            batch.insert(keys::record(U::TABLE, id), &record);
            (id, "uploaded")
        }
    };
    U::update_indexes(&mut batch, id, &record, found);
    let subject = (U::SUBJECT, id);
    if let Some(key) = &command.idempotency_key {
        key.remember(&mut batch, place.project, subject, found.answered.as_ref(), now);
    }
    if let Some(key) = new_key {
        directory_key::assign(&mut batch, subject, place.project, &common.directory, key, now);
    }
    remarks.extend(found.remark.clone());
    if !remarks.is_empty() {
        let entry = ActivityEntry {
            subject: U::SUBJECT,
            record: Some(id),
            project: Some(place.project),
            action: &format!("{} {action}", U::NAME),
            note: note(&command.origin, U::SUBJECT, &common.name, &remarks),
        };
        activity::log(&mut batch, &command.origin, entry, now);
    }
    (batch, id)
}

/// An answer to a survey; `count` is how many its session has.
pub(super) fn feedback(command: &AddFeedback, count: Option<&Versioned<FeedbackCount>>) -> Batch {
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
    let entry = ActivityEntry {
        subject: Subject::Feedback,
        record: Some(id.into()),
        project: Some(command.project),
        action: "feedback",
        note: format!("on session {}", command.session),
    };
    activity::log(&mut batch, &command.origin, entry, command.feedback.created);
    batch
}

/// The text of an upload's activity entry. Uploads without remarks have none: their records say
/// who, when and where.
fn note(origin: &Origin, subject: Subject, name: &str, remarks: &[String]) -> String {
    let mut note = name.to_owned();
    for remark in remarks.iter().take(MAX_REMARKS) {
        tracing::warn!(who = origin.who, ?subject, name, "{remark}");
        note.push_str("; ");
        note.push_str(remark);
    }
    if remarks.len() > MAX_REMARKS {
        note.push_str(&format!("; and {} more", remarks.len() - MAX_REMARKS));
    }
    note
}
