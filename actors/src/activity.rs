//! The activity log: who did what, when, from which address, to which record. Written in the batch of the deed.

use beamlive_storage::ids::{IdRef, ProjectId, RawId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{Activity, Subject};
use beamlive_storage::{Batch, Timestamp};
use std::net::IpAddr;

/// Who asked for something, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// A username, `operator`, `survey`, or the name of an access list.
    pub who: String,
    /// The caller's address, when there was one.
    pub address: Option<IpAddr>,
}

/// What was done to which record.
#[derive(Debug, Clone)]
pub struct Deed<'a> {
    /// What kind of record it was done to.
    pub subject: Subject,
    /// The record; may be one that the same batch creates.
    pub record: Option<IdRef>,
    /// The project it concerns.
    pub project: Option<ProjectId>,
    /// What was done, in a word or two.
    pub action: &'a str,
    /// What a person should know of it.
    pub note: String,
}

/// Adds one entry to the log.
pub fn log(batch: &mut Batch, origin: &Origin, deed: Deed<'_>, now: Timestamp) {
    let id = batch.allocate(Table::Activity);
    let entry = Activity {
        record: RawId::NONE,
        subject: deed.subject,
        project: deed.project,
        who: origin.who.clone(),
        address: origin.address,
        action: deed.action.to_owned(),
        note: deed.note,
        time: now,
    };
    batch.insert_naming(keys::activity(id), &entry, deed.record.unwrap_or(IdRef::Known(0)));
    if let Some(project) = deed.project {
        batch.mark(keys::index(Table::ActivityByProject, project, id));
    }
}
