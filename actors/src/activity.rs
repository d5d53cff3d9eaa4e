//! The activity log: who did what, when, from which address, to which record. Each entry is written
//! in the batch of the change.

use beamlive_storage::ids::{IdRef, ProjectId, RawId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{Activity, Subject};
use beamlive_storage::{Batch, Timestamp};
use std::net::IpAddr;

/// Who sent a request, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// A username, `operator`, `survey`, or the name of an access list.
    pub who: String,
    /// The caller's address, if known.
    pub address: Option<IpAddr>,
}

/// What was done to which record.
#[derive(Debug, Clone)]
pub struct ActivityEntry<'a> {
    /// The kind of the record.
    pub subject: Subject,
    /// The record; the same batch may create it.
    pub record: Option<IdRef>,
    /// The project it concerns.
    pub project: Option<ProjectId>,
    /// What was done, in a few words.
    pub action: &'a str,
    /// Details for people.
    pub note: String,
}

/// Adds one entry to the log.
pub fn log(batch: &mut Batch, origin: &Origin, entry: ActivityEntry<'_>, now: Timestamp) {
    let id = batch.allocate(Table::Activity);
    let record = Activity {
        record: RawId::NONE,
        subject: entry.subject,
        project: entry.project,
        who: origin.who.clone(),
        address: origin.address,
        action: entry.action.to_owned(),
        note: entry.note,
        time: now,
    };
    batch.insert_naming(
        keys::activity(id),
        &record,
        entry.record.unwrap_or(IdRef::Known(0)),
    );
    for (table, owner) in keys::activity_indexes(entry.subject, entry.record, entry.project) {
        batch.mark(keys::index(table, owner, id));
    }
}
