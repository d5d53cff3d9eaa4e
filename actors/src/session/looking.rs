//! What the store already holds of an upload. Runs on a pool: the reads may touch the disk.

use super::dataset::DatasetUpload;
use super::once::Once;
use super::report::{OwnDataset, ReportUpload};
use crate::secure_path;
use beamlive_storage::engine::Order;
use beamlive_storage::ids::{DatasetId, IdRef, ProjectId, ReportId, SessionId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{
    AnsweredRequest, Dataset, PendingForward, Record, Report, SecureKey, Subject,
};
use beamlive_storage::{ReadError, Store, Versioned};
use std::collections::HashSet;

/// What was found.
#[derive(Debug)]
pub(super) struct Found<R> {
    /// Whether the store was asked at all.
    pub(super) looked: bool,
    /// The record that the upload replaces.
    pub(super) old: Option<(u64, Versioned<R>)>,
    /// Whether it was found by the upload's uuid, so that the index has that already.
    pub(super) by_uuid: bool,
    /// Whether that record has a key already.
    pub(super) has_key: bool,
    /// Its directory in the outbox.
    pub(super) pending: Option<Versioned<PendingForward>>,
    /// The key that opens the upload's directory.
    pub(super) live_key: Option<SecureKey>,
    /// What was answered under the upload's `Idempotency-Key` before.
    pub(super) answered: Option<Versioned<AnsweredRequest>>,
}

impl<R> Found<R> {
    /// Nothing, for nobody looked.
    pub(super) fn nothing() -> Self {
        Self {
            looked: false,
            old: None,
            by_uuid: false,
            has_key: false,
            pending: None,
            live_key: None,
            answered: None,
        }
    }
}

/// Finds the dataset that an upload replaces: the one of its uuid, or the one of its id, if it is the project's.
pub(super) fn dataset(
    store: &Store,
    project: ProjectId,
    upload: &DatasetUpload,
    built_in: bool,
) -> Result<Found<Dataset>, ReadError> {
    let by_uuid = match &upload.uuid {
        Some(uuid) => store.get_id(&keys::dataset_by_uuid(project, uuid))?,
        None => None,
    };
    let claimed = upload.id.and_then(|id| u64::try_from(id).ok());
    let old = match by_uuid.or(claimed) {
        Some(id) => own(store, id, keys::dataset(DatasetId(id)), |old: &Dataset| {
            old.project == project
        })?,
        None => None,
    };
    let mut found = found(store, project, Subject::Dataset, old, &upload.directory, built_in)?;
    found.by_uuid = by_uuid.is_some();
    found.answered = answered(store, project, upload.once.as_ref())?;
    Ok(found)
}

/// Under each claimed id, what is known of the project's own dataset.
pub(super) type Claims = Vec<(i64, Option<OwnDataset>)>;

/// Finds the report that an upload replaces, and which of the datasets that it is about are the project's.
pub(super) fn report(
    store: &Store,
    project: ProjectId,
    upload: &ReportUpload,
    built_in: bool,
) -> Result<(Found<Report>, Claims), ReadError> {
    let old = match upload.id.and_then(|id| u64::try_from(id).ok()) {
        Some(id) => own(store, id, keys::report(ReportId(id)), |old: &Report| {
            old.project == project
        })?,
        None => None,
    };
    let mut claims = Vec::new();
    let mut seen = HashSet::new();
    for &claimed in upload.data_id.iter().filter(|claimed| seen.insert(**claimed)) {
        let session = match u64::try_from(claimed) {
            Ok(id) => store.get_id(&keys::index(Table::DatasetByProject, project, DatasetId(id)))?,
            Err(_) => None,
        };
        let own = session.map(|session| OwnDataset {
            session: (session != 0).then_some(SessionId(session)),
        });
        claims.push((claimed, own));
    }
    let mut found = found(store, project, Subject::Report, old, &upload.directory, built_in)?;
    found.answered = answered(store, project, upload.once.as_ref())?;
    Ok((found, claims))
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

/// How many answers a session's survey has, counted up to `limit`.
pub(super) fn feedback_count(store: &Store, session: SessionId, limit: usize) -> Result<usize, ReadError> {
    let (start, end) = keys::below(&Key::of(Table::Feedback).id(session), None);
    let mut count = 0;
    for key in store.scan_keys(&start, &end, Order::Ascending).take(limit) {
        key?;
        count += 1;
    }
    Ok(count)
}

fn own<R: Record>(
    store: &Store,
    id: u64,
    key: Key,
    is_own: impl Fn(&R) -> bool,
) -> Result<Option<(u64, Versioned<R>)>, ReadError> {
    let old = store.get::<R>(&key)?.filter(|old| is_own(&old.record));
    Ok(old.map(|old| (id, old)))
}

fn found<R>(
    store: &Store,
    project: ProjectId,
    subject: Subject,
    old: Option<(u64, Versioned<R>)>,
    directory: &str,
    built_in: bool,
) -> Result<Found<R>, ReadError> {
    let live_key = if built_in {
        secure_path::live_key(store, Some(project), directory)?
    } else {
        None
    };
    let (mut has_key, mut pending) = (false, None);
    if let Some((id, _)) = &old {
        has_key = secure_path::of_record(store, subject, *id)?.is_some();
        pending = store.get(&keys::outbox(subject, IdRef::Known(*id)))?;
    }
    Ok(Found {
        looked: true,
        old,
        by_uuid: false,
        has_key,
        pending,
        live_key,
        answered: None,
    })
}
