//! What is looked up while records are made.

use super::item::Opens;
use crate::directories::{secure_key, Directories};
use crate::exact;
use crate::mend::Mended;
use crate::notes::Notes;
use crate::pk::Pk;
use crate::tables::Tables;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::records::{directory_digest, Record, SecureKey, Subject};
use rmpv::Value;

/// What the records of a dump are made of.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What was read.
    pub tables: &'a Tables,
    /// What it became.
    pub mended: &'a Mended,
    /// The facility after its declared part was applied: it gives the ids of projects, beamlines
    /// and lists.
    pub catalog: &'a Catalog,
    /// Which directories the keys open.
    pub directories: &'a Directories,
    /// An unguessable key for the survey page of a session. One that is stored keeps its own.
    pub survey: &'a dyn Fn(u64) -> SecureKey,
}

impl Context<'_> {
    pub(super) fn project(&self, username: &str) -> Option<ProjectId> {
        self.catalog.projects.id(username).map(ProjectId)
    }

    pub(super) fn beamline(&self, acronym: &str) -> Option<BeamlineId> {
        self.catalog.beamlines.id(acronym).map(BeamlineId)
    }

    /// A report, if it may be imported.
    pub(super) fn report(&self, id: Option<u64>) -> Option<u64> {
        id.filter(|id| self.mended.uploads.report(*id).is_some())
    }

    /// The record with what its row says exactly.
    pub(super) fn exactly<R: Record + Clone>(
        &self,
        (label, id): (&str, u64),
        record: R,
        exact: &Option<Value>,
        notes: &mut Notes,
    ) -> R {
        exact::with(record.clone(), exact).unwrap_or_else(|error| {
            let text = format!(
                "its field {} cannot be read, and is left out: {error}",
                exact::FIELD
            );
            notes.mended(label, &number(id), text);
            record
        })
    }

    /// A dataset or report with what its row says exactly, and what opens its directory. Of the row
    /// it takes the URL, whether another record keeps its key, and what the columns cannot say.
    pub(super) fn upload<R: Record + Clone>(
        &self,
        (label, subject, id): (&str, Subject, u64),
        record: R,
        own: impl FnOnce(&R) -> Option<SecureKey>,
        (url, loses, exact): (Option<&str>, bool, &Option<Value>),
        notes: &mut Notes,
    ) -> (R, Opens) {
        let record = self.exactly((label, id), record, exact, notes);
        let key = self.key((label, subject, id), url, loses, (own(&record), exact), notes);
        (record, key)
    }

    /// What opens a record's directory. A record without one, or that `loses` it, gets a key that
    /// opens nothing.
    pub(super) fn key(
        &self,
        (label, subject, id): (&str, Subject, u64),
        url: Option<&str>,
        loses: bool,
        exact: (Option<SecureKey>, &Option<Value>),
        notes: &mut Notes,
    ) -> Opens {
        if exact.0.is_some() {
            return Opens::Own;
        }
        if let Ok(Some(waits)) = exact::waits(exact.1) {
            return Opens::Waits(waits);
        }
        if let Some(key) = url.and_then(secure_key).filter(|_| !loses) {
            return Opens::Given(key);
        }
        let why = if loses {
            "a record of another project has its secure key"
        } else {
            "it has no secure key"
        };
        // In a dump from beamlive this was noted by the earlier import.
        if self.tables.origin.is_none() {
            notes.mended(
                label,
                &number(id),
                format!("{why}: it gets one that opens nothing"),
            );
        }
        Opens::Given(dead_key(subject, id))
    }
}

pub(crate) fn number(id: u64) -> Pk {
    Pk::Number(i64::try_from(id).unwrap_or(0))
}

/// A key that opens nothing. No directory is stored under it. It need not be secret.
pub(crate) fn dead_key(subject: Subject, id: u64) -> SecureKey {
    let half = |part: &str| directory_digest(&format!("\0{part} of the key of {subject:?} {id}"));
    let mut key = [0; 20];
    let digits = half("first").into_iter().chain(half("second"));
    for (place, digit) in key.iter_mut().zip(digits) {
        *place = digit;
    }
    SecureKey(key)
}
