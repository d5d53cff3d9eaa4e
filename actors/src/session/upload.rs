//! What datasets and reports have in common, and a trait for what differs.

use crate::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, IdRef, ProjectId, SessionId};
use beamlive_storage::keys::{Key, Table};
use beamlive_storage::records::{AnsweredRequest, Record, SecureKey, Subject};
use beamlive_storage::{Batch, Timestamp, Versioned};
use std::fmt;
use std::net::IpAddr;

/// A dataset or a report as a client uploads it, checked.
pub trait Upload: fmt::Debug + Clone + Send + Sync + 'static {
    /// The record that is made from it.
    type Record: Record + fmt::Debug + Send + 'static;
    /// Where these records are.
    const TABLE: Table;
    /// Their kind in the activity log.
    const SUBJECT: Subject;
    /// Their kind in messages.
    const NAME: &'static str;
    /// What an upload must share with the record whose id it names, for messages.
    const MATCHED_BY: &'static str;

    /// The fields that all uploads have.
    fn common(&self) -> &CommonFields;

    /// Whether the upload may replace `record`, whose id it names. Users' files keep ids for years,
    /// also ids of other servers.
    fn matches(&self, project: ProjectId, record: &Self::Record) -> bool;

    /// The secure key of the record's directory.
    fn key(record: &Self::Record) -> Option<SecureKey>;

    /// The index row that finds the record of an earlier upload with the same content.
    fn identity_row(&self, _project: ProjectId) -> Option<Key> {
        None
    }

    /// Ids of datasets that have to be looked up, as the client names them.
    fn dataset_ids(&self) -> &[i64] {
        &[]
    }

    /// The record of this upload, with remarks for the activity log.
    fn to_record(&self, context: &Context<'_>, found: &Found<Self::Record>) -> (Self::Record, Vec<String>);

    /// Updates the indexes of `record`.
    fn update_indexes(batch: &mut Batch, id: IdRef, record: &Self::Record, found: &Found<Self::Record>);
}

/// The fields that all uploads have.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonFields {
    /// The directory of the files; the Data Proxy gives it a secure key.
    pub directory: String,
    /// Name or title.
    pub name: String,
    /// Acronym of a known data type, or kind of analysis.
    pub kind: String,
    /// The record to update, as the client names it.
    pub id: Option<i64>,
    /// What was left out when the body was read, for the activity log.
    pub notes: Vec<String>,
}

/// Where an upload belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The project that uploads it.
    pub project: ProjectId,
    /// The beamline it was measured at.
    pub beamline: BeamlineId,
    /// The project's open session there.
    pub session: Option<SessionId>,
}

/// What a record is made from besides the upload.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Where the upload belongs.
    pub place: Place,
    /// The facility's declared records.
    pub catalog: &'a Catalog,
    /// The address that the upload came from.
    pub address: Option<IpAddr>,
    /// The secure key of the record's directory, if it is known already.
    pub key: Option<SecureKey>,
    /// The time.
    pub now: Timestamp,
}

/// A record in the store, with its id.
pub type Stored<R> = (u64, Versioned<R>);

/// What the store holds for an upload. The default is that it holds nothing.
#[derive(Debug)]
pub struct Found<R> {
    /// The record that the upload replaces.
    pub old: Option<Stored<R>>,
    /// Whether the upload's [`Upload::identity_row`] exists.
    pub identified: bool,
    /// Whether the secure key of the old record has expired.
    pub expired: bool,
    /// Why the id that the upload names was not used.
    pub remark: Option<String>,
    /// What was answered to an earlier request with the same `Idempotency-Key`.
    pub answered: Option<Versioned<AnsweredRequest>>,
    /// Each id of [`Upload::dataset_ids`] once, with the project's own dataset of that id.
    pub datasets: Vec<(i64, Option<OwnDataset>)>,
}

impl<R> Default for Found<R> {
    fn default() -> Self {
        Self {
            old: None,
            identified: false,
            expired: false,
            remark: None,
            answered: None,
            datasets: Vec::new(),
        }
    }
}

impl<R> Found<R> {
    /// The record that the upload replaces.
    #[must_use]
    pub fn old_record(&self) -> Option<&R> {
        self.old.as_ref().map(|(_, old)| &old.record)
    }
}

/// A dataset of the same project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnDataset {
    /// The session it belongs to.
    pub session: Option<SessionId>,
}
