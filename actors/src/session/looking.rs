//! What the store already holds of an upload. Runs on a pool: the reads may touch the disk.

use super::dataset::DatasetUpload;
use super::once::Once;
use super::report::{OwnDataset, ReportUpload};
use crate::secure_path;
use beamlive_storage::ids::{BeamlineId, DatasetId, IdRef, ProjectId, SessionId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{AnsweredRequest, Dataset, FeedbackCount, Record, Report, SecureKey};
use beamlive_storage::{ReadError, Store, Versioned};
use std::collections::HashSet;

/// What was found.
#[derive(Debug)]
pub(super) struct Found<R> {
    /// The record that the upload replaces.
    pub(super) old: Option<(u64, Versioned<R>)>,
    /// Whether the upload's uuid, name and directory lead to it already.
    pub(super) identified: bool,
    /// Whether the key that the record names opens nothing any more.
    pub(super) expired: bool,
    /// Why the id that the upload claims was not used.
    pub(super) remark: Option<String>,
    /// What was answered under the upload's `Idempotency-Key` before.
    pub(super) answered: Option<Versioned<AnsweredRequest>>,
}

impl<R> Found<R> {
    /// Nothing, for nobody looked.
    pub(super) fn nothing() -> Self {
        Self {
            old: None,
            identified: false,
            expired: false,
            remark: None,
            answered: None,
        }
    }
}

/// Finds the dataset that an upload replaces: the one with its uuid, name and directory, else the one of its id, if that is
/// the project's and has the same name and directory.
pub(super) fn dataset(
    store: &Store,
    project: ProjectId,
    upload: &DatasetUpload,
) -> Result<Found<Dataset>, ReadError> {
    let mut found = Found::nothing();
    if let Some(identity) = upload.identity() {
        let row = store.get_bytes(&keys::dataset_by_identity(project, &identity))?;
        if let Some((id, _)) = row.as_deref().and_then(keys::parse_identified) {
            found.identified = true;
            found.old = read(store, Table::Dataset, id.0)?;
        }
    }
    if let Some(claimed) = upload.id {
        let same = |id: u64| i64::try_from(id) == Ok(claimed);
        match &found.old {
            Some((id, _)) if same(*id) => {}
            Some((id, _)) => {
                found.remark = Some(format!(
                    "it was to update dataset {claimed}, but dataset {id} has its uuid, name and directory and was updated"
                ));
            }
            None => {
                found.old = by_id(store, claimed, Table::Dataset, |old| upload.is_of(project, old))?;
                if found.old.is_none() {
                    found.remark = Some(format!(
                        "it was to update dataset {claimed}, but the project has no dataset of that id with this name and directory: \
                         a new one was made"
                    ));
                }
            }
        }
    }
    found.expired = expired(store, found.old.as_ref().and_then(|(_, old)| old.record.key))?;
    found.answered = answered(store, project, upload.once.as_ref())?;
    Ok(found)
}

/// Under each claimed id, what is known of the project's own dataset.
pub(super) type Claims = Vec<(i64, Option<OwnDataset>)>;

/// Finds the report that an upload replaces, and which of the datasets that it is about are the project's. `beamlines` are
/// those where these may have been measured, the likeliest first.
pub(super) fn report(
    store: &Store,
    project: ProjectId,
    beamlines: &[BeamlineId],
    upload: &ReportUpload,
) -> Result<(Found<Report>, Claims), ReadError> {
    let mut found = Found::nothing();
    if let Some(claimed) = upload.id {
        found.old = by_id(store, claimed, Table::Report, |old| upload.is_of(project, old))?;
        if found.old.is_none() {
            found.remark = Some(format!(
                "it was to update report {claimed}, but the project has no report of that id with this directory: a new one was made"
            ));
        }
    }
    let mut claims = Vec::new();
    let mut seen = HashSet::new();
    for &claimed in upload.data_id.iter().filter(|claimed| seen.insert(**claimed)) {
        let own = match u64::try_from(claimed) {
            Ok(id) => own_dataset(store, project, beamlines, DatasetId(id))?,
            Err(_) => None,
        };
        claims.push((claimed, own));
    }
    found.expired = expired(store, found.old.as_ref().and_then(|(_, old)| old.record.key))?;
    found.answered = answered(store, project, upload.once.as_ref())?;
    Ok((found, claims))
}

/// Looks in the index rather than at the dataset, whose metadata may be large.
fn own_dataset(
    store: &Store,
    project: ProjectId,
    beamlines: &[BeamlineId],
    id: DatasetId,
) -> Result<Option<OwnDataset>, ReadError> {
    for beamline in beamlines {
        let session = store.get_id(&keys::dataset_by_project(*beamline, project, id))?;
        if let Some(session) = session {
            let session = (session != 0).then_some(SessionId(session));
            return Ok(Some(OwnDataset { session }));
        }
    }
    Ok(None)
}

fn answered(
    store: &Store,
    project: ProjectId,
    once: Option<&Once>,
) -> Result<Option<Versioned<AnsweredRequest>>, ReadError> {
    match once {
        Some(once) => store.get(&once.row(project)),
        None => Ok(None),
    }
}

/// How many answers a session's survey has, and the revision of that count.
pub(super) fn feedback_count(
    store: &Store,
    session: SessionId,
) -> Result<Option<Versioned<FeedbackCount>>, ReadError> {
    store.get(&keys::feedback_count(session))
}

fn by_id<R: Record>(
    store: &Store,
    claimed: i64,
    table: Table,
    is_meant: impl Fn(&R) -> bool,
) -> Result<Option<(u64, Versioned<R>)>, ReadError> {
    let Ok(id) = u64::try_from(claimed) else {
        return Ok(None);
    };
    let found = read(store, table, id)?;
    Ok(found.filter(|(_, old): &(_, Versioned<R>)| is_meant(&old.record)))
}

fn read<R: Record>(store: &Store, table: Table, id: u64) -> Result<Option<(u64, Versioned<R>)>, ReadError> {
    Ok(store
        .get::<R>(&keys::record(table, IdRef::Known(id)))?
        .map(|old| (id, old)))
}

fn expired(store: &Store, own: Option<SecureKey>) -> Result<bool, ReadError> {
    match own {
        Some(key) => Ok(!secure_path::is_live(store, &key)?),
        None => Ok(false),
    }
}
