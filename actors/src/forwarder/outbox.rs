//! The outbox in the store, as it is read: pages for the forwarder, lists and counts for operators.

use beamlive_storage::engine::Order;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{PendingForward, Subject};
use beamlive_storage::{ReadError, Store, Timestamp, Versioned};
use std::collections::BTreeMap;

/// The record that a row of the outbox belongs to.
pub(crate) type RowId = (Subject, u64);

/// A position in the list of [`pending`]: when the row was created, and its record.
pub type ListPlace = (Timestamp, Subject, u64);

/// How many rows wait for the Data Proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Rows that were counted.
    pub rows: u64,
    /// Whether there are more rows; the oldest may be one of those.
    pub capped: bool,
    /// When the oldest of the counted rows was created.
    pub oldest: Option<Timestamp>,
}

/// Lists up to `limit` rows of the outbox, newest first, starting after `before`.
///
/// Reads the whole outbox. For operators, and for threads that may block.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn pending(
    store: &Store,
    before: Option<ListPlace>,
    limit: usize,
) -> Result<Vec<(Subject, u64, PendingForward)>, ReadError> {
    let mut newest = BTreeMap::new();
    for row in rows(store, &[]) {
        let (_, (subject, id), entry) = row?;
        let place: ListPlace = (entry.record.created, subject, id);
        if before.is_none_or(|before| place < before) {
            newest.insert(place, entry.record);
            if newest.len() > limit {
                newest.pop_first();
            }
        }
    }
    Ok(newest
        .into_iter()
        .rev()
        .map(|((_, subject, id), entry)| (subject, id, entry))
        .collect())
}

/// Counts the rows of the outbox, up to `cap`. For threads that may block.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn backlog(store: &Store, cap: u64) -> Result<Backlog, ReadError> {
    let mut backlog = Backlog::default();
    for row in rows(store, &[]) {
        let (_, _, entry) = row?;
        if backlog.rows == cap {
            backlog.capped = true;
            break;
        }
        backlog.rows += 1;
        let created = entry.record.created;
        backlog.oldest = Some(backlog.oldest.map_or(created, |oldest| oldest.min(created)));
    }
    Ok(backlog)
}

/// What the forwarder keeps of a row in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: RowId,
    pub(crate) revision: u64,
    pub(crate) attempts: u32,
    pub(crate) created: Timestamp,
}

/// A part of the outbox.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    /// The key at which the next page starts; none after the last page.
    pub(crate) next: Option<Vec<u8>>,
}

/// Reads up to `limit` rows from the key `start` on; it is empty for the first page.
pub(crate) fn page(store: &Store, start: &[u8], limit: usize) -> Result<Page, ReadError> {
    let mut page = Page {
        rows: Vec::new(),
        next: None,
    };
    for row in rows(store, start) {
        let (key, id, entry) = row?;
        if page.rows.len() == limit {
            page.next = Some(key);
            break;
        }
        page.rows.push(Row {
            id,
            revision: entry.revision,
            attempts: entry.record.attempts,
            created: entry.record.created,
        });
    }
    Ok(page)
}

/// The key of a row in the store.
pub(crate) fn key((subject, id): RowId) -> Key {
    keys::outbox(subject, IdRef::Known(id))
}

/// The rows from the key `start` on. Rows that can't be decoded are logged and skipped.
fn rows<'a>(
    store: &'a Store,
    start: &[u8],
) -> impl Iterator<Item = Result<(Vec<u8>, RowId, Versioned<PendingForward>), ReadError>> + 'a {
    let (first, end) = keys::below(&Key::of(Table::Outbox), None);
    store
        .scan::<PendingForward>(first.as_slice().max(start), &end, Order::Ascending)
        .filter_map(|row| match row {
            Ok((key, entry)) => match keys::parse_outbox(&key) {
                Some(place) => Some(Ok((key, place, entry))),
                None => {
                    tracing::error!(bytes = key.len(), "a key of the outbox names no record");
                    None
                }
            },
            Err(ReadError::Decode(error)) => {
                tracing::error!(%error, "a row of the outbox can't be decoded; it stays there");
                None
            }
            Err(error) => Some(Err(error)),
        })
}
