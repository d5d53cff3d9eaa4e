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
pub mod people;
pub mod projects;
pub mod reports;
pub mod sessions;
pub mod values;

mod merged;
mod newest;
#[cfg(test)]
mod tests;

use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::secure_path;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{Record, SecureKey, Subject};
use beamlive_storage::{Order, ReadError, Store};
use serde::Serialize;
use utoipa::ToSchema;

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<Id = u64> {
    /// Only the rows after this one, which are older.
    pub before: Option<Id>,
    /// The maximum number of rows.
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

/// Rows that are read one after the other.
pub type Rows<'a, R> = Box<dyn Iterator<Item = Result<R, ReadError>> + 'a>;

/// A row that shows one record.
pub trait Row: Sized {
    /// The record.
    type Record: Record;
    /// The table that it is in.
    const TABLE: Table;

    /// The row of a record.
    ///
    /// # Errors
    /// [`ReadError`] when the store can't be read.
    fn of(store: &Store, catalog: &Catalog, id: u64, record: Self::Record) -> Result<Self, ReadError>;
}

/// The row of the record of an id.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn find<R: Row>(store: &Store, catalog: &Catalog, id: u64) -> Result<Option<R>, ReadError> {
    let found = get::<R::Record>(store, R::TABLE, id)?;
    found.map(|record| R::of(store, catalog, id, record)).transpose()
}

/// The first `limit` rows of `ids` whose records `is_listed`. Records that were removed meanwhile
/// are left out.
fn rows<'a, R: Row>(
    store: &'a Store,
    catalog: &'a Catalog,
    ids: impl Iterator<Item = Result<u64, ReadError>> + 'a,
    is_listed: impl Fn(&R::Record) -> bool + 'a,
    limit: usize,
) -> Rows<'a, R> {
    let row = move |id: Result<u64, ReadError>| {
        let id = id?;
        let record = get(store, R::TABLE, id)?.filter(&is_listed);
        record.map(|record| R::of(store, catalog, id, record)).transpose()
    };
    Box::new(ids.filter_map(move |id| row(id).transpose()).take(limit))
}

/// The prefix of all keys of the table `all`, or, with an `owner`, of its entries in the index
/// `by`.
fn prefix(all: Table, by: Table, owner: Option<impl Into<IdRef>>) -> Key {
    owner.map_or_else(|| Key::of(all), |owner| keys::record(by, owner))
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

/// The record of an id.
fn get<R: Record>(store: &Store, table: Table, id: u64) -> Result<Option<R>, ReadError> {
    let found = store.get::<R>(&keys::record(table, IdRef::Known(id)))?;
    Ok(found.map(|found| found.record))
}

/// The secure key of a record's directory: `own`, or the one that an external Data Proxy gave.
fn url(
    store: &Store,
    subject: Subject,
    id: u64,
    own: Option<SecureKey>,
) -> Result<Option<String>, ReadError> {
    let key = secure_path::of_record(store, subject, id, own)?;
    Ok(key.map(|key| key.to_hex()))
}

/// The number of entries of an index that belong to `owner`.
fn count(store: &Store, table: Table, owner: impl Into<IdRef>) -> Result<u64, ReadError> {
    let (start, end) = keys::below(&keys::record(table, owner), None);
    store
        .scan_keys(&start, &end, Order::Ascending)
        .try_fold(0, |count, key| key.map(|_| count + 1))
}
