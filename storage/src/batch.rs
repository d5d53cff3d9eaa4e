//! Batches: preconditions and writes that take effect together or not at all.

use crate::codec::{encode, HEADER};
use crate::ids::{IdRef, Slot};
use crate::keys::{Key, Table};
use crate::records::Record;
use smallvec::SmallVec;

/// A precondition, checked when the batch is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Require {
    /// The key does not exist.
    Absent(Key),
    /// The record of this key has this revision.
    Revision(Key, u64),
}

/// One change. The writer fills in slots in the key, and in the value at the given offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets a key.
    Put {
        /// The key.
        key: Key,
        /// The value.
        value: Vec<u8>,
        /// A slot to fill in, and its offset in the value.
        patch: Option<(usize, Slot)>,
        /// Whether the value is a record, with a header, rather than an index entry.
        record: bool,
    },
    /// Removes a key.
    Delete(Key),
}

/// Preconditions and writes, atomic. Batches take effect in the order in which they are committed.
///
/// A record can only be replaced by naming the revision it was read at, so cached state cannot
/// overwrite a change that it has not seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    pub(crate) requires: Vec<Require>,
    pub(crate) writes: Vec<Write>,
    pub(crate) slots: SmallVec<[Table; 4]>,
    pub(crate) floors: Vec<(Table, u64)>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allocates the next id of `table`.
    pub fn allocate(&mut self, table: Table) -> Slot {
        let slot = Slot(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.slots.push(table);
        slot
    }

    /// Raises the counter of `table` to `floor`, before this batch's own ids are allocated. A
    /// counter that is higher already does not change.
    pub fn raise(&mut self, table: Table, floor: u64) {
        self.floors.push((table, floor));
    }

    /// Requires that `key` does not exist.
    pub fn require_absent(&mut self, key: Key) {
        self.requires.push(Require::Absent(key));
    }

    /// Requires that the record of `key` has `revision`.
    pub fn require_revision(&mut self, key: Key, revision: u64) {
        self.requires.push(Require::Revision(key, revision));
    }

    /// Creates a record, at revision 1. It must not exist.
    pub fn insert<R: Record>(&mut self, key: Key, record: &R) {
        self.require_new(&key);
        self.put_record(key, 1, record, None);
    }

    /// As [`Self::insert`], for a record whose first field is a [`crate::ids::RawId`], which
    /// becomes `names`.
    pub fn insert_naming<R: Record>(&mut self, key: Key, record: &R, names: impl Into<IdRef>) {
        self.require_new(&key);
        self.put_record(key, 1, record, Some(names.into()));
    }

    /// Replaces the record that was read at `revision`. Returns the new revision.
    pub fn replace<R: Record>(&mut self, key: Key, revision: u64, record: &R) -> u64 {
        self.replace_record(key, revision, record, None)
    }

    /// As [`Self::replace`], for a record whose first field is a [`crate::ids::RawId`], which
    /// becomes `names`.
    pub fn replace_naming<R: Record>(
        &mut self,
        key: Key,
        revision: u64,
        record: &R,
        names: impl Into<IdRef>,
    ) -> u64 {
        self.replace_record(key, revision, record, Some(names.into()))
    }

    /// Sets a small record that only changes together with another record that this batch requires,
    /// such as a stretch with its session.
    pub fn put_guarded<R: Record>(&mut self, key: Key, record: &R) {
        self.put_record(key, 1, record, None);
    }

    /// As [`Self::put_guarded`], for a record whose first field is a [`crate::ids::RawId`], which
    /// becomes `names`.
    pub fn put_guarded_naming<R: Record>(&mut self, key: Key, record: &R, names: impl Into<IdRef>) {
        self.put_record(key, 1, record, Some(names.into()));
    }

    /// Removes the record that was read at `revision`.
    pub fn remove(&mut self, key: Key, revision: u64) {
        self.require_revision(key.clone(), revision);
        self.clear(key);
    }

    /// Sets an index entry without a value.
    pub fn mark(&mut self, key: Key) {
        self.set(key, &[]);
    }

    /// Sets an index entry to an id.
    pub fn point(&mut self, key: Key, to: impl Into<IdRef>) {
        match to.into() {
            IdRef::Known(id) => self.set(key, &id.to_be_bytes()),
            IdRef::Slot(slot) => self.put(key, vec![0; 8], Some((0, slot)), false),
        }
    }

    /// Sets an index entry to bytes of its own. At most 16 KiB: only records are split into pieces.
    pub fn set(&mut self, key: Key, value: &[u8]) {
        self.put(key, value.to_vec(), None, false);
    }

    /// Removes an index entry.
    pub fn clear(&mut self, key: Key) {
        self.writes.push(Write::Delete(key));
    }

    /// Whether committing the batch would change nothing.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.floors.is_empty()
    }

    /// Whether the batch requires nothing and changes nothing.
    pub(crate) fn has_no_effect(&self) -> bool {
        self.is_empty() && self.requires.is_empty() && self.slots.is_empty()
    }

    /// Total length of all keys and values that it writes.
    pub(crate) fn bytes(&self) -> usize {
        self.writes
            .iter()
            .map(|write| match write {
                Write::Put { key, value, .. } => key.bytes.len() + value.len(),
                Write::Delete(key) => key.bytes.len(),
            })
            .sum()
    }

    fn require_new(&mut self, key: &Key) {
        // A key with a new id in it cannot exist.
        if key.slots.is_empty() {
            self.require_absent(key.clone());
        }
    }

    fn replace_record<R: Record>(
        &mut self,
        key: Key,
        revision: u64,
        record: &R,
        names: Option<IdRef>,
    ) -> u64 {
        let next = revision + 1;
        self.require_revision(key.clone(), revision);
        self.put_record(key, next, record, names);
        next
    }

    fn put_record<R: Record>(&mut self, key: Key, revision: u64, record: &R, names: Option<IdRef>) {
        let mut value = encode(revision, record);
        let mut patch = None;
        match names {
            Some(IdRef::Slot(slot)) => patch = Some((HEADER, slot)),
            Some(IdRef::Known(id)) => {
                if let Some(place) = value.get_mut(HEADER..HEADER + 8) {
                    place.copy_from_slice(&id.to_be_bytes());
                }
            }
            None => {}
        }
        self.put(key, value, patch, true);
    }

    fn put(&mut self, key: Key, value: Vec<u8>, patch: Option<(usize, Slot)>, record: bool) {
        self.writes.push(Write::Put {
            key,
            value,
            patch,
            record,
        });
    }
}
