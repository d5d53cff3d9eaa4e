//! Directories that the Data Proxy has not acknowledged yet.

use super::newest::newest;
use super::values::Instant;
use super::{Page, RecordRef};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{PendingForward, Subject};
use beamlive_storage::{ReadError, Store, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// One directory that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutboxRow {
    /// The record whose directory waits.
    pub record: RecordRef,
    /// Username of the project.
    pub project: String,
    /// The directory.
    pub directory: String,
    /// Since when it waits.
    pub created: Instant,
    /// How long it waits, in seconds.
    pub age_seconds: u64,
    /// Calls that failed.
    pub attempts: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
}

/// Names a row as `dataset/17`, because ids alone are not unique here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxRowName {
    subject: Subject,
    id: u64,
}

impl OutboxRowName {
    /// Parses the record of a row: `session/3`, `dataset/17`, `report/4`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (subject, id) = text.split_once('/')?;
        let subject = match subject {
            "session" => Subject::Session,
            "dataset" => Subject::Dataset,
            "report" => Subject::Report,
            _ => return None,
        };
        Some(Self {
            subject,
            id: id.parse().ok()?,
        })
    }
}

/// The rows, newest first. There is no index by time, so the whole outbox is read.
///
/// `Ok(None)` when `page.before` is not in the outbox any more.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn list<'a>(
    store: &Store,
    catalog: &'a Catalog,
    page: &Page<OutboxRowName>,
    now: Timestamp,
) -> Result<Option<impl Iterator<Item = OutboxRow> + 'a>, ReadError> {
    let below = match page.before {
        None => None,
        Some(OutboxRowName { subject, id }) => {
            match store.get::<PendingForward>(&keys::outbox(subject, IdRef::Known(id)))? {
                Some(last) => Some((last.record.created, subject, id)),
                None => return Ok(None),
            }
        }
    };
    let outbox = Key::of(Table::Outbox);
    let rows = newest(
        store,
        &outbox,
        page.limit,
        below,
        |key, pending: &PendingForward| {
            let (subject, id) = keys::parse_outbox(&key)?;
            Some((pending.created, subject, id))
        },
    )?;
    Ok(Some(rows.map(move |((_, subject, id), pending)| {
        row(catalog, subject, id, pending, now)
    })))
}

fn row(catalog: &Catalog, subject: Subject, id: u64, pending: PendingForward, now: Timestamp) -> OutboxRow {
    OutboxRow {
        record: RecordRef {
            subject,
            id: Some(id),
        },
        project: catalog.username(pending.project).to_owned(),
        directory: pending.directory,
        created: pending.created.into(),
        age_seconds: u64::try_from(now.micros_since(pending.created) / 1_000_000).unwrap_or(0),
        attempts: pending.attempts,
        last_error: pending.last_error,
    }
}
