//! Datasets and reports.

use super::error::WriteError;
use super::stored::{attach, set, Stored};
use super::written::Written;
use crate::records::Opens;
use beamlive_storage::ids::{DatasetId, IdRef};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{identity, Dataset, Report, Subject};
use beamlive_storage::{Batch, Store};

/// Puts a dataset.
pub(super) fn dataset(
    store: &Store,
    batch: &mut Batch,
    id: u64,
    record: &Dataset,
    (key, older): (&Opens, &[String]),
) -> Result<Written, WriteError> {
    let (row, known) = (keys::dataset(IdRef::Known(id)), IdRef::Known(id));
    let stored = Stored::<Dataset>::read(store, &row)?;
    let (done, own) = match stored {
        Stored::Nothing => {
            batch.insert(row, record);
            (Written::New, record.key)
        }
        Stored::Record(old, revision) => {
            if (old.project, old.created) != (record.project, record.created) {
                return Err(WriteError::Taken {
                    what: format!("dataset {id}"),
                });
            }
            let own = old.key;
            let record = Dataset {
                key: old.key,
                address: old.address,
                ..record.clone()
            };
            if old.modified > record.modified || old == record {
                attach(store, batch, (Subject::Dataset, id), own, key)?;
                return Ok(Written::Same);
            }
            batch.replace(row, revision, &record);
            clear_dataset(batch, id, &old);
            (Written::Changed, own)
        }
    };
    let session = IdRef::Known(record.session.map_or(0, |session| session.0));
    batch.point(
        keys::dataset_by_project(record.beamline, record.project, known),
        session,
    );
    if record.session.is_some() {
        batch.mark(keys::index(Table::DatasetBySession, session, known));
    }
    if let Some(identity) = record.identity() {
        let entry = keys::dataset_by_identity(record.project, &identity);
        let other = store.get_bytes(&entry)?;
        let other = other.as_deref().and_then(keys::parse_identified);
        if let Some((other, _)) = other.filter(|(other, _)| other.0 != id) {
            let what = format!("dataset, {other}, with the uuid, name and directory of dataset {id}");
            return Err(WriteError::Taken { what });
        }
        batch.set(entry, &keys::identified(DatasetId(id), None));
    }
    for uuid in older {
        let digest = identity(uuid, &record.name, &record.directory_digest);
        let entry = keys::dataset_by_identity(record.project, &digest);
        if store.get_bytes(&entry)?.is_none() {
            batch.set(entry, &keys::identified(DatasetId(id), Some(uuid)));
        }
    }
    attach(store, batch, (Subject::Dataset, id), own, key)?;
    Ok(done)
}

/// Removes the index entries of a dataset that is replaced.
fn clear_dataset(batch: &mut Batch, id: u64, old: &Dataset) {
    let known = IdRef::Known(id);
    batch.clear(keys::dataset_by_project(old.beamline, old.project, known));
    if let Some(session) = old.session {
        batch.clear(keys::index(Table::DatasetBySession, session, known));
    }
    if let Some(identity) = old.identity() {
        batch.clear(keys::dataset_by_identity(old.project, &identity));
    }
}

/// Puts a report.
pub(super) fn report(
    store: &Store,
    batch: &mut Batch,
    id: u64,
    record: &Report,
    key: &Opens,
) -> Result<Written, WriteError> {
    let (row, known) = (keys::report(IdRef::Known(id)), IdRef::Known(id));
    let (done, own) = match Stored::<Report>::read(store, &row)? {
        Stored::Nothing => {
            batch.insert(row, record);
            (Written::New, record.key)
        }
        Stored::Record(old, revision) => {
            if (old.project, old.created) != (record.project, record.created) {
                return Err(WriteError::Taken {
                    what: format!("report {id}"),
                });
            }
            let own = old.key;
            let record = Report {
                key: old.key,
                address: old.address,
                ..record.clone()
            };
            if old.modified > record.modified || old == record {
                attach(store, batch, (Subject::Report, id), own, key)?;
                return Ok(Written::Same);
            }
            batch.replace(row, revision, &record);
            for session in &old.sessions {
                batch.clear(keys::index(Table::ReportBySession, *session, known));
            }
            (Written::Changed, own)
        }
    };
    set(
        store,
        batch,
        keys::index(Table::ReportByProject, record.project, known),
        &[],
    )?;
    for session in &record.sessions {
        batch.mark(keys::index(Table::ReportBySession, *session, known));
    }
    attach(store, batch, (Subject::Report, id), own, key)?;
    Ok(done)
}
