//! Datasets and reports.

use super::error::WriteError;
use super::stored::{attach, set, Stored, Written};
use crate::records::Opens;
use beamlive_storage::ids::{DatasetId, IdRef, ProjectId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{identity, Dataset, Record, Report, SecureKey, Subject};
use beamlive_storage::{Batch, Key, Store, Timestamp};

/// A record that a beamline uploads.
trait Upload: Record + Clone + PartialEq {
    const SUBJECT: Subject;
    const NOUN: &'static str;

    /// What never changes: its project, and when it was created.
    fn origin(&self) -> (ProjectId, Timestamp);
    fn modified(&self) -> Timestamp;
    fn key(&self) -> Option<SecureKey>;
    /// The record with the key and the address of the one that it replaces.
    fn replacing(&self, old: &Self) -> Self;
    /// Its row.
    fn row(id: IdRef) -> Key;
    /// Removes its index entries, when it is replaced.
    fn clear(&self, batch: &mut Batch, id: u64);
}

impl Upload for Dataset {
    const SUBJECT: Subject = Subject::Dataset;
    const NOUN: &'static str = "dataset";

    fn origin(&self) -> (ProjectId, Timestamp) {
        (self.project, self.created)
    }

    fn modified(&self) -> Timestamp {
        self.modified
    }

    fn key(&self) -> Option<SecureKey> {
        self.key
    }

    fn replacing(&self, old: &Self) -> Self {
        Self {
            key: old.key,
            address: old.address,
            ..self.clone()
        }
    }

    fn row(id: IdRef) -> Key {
        keys::dataset(id)
    }

    fn clear(&self, batch: &mut Batch, id: u64) {
        let known = IdRef::Known(id);
        batch.clear(keys::dataset_by_project(self.beamline, self.project, known));
        if let Some(session) = self.session {
            batch.clear(keys::index(Table::DatasetBySession, session, known));
        }
        if let Some(identity) = self.identity() {
            batch.clear(keys::dataset_by_identity(self.project, &identity));
        }
    }
}

impl Upload for Report {
    const SUBJECT: Subject = Subject::Report;
    const NOUN: &'static str = "report";

    fn origin(&self) -> (ProjectId, Timestamp) {
        (self.project, self.created)
    }

    fn modified(&self) -> Timestamp {
        self.modified
    }

    fn key(&self) -> Option<SecureKey> {
        self.key
    }

    fn replacing(&self, old: &Self) -> Self {
        Self {
            key: old.key,
            address: old.address,
            ..self.clone()
        }
    }

    fn row(id: IdRef) -> Key {
        keys::report(id)
    }

    fn clear(&self, batch: &mut Batch, id: u64) {
        for session in &self.sessions {
            batch.clear(keys::index(Table::ReportBySession, *session, IdRef::Known(id)));
        }
    }
}

/// Puts a record and the key of its directory. `index` sets its index entries.
fn put<U: Upload>(
    store: &Store,
    batch: &mut Batch,
    id: u64,
    record: &U,
    key: &Opens,
    index: impl FnOnce(&mut Batch) -> Result<(), WriteError>,
) -> Result<Written, WriteError> {
    let row = U::row(IdRef::Known(id));
    let (done, own) = match Stored::<U>::read(store, &row)? {
        Stored::Nothing => {
            batch.insert(row, record);
            (Written::New, record.key())
        }
        Stored::Record(old, revision) => {
            if old.origin() != record.origin() {
                return Err(WriteError::Taken {
                    what: format!("{} {id}", U::NOUN),
                });
            }
            let record = record.replacing(&old);
            if old.modified() > record.modified() || old == record {
                (Written::Same, old.key())
            } else {
                batch.replace(row, revision, &record);
                old.clear(batch, id);
                (Written::Changed, old.key())
            }
        }
    };
    if done != Written::Same {
        index(batch)?;
    }
    attach(store, batch, (U::SUBJECT, id), own, key)?;
    Ok(done)
}

/// Puts a dataset. `older` are the uuids that it had before.
pub(super) fn dataset(
    store: &Store,
    batch: &mut Batch,
    id: u64,
    record: &Dataset,
    (key, older): (&Opens, &[String]),
) -> Result<Written, WriteError> {
    put(store, batch, id, record, key, |batch| {
        let known = IdRef::Known(id);
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
        Ok(())
    })
}

/// Puts a report.
pub(super) fn report(
    store: &Store,
    batch: &mut Batch,
    id: u64,
    record: &Report,
    key: &Opens,
) -> Result<Written, WriteError> {
    put(store, batch, id, record, key, |batch| {
        let known = IdRef::Known(id);
        let by_project = keys::index(Table::ReportByProject, record.project, known);
        set(store, batch, by_project, &[])?;
        for session in &record.sessions {
            batch.mark(keys::index(Table::ReportBySession, *session, known));
        }
        Ok(())
    })
}
