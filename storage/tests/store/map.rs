//! A map that is compared with a store after the same changes.

use crate::support::data_type;
use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::records::DataType;
use beamlive_storage::{keys, Batch, Key, Order, ReadError, Store, Table};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One batch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Creates a record under the next id, with an index entry.
    Create(usize),
    /// Creates a record under a given id.
    Insert(u64, usize),
    /// Replaces a record at its revision, or at an older one.
    Replace(u64, bool, usize),
    Remove(u64),
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let id = 1..8_u64;
    let size = prop_oneof![6 => 0..60_usize, 1 => 16_300..16_500_usize, 1 => 30_000..90_000_usize];
    prop_oneof![
        4 => size.clone().prop_map(Change::Create),
        3 => (id.clone(), size.clone()).prop_map(|(id, size)| Change::Insert(id, size)),
        6 => (id.clone(), prop::bool::weighted(0.2), size)
            .prop_map(|(id, stale, size)| Change::Replace(id, stale, size)),
        3 => id.prop_map(Change::Remove),
    ]
}

/// The content of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Map {
    pub(crate) records: BTreeMap<u64, (u64, String)>,
    pub(crate) index: Vec<u64>,
    pub(crate) last: u64,
}

fn record(id: impl Into<IdRef>) -> Key {
    keys::record(Table::DataType, id)
}

fn index(id: impl Into<IdRef>) -> Key {
    keys::index(Table::DatasetByProject, ProjectId(1), id)
}

/// The record that the `n`th change writes.
fn name(n: usize, size: usize) -> String {
    char::from(b'a' + (n % 26) as u8).to_string().repeat(size)
}

impl Map {
    /// The batch of the `n`th change, given this map.
    pub(crate) fn batch(&self, n: usize, change: Change) -> Batch {
        let mut batch = Batch::new();
        match change {
            Change::Create(size) => {
                let id = batch.allocate(Table::DataType);
                // A record with this id may exist already.
                batch.require_absent(record(id));
                batch.insert(record(id), &data_type(&name(n, size)));
                batch.point(index(id), id);
            }
            Change::Insert(id, size) => batch.insert(record(IdRef::Known(id)), &data_type(&name(n, size))),
            Change::Replace(id, stale, size) => {
                let revision = self.revision(id) - u64::from(stale);
                batch.replace(record(IdRef::Known(id)), revision, &data_type(&name(n, size)));
            }
            Change::Remove(id) => {
                batch.remove(record(IdRef::Known(id)), self.revision(id));
                batch.clear(index(IdRef::Known(id)));
            }
        }
        batch
    }

    fn revision(&self, id: u64) -> u64 {
        self.records.get(&id).map_or(1, |(revision, _)| *revision)
    }

    /// Applies the `n`th change. Returns whether its preconditions hold.
    pub(crate) fn apply(&mut self, n: usize, change: Change) -> bool {
        match change {
            Change::Create(size) => {
                let id = self.last + 1;
                let holds = !self.records.contains_key(&id);
                if holds {
                    self.last = id;
                    self.records.insert(id, (1, name(n, size)));
                    self.index.push(id);
                }
                holds
            }
            Change::Insert(id, size) => {
                let holds = !self.records.contains_key(&id);
                self.records.entry(id).or_insert((1, name(n, size)));
                holds
            }
            Change::Replace(id, stale, size) => match self.records.get_mut(&id) {
                Some((revision, value)) if !stale => {
                    *revision += 1;
                    *value = name(n, size);
                    true
                }
                _ => false,
            },
            Change::Remove(id) => {
                let holds = self.records.remove(&id).is_some();
                if holds {
                    self.index.retain(|entry| *entry != id);
                }
                holds
            }
        }
    }

    /// The content of `store`.
    pub(crate) fn read(store: &Store, order: Order) -> Result<Self, ReadError> {
        let table = [Table::DataType as u8];
        let records: Vec<_> = store
            .scan::<DataType>(&table, &[Table::DataType as u8 + 1], order)
            .collect::<Result<_, _>>()?;
        let (start, end) = keys::below(&Key::of(Table::DatasetByProject), None);
        let index: Vec<_> = store
            .scan_keys(&start, &end, Order::Ascending)
            .collect::<Result<_, _>>()?;
        let ids: Vec<_> = records
            .iter()
            .map(|(key, _)| keys::last_id(key).unwrap())
            .collect();
        let in_order = match order {
            Order::Ascending => ids.is_sorted(),
            Order::Descending => ids.iter().rev().is_sorted(),
        };
        assert!(in_order, "{ids:?}");
        Ok(Self {
            records: ids
                .into_iter()
                .zip(records)
                .map(|(id, (_, read))| (id, (read.revision, read.record.name)))
                .collect(),
            index: index.iter().map(|key| keys::last_id(key).unwrap()).collect(),
            last: store.counter(Table::DataType)?,
        })
    }
}
