//! The store's tally: how many groups were written, how many rows there are, and a sum over all of them.
//!
//! It is one row, written with every group, whatever the engine. A start compares the number of groups with the mark
//! (`mark.rs`), so that a database which lost its end is noticed. `verify` compares rows and sum with what it reads, so
//! that a row which was lost, came back or was altered anywhere is noticed too. It guards against damage, not
//! against somebody who forges rows.

use crate::engine::{Engine, EngineError};
use crate::keys::{Key, Table};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// Bytes of its row.
const BYTES: usize = 8 + 8 + 16;

/// The tally. The row that holds it is not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Groups that changed something.
    pub groups: u64,
    /// Rows.
    pub rows: u64,
    /// The sum of the rows' hashes; the order in which they came does not matter.
    pub sum: u128,
}

impl Tally {
    /// Where it is.
    #[must_use]
    pub fn key() -> Key {
        Key::of(Table::Tally)
    }

    /// What `engine` holds; nothing in an empty database.
    pub(crate) fn of(engine: &dyn Engine) -> Result<Self, EngineError> {
        match engine.get(Self::key().as_bytes())? {
            None => Ok(Self::default()),
            Some(bytes) => Self::decode(&bytes).ok_or(EngineError::Tally),
        }
    }

    /// A row is there.
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash(key, value));
    }

    /// A row is gone.
    pub(crate) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(key, value));
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(&self.groups.to_be_bytes());
        bytes.extend_from_slice(&self.rows.to_be_bytes());
        bytes.extend_from_slice(&self.sum.to_be_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != BYTES {
            return None;
        }
        let (groups, rest) = bytes.split_first_chunk::<8>()?;
        let (rows, sum) = rest.split_first_chunk::<8>()?;
        Some(Self {
            groups: u64::from_be_bytes(*groups),
            rows: u64::from_be_bytes(*rows),
            sum: u128::from_be_bytes(sum.try_into().ok()?),
        })
    }
}

fn hash(key: &[u8], value: &[u8]) -> u128 {
    let mut hasher = SipHasher13::new();
    // The length tells a key that ends early from a value that begins late.
    hasher.write_usize(key.len());
    hasher.write(key);
    hasher.write(value);
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn order_does_not_matter_and_what_goes_leaves_nothing() {
        let (mut one, mut other) = (Tally::default(), Tally::default());
        one.add(b"a", b"1");
        one.add(b"b", b"2");
        other.add(b"b", b"2");
        other.add(b"c", b"");
        other.add(b"a", b"1");
        assert_ne!(one, other);
        other.remove(b"c", b"");
        assert_eq!(one, other);
        one.remove(b"a", b"1");
        one.remove(b"b", b"2");
        assert_eq!(one, Tally::default());
    }

    #[test]
    fn key_and_value_are_told_apart() {
        let (mut one, mut other) = (Tally::default(), Tally::default());
        one.add(b"ab", b"c");
        other.add(b"a", b"bc");
        assert_ne!(one.sum, other.sum);
    }

    #[test]
    fn its_bytes_are_fixed() {
        let mut tally = Tally {
            groups: 7,
            ..Tally::default()
        };
        tally.add(b"key", b"value");
        let bytes = tally.encode();
        assert_eq!(Tally::decode(&bytes), Some(tally));
        assert_eq!(Tally::decode(&bytes[1..]), None);
        let shown: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(&shown[..32], "00000000000000070000000000000001");
        assert_eq!(shown.len(), 64);
    }
}
