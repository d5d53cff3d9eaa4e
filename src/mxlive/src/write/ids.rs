//! Counters, and the ids that a dump leaves out.

use super::stored::Written;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::{Batch, Order, ReadError, Store};
use std::collections::BTreeMap;

/// The new ids of each table.
#[derive(Default)]
pub(super) struct Ids {
    new: BTreeMap<Table, Vec<u64>>,
    /// Declared tables: the last id given, and the ranges that were never given.
    declared: BTreeMap<Table, (u64, Vec<(u64, u64)>)>,
    /// The last ids given of other tables.
    last: BTreeMap<Table, u64>,
}

impl Ids {
    pub(super) fn add(&mut self, table: Table, id: u64, done: Written) {
        if done == Written::New {
            self.new.entry(table).or_default().push(id);
        }
    }

    /// Notes the last id that was given in a table.
    pub(super) fn raise(&mut self, table: Table, last: u64, skipped: &[(u64, u64)]) {
        if matches!(table, Table::Session | Table::Dataset | Table::Report) {
            self.last.insert(table, last);
            self.new.entry(table).or_default();
        } else {
            self.declared.insert(table, (last, skipped.to_vec()));
        }
    }

    /// Raises the counters, and records which ids below them were never given.
    pub(super) fn finish(self, store: &Store, batch: &mut Batch) -> Result<(), ReadError> {
        for (table, (last, ranges)) in self.declared {
            let counter = store.counter(table)?;
            if counter < last {
                batch.set(keys::counter(table), &last.to_be_bytes());
            }
            // If the store's counter is higher, these ids may be in use.
            let ranges = ranges
                .into_iter()
                .filter(|(_, end)| counter <= last && *end <= last);
            for (first, end) in ranges {
                let row = keys::skipped_ids(table, first);
                if store.get_bytes(&row)?.is_none() {
                    batch.point(row, IdRef::Known(end));
                }
            }
        }
        for (table, mut ids) in self.new {
            ids.sort_unstable();
            let (counter, old) = (store.counter(table)?, skipped(store, table)?);
            let given = self.last.get(&table).copied().unwrap_or(0);
            let last = ids.last().copied().unwrap_or(0).max(counter).max(given);
            let mut ranges = old.clone();
            if last > counter {
                ranges.push((counter + 1, last));
                batch.set(keys::counter(table), &last.to_be_bytes());
            }
            let new = without(&ranges, &ids);
            let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
                (old.into_iter().collect(), new.into_iter().collect());
            for first in old.keys().filter(|first| !new.contains_key(first)) {
                batch.clear(keys::skipped_ids(table, *first));
            }
            for (first, end) in new.iter().filter(|(first, end)| old.get(first) != Some(end)) {
                batch.point(keys::skipped_ids(table, *first), IdRef::Known(*end));
            }
        }
        Ok(())
    }
}

/// The ranges of ids that were skipped so far.
fn skipped(store: &Store, table: Table) -> Result<Vec<(u64, u64)>, ReadError> {
    let prefix = Key::of(Table::SkippedIds).tail(&[table as u8]);
    let (start, end) = keys::below(&prefix, None);
    let rows = store.scan_bytes(&start, &end, Order::Ascending);
    let mut ranges = Vec::new();
    for row in rows {
        let (key, value) = row?;
        let last = value.as_slice().try_into().ok().map(u64::from_be_bytes);
        ranges.extend(keys::last_id(&key).zip(last));
    }
    Ok(ranges)
}

/// Ascending ranges without the ids of an ascending list.
fn without(ranges: &[(u64, u64)], ids: &[u64]) -> Vec<(u64, u64)> {
    let mut left = Vec::new();
    let mut ids = ids.iter().copied().peekable();
    for (mut first, last) in ranges.iter().copied() {
        while let Some(id) = ids.next_if(|id| *id <= last) {
            if id < first {
                continue;
            }
            if id > first {
                left.push((first, id - 1));
            }
            first = id + 1;
        }
        if first <= last {
            left.push((first, last));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn ids_are_cut_out_of_ranges() {
        assert_eq!(without(&[(1, 10)], &[1, 2, 5, 10]), [(3, 4), (6, 9)]);
        assert_eq!(
            without(&[(1, 3), (7, 9)], &[2, 5, 8, 12]),
            [(1, 1), (3, 3), (7, 7), (9, 9)]
        );
        assert_eq!(without(&[(4, 4)], &[4]), []);
        assert_eq!(without(&[(4, 6)], &[]), [(4, 6)]);
    }
}
