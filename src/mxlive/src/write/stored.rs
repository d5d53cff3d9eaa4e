//! How a record compares with the stored one.

use crate::records::Opens;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys;
use beamlive_storage::records::{Record, SecureKey, Subject};
use beamlive_storage::{Batch, Key, ReadError, Store};

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The store did not have it.
    New,
    /// The store had an older version of it.
    Changed,
    /// The store has it, or a newer version.
    Same,
}

/// What the store has.
pub(super) enum Stored<R> {
    Nothing,
    /// A record, and its revision.
    Record(R, u64),
}

impl<R: Record> Stored<R> {
    pub(super) fn read(store: &Store, key: &Key) -> Result<Self, ReadError> {
        let found = store.get::<R>(key)?;
        Ok(found.map_or(Self::Nothing, |found| Self::Record(found.record, found.revision)))
    }
}

/// Sets an index entry, unless it is so already.
pub(super) fn set(store: &Store, batch: &mut Batch, key: Key, value: &[u8]) -> Result<(), ReadError> {
    if store.get_bytes(&key)?.as_deref() != Some(value) {
        batch.set(key, value);
    }
    Ok(())
}

/// Sets the key of a record's directory. A record that the built-in Data Proxy has given a key
/// keeps that.
pub(super) fn attach(
    store: &Store,
    batch: &mut Batch,
    (subject, id): (Subject, u64),
    own: Option<SecureKey>,
    key: &Opens,
) -> Result<(), ReadError> {
    let row = keys::secure_key(subject, IdRef::Known(id));
    match (own, key) {
        (Some(_), _) | (None, Opens::Own) => {}
        (None, Opens::Given(key)) => set(store, batch, row, &key.0)?,
        (None, Opens::Waits(waits)) => {
            let place = keys::outbox(subject, IdRef::Known(id));
            if store.get_bytes(&row)?.is_none() && store.get_bytes(&place)?.is_none() {
                batch.insert(place, waits);
            }
        }
    }
    Ok(())
}
