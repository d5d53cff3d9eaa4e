//! Keys: how they are put together and ordered.

use super::table::Table;
use crate::ids::{IdRef, Slot};
use crate::records::Subject;
use smallvec::SmallVec;

/// A key. It may contain slots, whose ids the writer fills in.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub(crate) bytes: SmallVec<[u8; 36]>,
    /// Offset of each slot.
    pub(crate) slots: SmallVec<[(u16, Slot); 1]>,
}

impl Key {
    /// The prefix of all keys of a table.
    pub fn of(table: Table) -> Self {
        Self::raw(&[table as u8])
    }

    /// A key as it was read.
    pub fn raw(bytes: &[u8]) -> Self {
        Self {
            bytes: SmallVec::from_slice(bytes),
            slots: SmallVec::new(),
        }
    }

    /// Appends an id, big-endian.
    pub fn id(mut self, id: impl Into<IdRef>) -> Self {
        match id.into() {
            IdRef::Known(id) => self.bytes.extend_from_slice(&id.to_be_bytes()),
            IdRef::Slot(slot) => {
                let offset = u16::try_from(self.bytes.len()).unwrap_or(u16::MAX);
                self.slots.push((offset, slot));
                self.bytes.extend_from_slice(&[0; 8]);
            }
        }
        self
    }

    /// Appends a 32-bit number, big-endian.
    pub fn number(self, number: u32) -> Self {
        self.tail(&number.to_be_bytes())
    }

    /// Appends a kind of record.
    pub fn subject(self, subject: Subject) -> Self {
        self.tail(&[subject as u8])
    }

    /// Appends bytes as they are. Bytes of variable length must be the last part of a key.
    pub fn tail(mut self, tail: &[u8]) -> Self {
        self.bytes.extend_from_slice(tail);
        self
    }

    /// The bytes so far, with zeros in place of slots.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The id that ends a key, as in every index of the form `[owner][id]`.
pub fn last_id(key: &[u8]) -> Option<u64> {
    key.last_chunk().copied().map(u64::from_be_bytes)
}

/// The range of all keys of `prefix` whose id is below `before`, to read pages of ids.
pub fn below(prefix: &Key, before: Option<u64>) -> (Vec<u8>, Vec<u8>) {
    let start = prefix.as_bytes().to_vec();
    let end = match before {
        Some(id) => [prefix.as_bytes(), &id.to_be_bytes()].concat(),
        None => successor(prefix.as_bytes()),
    };
    (start, end)
}

/// The first key that does not start with `prefix`.
pub fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    // The prefix is empty or all 0xff. No key is longer than this.
    vec![u8::MAX; 5000]
}
