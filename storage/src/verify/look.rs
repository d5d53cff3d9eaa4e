//! The rows that a row leads to.

use super::Check;
use crate::codec::decode;
use crate::ids::IdRef;
use crate::keys::{self, Key, Table};
use crate::records::{Dataset, Record, Report, SecureKey, Session, Subject};
use crate::store::ReadError;

/// A record that has a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    /// Its project.
    pub(super) project: u64,
    /// The digest of its directory, where the record has one.
    pub(super) digest: Option<[u8; 16]>,
    /// The key that the built-in Data Proxy made with it.
    pub(super) key: Option<SecureKey>,
}

impl Check<'_> {
    /// Decodes the record of a row; what does not is a problem of its own.
    pub(super) fn decoded<R: Record>(
        &mut self,
        what: &str,
        key: &[u8],
        value: &[u8],
    ) -> Result<Option<R>, ReadError> {
        let whole = match self.store.whole(key, value.to_vec()) {
            Err(ReadError::Engine(error)) => return Err(ReadError::Engine(error)),
            Ok(Some(whole)) => whole,
            Ok(None) | Err(_) => {
                self.problem(format!("{what}: pieces of it are missing or not its own"));
                return Ok(None);
            }
        };
        match decode::<R>(&whole) {
            Ok(found) => Ok(Some(found.record)),
            Err(error) => {
                self.problem(format!("{what}: {error}"));
                Ok(None)
            }
        }
    }

    /// A record that another row leads to; none also when it can't be read, which its own row tells.
    pub(super) fn found<R: Record>(&self, key: &Key) -> Result<Option<R>, ReadError> {
        match self.store.get::<R>(key) {
            Ok(found) => Ok(found.map(|found| found.record)),
            Err(ReadError::Engine(error)) => Err(ReadError::Engine(error)),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn session_of(&self, id: u64) -> Result<Option<Session>, ReadError> {
        self.found(&keys::session(IdRef::Known(id)))
    }

    pub(super) fn dataset_of(&self, id: u64) -> Result<Option<Dataset>, ReadError> {
        self.found(&keys::dataset(IdRef::Known(id)))
    }

    pub(super) fn report_of(&self, id: u64) -> Result<Option<Report>, ReadError> {
        self.found(&keys::report(IdRef::Known(id)))
    }

    /// Whether there is a row.
    pub(super) fn exists(&self, key: &Key) -> Result<bool, ReadError> {
        Ok(self.store.get_bytes(key)?.is_some())
    }

    /// Where an index entry leads; none also when it holds no id, which its own row tells.
    pub(super) fn led(&self, key: &Key) -> Result<Option<u64>, ReadError> {
        let value = self.store.get_bytes(key)?;
        Ok(value
            .and_then(|value| value.try_into().ok())
            .map(u64::from_be_bytes))
    }

    /// A record must be in an index.
    pub(super) fn indexed(&mut self, what: &str, table: Table, owner: u64, id: u64) -> Result<(), ReadError> {
        if !self.exists(&keys::index(table, IdRef::Known(owner), IdRef::Known(id)))? {
            self.problem(format!("{what}: not in {table:?} of {owner}"));
        }
        Ok(())
    }

    /// A record that has a directory.
    pub(super) fn owner(&self, subject: Subject, id: u64) -> Result<Option<Owner>, ReadError> {
        Ok(match subject {
            Subject::Session => self.session_of(id)?.map(|session| Owner {
                project: session.project.0,
                digest: None,
                key: session.key,
            }),
            Subject::Dataset => self.dataset_of(id)?.map(|dataset| Owner {
                project: dataset.project.0,
                digest: Some(dataset.directory_digest),
                key: dataset.key,
            }),
            Subject::Report => self.report_of(id)?.map(|report| Owner {
                project: report.project.0,
                digest: Some(report.directory_digest),
                key: report.key,
            }),
            Subject::Project
            | Subject::Facility
            | Subject::AccessList
            | Subject::Outbox
            | Subject::Feedback => None,
        })
    }
}
