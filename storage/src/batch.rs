//! What an actor hands to the writer: preconditions and writes that take effect together or not at all.

use crate::codec::{encode, HEADER};
use crate::ids::{IdRef, Slot};
use crate::keys::{Key, Table};
use crate::records::Record;
use smallvec::SmallVec;

/// What must hold when the batch is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Require {
    /// There is no such key.
    Absent(Key),
    /// The record of this key is at this revision.
    Revision(Key, u64),
}

/// One change of the keyspace. Slots in the key, and in the value at the given offset, are filled in by the writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets a key.
    Put {
        /// Where.
        key: Key,
        /// What.
        value: Vec<u8>,
        /// An id to fill in, and at which offset of the value.
        patch: Option<(usize, Slot)>,
        /// Whether the value is a record, with a header, rather than an index entry.
        record: bool,
    },
    /// Removes a key.
    Delete(Key),
}

/// Preconditions and writes, atomic and in the order in which batches are handed over.
///
/// A record can only be replaced by naming the revision it was read at, so no cached state can overwrite what it
/// has not seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    pub(crate) requires: Vec<Require>,
    pub(crate) writes: Vec<Write>,
    pub(crate) slots: SmallVec<[Table; 4]>,
    pub(crate) floors: Vec<(Table, u64)>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the next id of `table`.
    pub fn allocate(&mut self, table: Table) -> Slot {
        let slot = Slot(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.slots.push(table);
        slot
    }

    /// Lets the ids of `table` go on above `floor`, also those of this batch. Those that are above it already do not change.
    pub fn raise(&mut self, table: Table, floor: u64) {
        self.floors.push((table, floor));
    }

    /// Requires that `key` does not exist.
    pub fn require_absent(&mut self, key: Key) {
        self.requires.push(Require::Absent(key));
    }

    /// Requires that the record of `key` is at `revision`.
    pub fn require_revision(&mut self, key: Key, revision: u64) {
        self.requires.push(Require::Revision(key, revision));
    }

    /// Creates a record: it must not exist yet. It starts at revision 1.
    pub fn insert<R: Record>(&mut self, key: Key, record: &R) {
        self.put_new(key, encode(1, record), None);
    }

    /// As [`Self::insert`], for a record whose first field is a [`crate::ids::RawId`] that `names` is filled into.
    pub fn insert_naming<R: Record>(&mut self, key: Key, record: &R, names: impl Into<IdRef>) {
        let (value, patch) = naming(encode(1, record), names.into());
        self.put_new(key, value, patch);
    }

    /// Replaces the record that was read at `revision`. Returns the new revision.
    pub fn replace<R: Record>(&mut self, key: Key, revision: u64, record: &R) -> u64 {
        let next = revision + 1;
        self.require_revision(key.clone(), revision);
        self.put_record(key, encode(next, record), None);
        next
    }

    /// As [`Self::replace`], for a record whose first field is a [`crate::ids::RawId`] that `names` is filled into.
    pub fn replace_naming<R: Record>(
        &mut self,
        key: Key,
        revision: u64,
        record: &R,
        names: impl Into<IdRef>,
    ) -> u64 {
        let next = revision + 1;
        let (value, patch) = naming(encode(next, record), names.into());
        self.require_revision(key.clone(), revision);
        self.put_record(key, value, patch);
        next
    }

    /// Sets a small record whose every change goes with one of another record that this batch requires, such as a
    /// stretch with its session.
    pub fn put_guarded<R: Record>(&mut self, key: Key, record: &R) {
        self.put_record(key, encode(1, record), None);
    }

    /// As [`Self::put_guarded`], for a record whose first field is a [`crate::ids::RawId`] that `names` is filled into.
    pub fn put_guarded_naming<R: Record>(&mut self, key: Key, record: &R, names: impl Into<IdRef>) {
        let (value, patch) = naming(encode(1, record), names.into());
        self.put_record(key, value, patch);
    }

    /// Removes the record that was read at `revision`.
    pub fn remove(&mut self, key: Key, revision: u64) {
        self.require_revision(key.clone(), revision);
        self.writes.push(Write::Delete(key));
    }

    /// Sets an index entry that says nothing but that it is there.
    pub fn mark(&mut self, key: Key) {
        self.put_entry(key, Vec::new(), None);
    }

    /// Sets an index entry that leads to a record.
    pub fn point(&mut self, key: Key, to: impl Into<IdRef>) {
        let (value, patch) = match to.into() {
            IdRef::Known(id) => (id.to_be_bytes().to_vec(), None),
            IdRef::Slot(slot) => (vec![0; 8], Some((0, slot))),
        };
        self.put_entry(key, value, patch);
    }

    /// Sets an index entry to bytes of its own: at most 16 KiB, for only records are kept in pieces.
    pub fn set(&mut self, key: Key, value: &[u8]) {
        self.put_entry(key, value.to_vec(), None);
    }

    /// Removes an index entry.
    pub fn clear(&mut self, key: Key) {
        self.writes.push(Write::Delete(key));
    }

    /// Whether committing it would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.floors.is_empty()
    }

    /// Whether it requires nothing and changes nothing.
    pub(crate) fn says_nothing(&self) -> bool {
        self.is_empty() && self.requires.is_empty() && self.slots.is_empty()
    }

    /// Bytes of all keys and values that it writes.
    pub(crate) fn bytes(&self) -> usize {
        self.writes
            .iter()
            .map(|write| match write {
                Write::Put { key, value, .. } => key.bytes.len() + value.len(),
                Write::Delete(key) => key.bytes.len(),
            })
            .sum()
    }

    fn put_new(&mut self, key: Key, value: Vec<u8>, patch: Option<(usize, Slot)>) {
        // A key with a fresh id in it cannot exist.
        if key.slots.is_empty() {
            self.require_absent(key.clone());
        }
        self.put_record(key, value, patch);
    }

    fn put_record(&mut self, key: Key, value: Vec<u8>, patch: Option<(usize, Slot)>) {
        self.writes.push(Write::Put {
            key,
            value,
            patch,
            record: true,
        });
    }

    fn put_entry(&mut self, key: Key, value: Vec<u8>, patch: Option<(usize, Slot)>) {
        self.writes.push(Write::Put {
            key,
            value,
            patch,
            record: false,
        });
    }
}

fn naming(mut value: Vec<u8>, names: IdRef) -> (Vec<u8>, Option<(usize, Slot)>) {
    match names {
        IdRef::Slot(slot) => (value, Some((HEADER, slot))),
        IdRef::Known(id) => {
            if let Some(place) = value.get_mut(HEADER..HEADER + 8) {
                place.copy_from_slice(&id.to_be_bytes());
            }
            (value, None)
        }
    }
}
