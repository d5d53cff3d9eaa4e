//! The tally: how many groups were written, how many rows there are, and the sum of all rows.
//!
//! It is one row that is written with every group, on every engine. Opening compares the number of
//! groups with the mark (`mark.rs`), which detects a database that lost its end. `verify` compares
//! rows and sum with what it reads, which detects rows that were lost, altered, or replaced by an
//! older version. The tally protects against damage, not against forged rows.

use crate::codec::{decode_fixed, encode_fixed};
use crate::engine::error::EngineError;
use crate::keys::{Key, Table};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// The tally. Its own row is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Number of groups that changed something.
    pub groups: u64,
    /// Number of rows.
    pub rows: u64,
    /// Sum of the hashes of all rows; their order does not matter.
    pub sum: u128,
}

impl Tally {
    /// The key of its row.
    pub fn key() -> Key {
        Key::of(Table::Tally)
    }

    /// Whether `key` is the key of its row.
    pub(crate) fn is_key(key: &[u8]) -> bool {
        key == [Table::Tally as u8]
    }

    /// Reads the tally of a database; all zero if it has none.
    pub(crate) fn read(
        get: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>, EngineError>,
    ) -> Result<Self, EngineError> {
        match get(Self::key().as_bytes())? {
            None => Ok(Self::default()),
            Some(bytes) => Self::decode(&bytes).ok_or(EngineError::Tally),
        }
    }

    /// Counts a row that was added.
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash(key, value));
    }

    /// Counts a row that was removed.
    pub(crate) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(key, value));
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        encode_fixed(&self)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        decode_fixed(bytes)
    }
}

fn hash(key: &[u8], value: &[u8]) -> u128 {
    let mut hasher = SipHasher13::new();
    // The length separates the key from the value.
    hasher.write_usize(key.len());
    hasher.write(key);
    hasher.write(value);
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests;
