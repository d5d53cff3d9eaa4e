//! The outbox in the store, as the forwarder reads it.

use beamlive_storage::engine::Order;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{PendingForward, Subject};
use beamlive_storage::{ReadError, Store, Timestamp};

/// The record that a row of the outbox belongs to.
pub(crate) type RowId = (Subject, u64);

/// What the forwarder keeps of a row in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: RowId,
    pub(crate) revision: u64,
    pub(crate) attempts: u32,
    pub(crate) created: Timestamp,
}

/// A part of the outbox.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    /// The key at which the next page starts; `None` after the last page.
    pub(crate) next: Option<Vec<u8>>,
}

/// Reads up to `limit` rows from the key `start` on; it is empty for the first page.
pub(crate) fn page(store: &Store, start: &[u8], limit: usize) -> Result<Page, ReadError> {
    let mut page = Page::default();
    for row in rows(store, start) {
        let (key, row) = row?;
        if page.rows.len() == limit {
            page.next = Some(key);
            break;
        }
        page.rows.push(row);
    }
    Ok(page)
}

/// Counts all rows.
pub(crate) fn count(store: &Store) -> Result<u64, ReadError> {
    rows(store, &[]).try_fold(0, |count, row| row.map(|_| count + 1))
}

/// The key of a row in the store.
pub(crate) fn key((subject, id): RowId) -> Key {
    keys::outbox(subject, IdRef::Known(id))
}

/// The rows from the key `start` on. Rows that can't be decoded are logged and skipped.
fn rows<'a>(store: &'a Store, start: &[u8]) -> impl Iterator<Item = Result<(Vec<u8>, Row), ReadError>> + 'a {
    let (first, end) = keys::below(&Key::of(Table::Outbox), None);
    store
        .scan::<PendingForward>(first.as_slice().max(start), &end, Order::Ascending)
        .filter_map(|found| match found {
            Ok((key, entry)) => {
                let Some(id) = keys::parse_outbox(&key) else {
                    tracing::error!(bytes = key.len(), "a key of the outbox names no record");
                    return None;
                };
                let row = Row {
                    id,
                    revision: entry.revision,
                    attempts: entry.record.attempts,
                    created: entry.record.created,
                };
                Some(Ok((key, row)))
            }
            Err(ReadError::Decode(error)) => {
                tracing::error!(%error, "a row of the outbox can't be decoded; it stays there");
                None
            }
            Err(error) => Some(Err(error)),
        })
}
