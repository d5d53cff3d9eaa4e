//! The outbox in the store, as it is read: pages for the forwarder, lists and counts for operators.

use super::state::{Place, Row};
use beamlive_storage::engine::Order;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{PendingForward, Subject};
use beamlive_storage::{ReadError, Store, Timestamp, Versioned};
use std::collections::BTreeMap;

/// Where a row stands in the list of [`pending`]: since when it waits, and what it is about.
pub type ListPlace = (Timestamp, Subject, u64);

/// How much waits for the Data Proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Rows that were counted.
    pub rows: u64,
    /// Whether there are more rows than were counted; the oldest may be among those.
    pub capped: bool,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
}

/// Reads up to `limit` rows of the outbox, newest first: those that come after `before` in that order, or the first.
/// Reads the whole outbox, so it is for operators, and for threads that may block.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn pending(
    store: &Store,
    before: Option<ListPlace>,
    limit: usize,
) -> Result<Vec<(Subject, u64, PendingForward)>, ReadError> {
    let mut newest = BTreeMap::new();
    for row in rows(store, None) {
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
    for row in rows(store, None) {
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

/// Part of a round over the outbox.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    /// The key of the last row.
    pub(crate) last: Option<Vec<u8>>,
    /// Whether nothing follows.
    pub(crate) ended: bool,
}

/// Reads up to `limit` rows that follow the key `after`.
pub(crate) fn page(store: &Store, after: Option<&[u8]>, limit: usize) -> Result<Page, ReadError> {
    let mut page = Page {
        rows: Vec::new(),
        last: None,
        ended: true,
    };
    for row in rows(store, after) {
        let (key, place, entry) = row?;
        if page.rows.len() == limit {
            page.ended = false;
            break;
        }
        page.rows.push(Row {
            place,
            revision: entry.revision,
            attempts: entry.record.attempts,
            created: entry.record.created,
        });
        page.last = Some(key);
    }
    Ok(page)
}

/// The rows that follow the key `after`. One that can't be understood is left where it is, and must not keep the rest.
fn rows<'a>(
    store: &'a Store,
    after: Option<&[u8]>,
) -> impl Iterator<Item = Result<(Vec<u8>, Place, Versioned<PendingForward>), ReadError>> + 'a {
    let (first, end) = keys::below(&Key::of(Table::Outbox), None);
    let start = after.map_or(first, |after| [after, &[0]].concat());
    store
        .scan::<PendingForward>(&start, &end, Order::Ascending)
        .filter_map(|row| match row {
            Ok((key, entry)) => match keys::parse_outbox(&key) {
                Some(place) => Some(Ok((key, place, entry))),
                None => {
                    tracing::error!(bytes = key.len(), "a key of the outbox names no record");
                    None
                }
            },
            Err(ReadError::Decode(error)) => {
                tracing::error!(%error, "a row of the outbox can't be read; it is left where it is");
                None
            }
            Err(error) => Some(Err(error)),
        })
}
