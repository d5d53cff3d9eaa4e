//! What operators read: queries over the store and the facility's catalog, and the rows they answer with.
//!
//! Everything here is a function of a [`Store`] and a `Catalog`, without HTTP, so it runs on the pool for reads. A
//! list is an iterator that reads a row when it is asked for one: a page costs what it shows, not what there is.
//! Lists go from new to old. A filter is answered from an index, or from several that are merged, so that nothing is read to be
//! left out.

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
    /// Only what comes after this row: on a list that goes from new to old, what is older.
    pub before: Option<Id>,
    /// So many rows at most.
    pub limit: usize,
}

/// A record that a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordRef {
    /// What kind of record it is.
    #[schema(value_type = String, example = "dataset")]
    pub subject: Subject,
    /// Its id; null where there is only one of the kind.
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

/// The records of `ids`. One that is gone by now is left out.
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

/// How many entries of an index belong to `owner`.
fn count(store: &Store, table: Table, owner: impl Into<IdRef>) -> Result<u64, ReadError> {
    let (start, end) = keys::below(&keys::record(table, owner), None);
    store
        .scan_keys(&start, &end, Order::Ascending)
        .try_fold(0, |count, key| key.map(|_| count + 1))
}
