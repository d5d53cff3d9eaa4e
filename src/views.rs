//! The lists and records of the admin API: queries over the store and the facility's catalog, and
//! their rows.
//!
//! Everything here is a function of a [`Store`] and a `Catalog`, without HTTP, so it can run on the
//! pool for reads. A list is an iterator that reads each row when it is asked for it, so a page
//! costs as much as it shows. Lists are sorted from new to old. Filters use an index, or several
//! merged ones, so that no row is read and then discarded.

pub mod activity;
pub mod connections;
pub mod data;
pub mod feedback;
pub mod outbox;
pub mod projects;
pub mod reports;
pub mod sessions;
pub mod values;

mod merged;
mod newest;
#[cfg(test)]
mod tests;

use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{Record, Subject};
use beamlive_storage::{Order, ReadError, Store};
use serde::Serialize;
use utoipa::ToSchema;

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<Id = u64> {
    /// Only the rows after this one, which are older.
    pub before: Option<Id>,
    /// At most so many rows.
    pub limit: usize,
}

/// A record that a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordRef {
    /// The kind of the record.
    #[schema(value_type = String, example = "dataset")]
    pub subject: Subject,
    /// Its id; null when there is only one of the kind.
    pub id: Option<u64>,
}

/// The ids that the keys of `prefix` end with, newest first, below `before`.
fn ids<'s>(
    store: &'s Store,
    prefix: &Key,
    before: Option<u64>,
) -> impl Iterator<Item = Result<u64, ReadError>> + 's {
    let (start, end) = keys::below(prefix, before);
    store
        .scan_keys(&start, &end, Order::Descending)
        .filter_map(|key| key.map(|key| keys::last_id(&key)).transpose())
}

/// The records of `ids`. Records that were removed meanwhile are left out.
fn records<'s, R: Record + 's>(
    store: &'s Store,
    table: Table,
    ids: impl Iterator<Item = Result<u64, ReadError>> + 's,
) -> impl Iterator<Item = Result<(u64, R), ReadError>> + 's {
    ids.filter_map(move |id| {
        let record = id.and_then(|id| Ok(get(store, table, id)?.map(|record| (id, record))));
        record.transpose()
    })
}

/// The record of an id.
fn get<R: Record>(store: &Store, table: Table, id: u64) -> Result<Option<R>, ReadError> {
    let found = store.get::<R>(&keys::record(table, IdRef::Known(id)))?;
    Ok(found.map(|found| found.record))
}

/// The number of entries of an index that belong to `owner`.
fn count(store: &Store, table: Table, owner: impl Into<IdRef>) -> Result<u64, ReadError> {
    let (start, end) = keys::below(&keys::record(table, owner), None);
    store
        .scan_keys(&start, &end, Order::Ascending)
        .try_fold(0, |count, key| key.map(|_| count + 1))
}
