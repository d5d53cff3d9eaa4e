//! Directories and their secure keys.
//!
//! Directories are stored in two places only: with the built-in Data Proxy, which serves them, and
//! in the outbox until an external one has given a key.

use beamlive_storage::ids::{IdRef, ProjectId, RawId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{PendingForward, SecureKey, SecurePath, Subject};
use beamlive_storage::{Batch, Order, ReadError, Store, Timestamp};
use subtle::ConstantTimeEq;

/// Bytes of a key that logs show.
const SHOWN: usize = 4;

/// Lets `key` open `directory`; no record refers to it.
pub fn open(batch: &mut Batch, project: Option<ProjectId>, directory: &str, key: SecureKey, now: Timestamp) {
    open_for(batch, None, project, directory, key, now);
}

/// Lets `key` open `directory`. If it is that of a record, the record holds the key.
pub fn open_for(
    batch: &mut Batch,
    record: Option<(Subject, IdRef)>,
    project: Option<ProjectId>,
    directory: &str,
    key: SecureKey,
    now: Timestamp,
) {
    let path = SecurePath {
        record: RawId::NONE,
        subject: record.map(|(subject, _)| subject),
        project,
        directory: directory.to_owned(),
        created: now,
    };
    let id = record.map_or(IdRef::Known(0), |(_, id)| id);
    // Keys are 160 random bits, so no two are the same.
    batch.put_guarded_naming(keys::secure_path(&key), &path, id);
}

/// Whether `key` opens a directory.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn is_live(store: &Store, key: &SecureKey) -> Result<bool, ReadError> {
    Ok(store.get_bytes(&keys::secure_path(key))?.is_some())
}

/// What `key` opens; `None` when there is no such key.
///
/// Rows are looked up by the part of the key that logs show. The rest is compared in constant time.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn find(store: &Store, key: &SecureKey) -> Result<Option<SecurePath>, ReadError> {
    let (shown, _) = key.0.split_at(SHOWN);
    let start = Key::of(Table::SecurePath).tail(shown);
    let end = keys::successor(start.as_bytes());
    let wanted = keys::secure_path(key);
    let mut found = None;
    for entry in store.scan_keys(start.as_bytes(), &end, Order::Ascending) {
        if bool::from(entry?.ct_eq(wanted.as_bytes())) {
            found = store.get::<SecurePath>(&wanted)?;
        }
    }
    Ok(found.map(|found| found.record))
}

/// Lists up to `most` keys that were created at `limit` or before, with their revisions. They are
/// in the order of the keys, starting after `after`.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn created_until(
    store: &Store,
    limit: Timestamp,
    after: Option<SecureKey>,
    most: usize,
) -> Result<Vec<(SecureKey, u64)>, ReadError> {
    let table = Key::of(Table::SecurePath);
    let start = match after {
        Some(key) => [keys::secure_path(&key).as_bytes(), &[0]].concat(),
        None => table.as_bytes().to_vec(),
    };
    let end = keys::successor(table.as_bytes());
    let mut found = Vec::new();
    for entry in store.scan::<SecurePath>(&start, &end, Order::Ascending) {
        let (row, opened) = entry?;
        let key = row
            .strip_prefix(table.as_bytes())
            .and_then(|key| key.try_into().ok());
        if let (Some(key), true) = (key, opened.record.created <= limit) {
            found.push((SecureKey(key), opened.revision));
            if found.len() == most {
                break;
            }
        }
    }
    Ok(found)
}

/// Removes `key`, which was read at `revision`.
pub fn close(batch: &mut Batch, key: &SecureKey, revision: u64) {
    batch.remove(keys::secure_path(key), revision);
}

/// Sets the key that an external Data Proxy gave for the directory of a record.
pub fn attach(batch: &mut Batch, subject: Subject, record: impl Into<IdRef>, key: SecureKey) {
    batch.set(keys::secure_key(subject, record), &key.0);
}

/// The key of a record's directory: `own`, which the record holds, or the one that an external Data
/// Proxy gave; `None` while it has not given one.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn of_record(
    store: &Store,
    subject: Subject,
    record: u64,
    own: Option<SecureKey>,
) -> Result<Option<SecureKey>, ReadError> {
    if own.is_some() {
        return Ok(own);
    }
    let bytes = store.get_bytes(&keys::secure_key(subject, IdRef::Known(record)))?;
    Ok(bytes.and_then(|bytes| Some(SecureKey(bytes.try_into().ok()?))))
}

/// The row of the outbox for a directory that needs a key from an external Data Proxy.
#[must_use]
pub fn pending(project: ProjectId, directory: &str, now: Timestamp) -> PendingForward {
    PendingForward {
        directory: directory.to_owned(),
        project,
        created: now,
        attempts: 0,
        last_error: None,
    }
}
