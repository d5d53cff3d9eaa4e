//! Directories and the secure keys that open them.
//!
//! A directory is kept in two places only: with the built-in Data Proxy, which serves it, and in the outbox until an
//! external one has given its key.

use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{PendingForward, SecureKey, SecurePath, Subject};
use beamlive_storage::{Batch, Order, ReadError, Store, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of a key that logs show.
const SHOWN: usize = 4;

/// Tells directories apart without keeping them: the first half of their SHA-256.
#[must_use]
pub fn digest(directory: &str) -> [u8; 16] {
    let mut half = [0; 16];
    for (byte, value) in half.iter_mut().zip(Sha256::digest(directory.as_bytes())) {
        *byte = value;
    }
    half
}

/// Lets `key` open `directory`. The batch holds only if (project, directory) has no live key yet: on a conflict
/// at [`keys::secure_path_by_directory`], take [`live_key`] instead.
pub fn open(batch: &mut Batch, project: Option<ProjectId>, directory: &str, key: SecureKey, now: Timestamp) {
    let by_directory = keys::secure_path_by_directory(project, &digest(directory));
    batch.require_absent(by_directory.clone());
    batch.set(by_directory, &key.0);
    // No two keys are the same: they are 160 random bits.
    batch.put_guarded(
        keys::secure_path(&key),
        &SecurePath {
            project,
            directory: directory.to_owned(),
            created: now,
        },
    );
}

/// The key that opens `directory` for `project`, if there is one.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn live_key(
    store: &Store,
    project: Option<ProjectId>,
    directory: &str,
) -> Result<Option<SecureKey>, ReadError> {
    let bytes = store.get_bytes(&keys::secure_path_by_directory(project, &digest(directory)))?;
    Ok(bytes.and_then(|bytes| Some(SecureKey(bytes.try_into().ok()?))))
}

/// What `key` opens; none when there is no such key. Rows are found by the part of the key that logs show too; the rest,
/// which nobody can guess, is compared in a time that does not tell how much of it was right.
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

/// Up to `most` keys that were made at `limit` or before, in the order of the keys, from the one after `after`; with the
/// revision of each, and what it opens.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn created_until(
    store: &Store,
    limit: Timestamp,
    after: Option<SecureKey>,
    most: usize,
) -> Result<Vec<(SecureKey, u64, SecurePath)>, ReadError> {
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
            found.push((SecureKey(key), opened.revision, opened.record));
            if found.len() == most {
                break;
            }
        }
    }
    Ok(found)
}

/// Lets `key`, which was read at `revision`, open nothing any more; its directory can have a new one.
pub fn close(batch: &mut Batch, key: &SecureKey, revision: u64, opened: &SecurePath) {
    batch.remove(keys::secure_path(key), revision);
    batch.clear(keys::secure_path_by_directory(
        opened.project,
        &digest(&opened.directory),
    ));
}

/// Ties a record to the key of its directory.
pub fn attach(batch: &mut Batch, subject: Subject, record: impl Into<IdRef>, key: SecureKey) {
    batch.set(keys::secure_key(subject, record), &key.0);
}

/// The key of a record's directory; none while the Data Proxy has not given it.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn of_record(store: &Store, subject: Subject, record: u64) -> Result<Option<SecureKey>, ReadError> {
    let bytes = store.get_bytes(&keys::secure_key(subject, IdRef::Known(record)))?;
    Ok(bytes.and_then(|bytes| Some(SecureKey(bytes.try_into().ok()?))))
}

/// A directory that an external Data Proxy is to turn into a key.
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
