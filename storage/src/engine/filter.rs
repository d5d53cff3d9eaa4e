//! Which keys a layer or a run can't have: a Bloom filter whose bits for one key lie in one line of the processor's cache.

use siphasher::sip128::{Hash128, Hasher128, SipHasher13};
use std::hash::Hasher;

/// Bits for a row. A key that is not there passes about twice in a thousand times.
const BITS_PER_ROW: u64 = 16;
/// Bits that are set for a key.
const PROBES: u32 = 7;
/// Bits that lie together.
const LINE_BITS: u64 = 512;
const LINE_BYTES: usize = 64;

/// What a key is in every filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash(Hash128);

impl Hash {
    /// The hash of a key: the same in every process, for it is on disk.
    pub(crate) fn of(key: &[u8]) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(key);
        Self(hasher.finish128())
    }
}

/// The filter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    lines: Vec<[u8; LINE_BYTES]>,
}

impl Filter {
    /// One for at most so many rows.
    pub(crate) fn for_rows(rows: u64) -> Self {
        let lines = rows.saturating_mul(BITS_PER_ROW).div_ceil(LINE_BITS).max(1);
        Self {
            lines: vec![[0; LINE_BYTES]; usize::try_from(lines).unwrap_or(1)],
        }
    }

    /// One that was kept as bytes; none if they are of no filter.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (lines, rest) = bytes.as_chunks::<LINE_BYTES>();
        (!lines.is_empty() && rest.is_empty()).then(|| Self {
            lines: lines.to_vec(),
        })
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.lines.as_flattened()
    }

    /// Notes a key.
    pub(crate) fn insert(&mut self, hash: Hash) {
        let line = self.line(hash);
        if let Some(line) = self.lines.get_mut(line) {
            for (byte, bit) in probes(hash) {
                if let Some(byte) = line.get_mut(byte) {
                    *byte |= bit;
                }
            }
        }
    }

    /// Whether the key may have been noted; when not, it was not.
    pub(crate) fn may_have(&self, hash: Hash) -> bool {
        self.lines.get(self.line(hash)).is_none_or(|line| {
            probes(hash).all(|(byte, bit)| line.get(byte).is_none_or(|found| found & bit != 0))
        })
    }

    /// By one half of the hash; the other one is for the probes.
    fn line(&self, hash: Hash) -> usize {
        let scaled = u128::from(hash.0.h1) * self.lines.len() as u128;
        usize::try_from(scaled >> 64).unwrap_or_default()
    }
}

fn probes(hash: Hash) -> impl Iterator<Item = (usize, u8)> {
    (0..PROBES).map(move |probe| {
        let bit = (hash.0.h2 >> (9 * probe)) % LINE_BITS;
        (usize::try_from(bit / 8).unwrap_or_default(), 1 << (bit % 8))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(n: u32) -> Hash {
        Hash::of(&n.to_be_bytes())
    }

    #[test]
    fn it_has_all_that_was_noted_and_little_else() {
        const ROWS: u32 = 100_000;
        let mut filter = Filter::for_rows(u64::from(ROWS));
        for n in 0..ROWS {
            filter.insert(key(n));
        }
        assert!((0..ROWS).all(|n| filter.may_have(key(n))));
        let wrong = (ROWS..2 * ROWS).filter(|n| filter.may_have(key(*n))).count();
        assert!(wrong < 400, "{wrong} of {ROWS} passed");
        assert_eq!(Filter::read(filter.bytes()).unwrap(), filter);
    }

    #[test]
    fn an_empty_one_has_nothing() {
        let filter = Filter::for_rows(0);
        assert!(!(0..1000).any(|n| filter.may_have(key(n))));
    }

    #[test]
    fn bytes_of_no_filter_are_refused() {
        assert_eq!(Filter::read(&[]), None);
        assert_eq!(Filter::read(&[0; 63]), None);
        assert_eq!(Filter::read(&[0; 65]), None);
    }

    #[test]
    fn the_hash_is_the_one_on_disk() {
        assert_eq!(
            Hash::of(b"beamlive").0.as_u128(),
            227_616_631_874_646_223_983_767_737_632_167_239_130
        );
    }
}
