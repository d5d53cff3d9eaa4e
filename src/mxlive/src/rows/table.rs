//! All records of one model.

use crate::dump::fields::{DumpDate, FieldError, Fields};
use crate::pk::Pk;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// A record of one model.
pub(crate) trait Row: Sized {
    /// Its label in notes.
    const LABEL: &'static str;

    /// Reads it; dates without an offset are local times in `zone`.
    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError>;

    /// The name by which natural keys refer to it.
    fn natural_key(&self) -> Option<&str> {
        None
    }

    /// When it was last modified.
    fn modified(&self) -> Option<&DumpDate> {
        None
    }

    /// Which of two records with one key counts, with the hash of its fields.
    fn rank(&self, digest: u64) -> Rank {
        (
            self.modified().and_then(DumpDate::micros).unwrap_or(i64::MIN),
            digest,
        )
    }
}

/// Which of two records of one key counts: the greater one.
pub(crate) type Rank = (i64, u64);

/// All records of one model.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    rows: BTreeMap<Pk, (Rank, R)>,
    natural: BTreeMap<String, Pk>,
    /// The keys of records that another of the same key replaced.
    pub(crate) repeated: Vec<Pk>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            natural: BTreeMap::new(),
            repeated: Vec::new(),
        }
    }
}

impl<R: Row> Rows<R> {
    /// Adds a record. Of several with one key, the one that was modified last counts.
    pub(crate) fn add(&mut self, pk: Pk, digest: u64, row: R) {
        let rank = row.rank(digest);
        let known = self.rows.get(&pk).map(|(known, _)| *known);
        if known.is_some() {
            self.repeated.push(pk.clone());
        }
        if known.is_none_or(|known| known < rank) {
            self.rows.insert(pk, (rank, row));
        }
    }

    /// Collects the natural keys, when all records are there.
    pub(crate) fn finish(&mut self) {
        self.repeated.sort();
        for (pk, (_, row)) in self.rows.iter().rev() {
            if let Some(name) = row.natural_key() {
                self.natural.insert(name.to_owned(), pk.clone());
            }
        }
    }

    /// The key and the record that a reference means.
    pub(crate) fn find(&self, pk: &Pk) -> Option<(&Pk, &R)> {
        let by_name = || match pk {
            Pk::Text(name) => self.rows.get_key_value(self.natural.get(name)?),
            // A username may consist of digits.
            Pk::Number(_) => None,
        };
        let (pk, (_, row)) = self.rows.get_key_value(pk).or_else(by_name)?;
        Some((pk, row))
    }

    pub(crate) fn get(&self, pk: &Pk) -> Option<&R> {
        self.find(pk).map(|(_, row)| row)
    }

    /// All of them, in the order of their keys.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Pk, &R)> {
        self.rows.iter().map(|(pk, (_, row))| (pk, row))
    }
}
