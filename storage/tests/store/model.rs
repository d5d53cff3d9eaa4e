//! A store on sled, restarted at any moment, against a map.

use crate::support::{commit, data_type, OnDisk};
use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::records::DataType;
use beamlive_storage::{keys, CommitError, Key, Order, Table};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Op {
    /// Creates a record under the next id, with an index entry.
    Create(usize),
    /// Creates a record under an id of its own.
    Insert(u64, usize),
    /// Replaces what it last saw, or something older.
    Replace(u64, bool, usize),
    Remove(u64),
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    let id = 1..8_u64;
    let size = prop_oneof![6 => 0..60_usize, 1 => 16_300..16_500_usize, 1 => 30_000..90_000_usize];
    prop_oneof![
        4 => size.clone().prop_map(Op::Create),
        3 => (id.clone(), size.clone()).prop_map(|(id, size)| Op::Insert(id, size)),
        6 => (id.clone(), prop::bool::weighted(0.2), size).prop_map(|(id, stale, size)| Op::Replace(id, stale, size)),
        3 => id.prop_map(Op::Remove),
        1 => Just(Op::Restart),
    ]
}

#[derive(Default)]
struct Model {
    records: BTreeMap<u64, (u64, String)>,
    index: Vec<u64>,
    last: u64,
}

fn record(id: impl Into<IdRef>) -> Key {
    keys::record(Table::DataType, id)
}

fn index(id: impl Into<IdRef>) -> Key {
    keys::index(Table::DatasetByProject, ProjectId(1), id)
}

async fn run(ops: Vec<Op>) {
    let (mut on_disk, mut model) = (OnDisk::new(), Model::default());
    for (n, op) in ops.into_iter().enumerate() {
        let store = &on_disk.store;
        let name = |size| char::from(b'a' + (n % 26) as u8).to_string().repeat(size);
        let (outcome, holds) = match op {
            Op::Create(size) => {
                let holds = !model.records.contains_key(&(model.last + 1));
                let mut slot = None;
                let outcome = commit(store, |b| {
                    let id = b.allocate(Table::DataType);
                    // What was put there by hand is in the way.
                    b.require_absent(record(id));
                    b.insert(record(id), &data_type(&name(size)));
                    b.point(index(id), id);
                    slot = Some(id);
                })
                .await;
                if let Ok(committed) = &outcome {
                    model.last += 1;
                    assert_eq!(committed.id(slot.unwrap()), model.last);
                    model.records.insert(model.last, (1, name(size)));
                    model.index.push(model.last);
                }
                (outcome, holds)
            }
            Op::Insert(id, size) => {
                let outcome = commit(store, |b| {
                    b.insert(record(IdRef::Known(id)), &data_type(&name(size)))
                })
                .await;
                let holds = !model.records.contains_key(&id);
                model.records.entry(id).or_insert((1, name(size)));
                (outcome, holds)
            }
            Op::Replace(id, stale, size) => {
                let known = model.records.get(&id).map_or(1, |(revision, _)| *revision);
                let revision = known - u64::from(stale);
                let outcome = commit(store, |b| {
                    b.replace(record(IdRef::Known(id)), revision, &data_type(&name(size)));
                })
                .await;
                let holds = model.records.contains_key(&id) && !stale;
                if holds {
                    model.records.insert(id, (revision + 1, name(size)));
                }
                (outcome, holds)
            }
            Op::Remove(id) => {
                let revision = model.records.get(&id).map_or(1, |(revision, _)| *revision);
                let outcome = commit(store, |b| {
                    b.remove(record(IdRef::Known(id)), revision);
                    b.clear(index(IdRef::Known(id)));
                })
                .await;
                let holds = model.records.remove(&id).is_some();
                if holds {
                    model.index.retain(|entry| *entry != id);
                }
                (outcome, holds)
            }
            Op::Restart => {
                on_disk = on_disk.restart();
                check(&on_disk, &model);
                continue;
            }
        };
        match outcome {
            Ok(_) => assert!(holds),
            Err(CommitError::Conflict(_)) => assert!(!holds),
            Err(error) => panic!("{error}"),
        }
    }
    check(&on_disk, &model);
    check(&on_disk.restart(), &model);
}

fn check(on_disk: &OnDisk, model: &Model) {
    let store = &on_disk.store;
    for order in [Order::Ascending, Order::Descending] {
        let mut read: Vec<_> = store
            .scan::<DataType>(&[Table::DataType as u8], &[Table::DataType as u8 + 1], order)
            .map(|entry| entry.unwrap())
            .map(|(key, read)| (keys::last_id(&key).unwrap(), (read.revision, read.record.name)))
            .collect();
        if order == Order::Descending {
            read.reverse();
        }
        assert!(read
            .iter()
            .map(|(id, state)| (id, state))
            .eq(model.records.iter()));
    }
    let table = Key::of(Table::DatasetByProject);
    let (start, end) = keys::below(&table, None);
    let entries: Vec<_> = store
        .scan_keys(&start, &end, Order::Ascending)
        .map(|key| keys::last_id(&key.unwrap()).unwrap())
        .collect();
    assert_eq!(entries, model.index);
    assert_eq!(store.counter(Table::DataType).unwrap(), model.last);
    let pieces: usize = model
        .records
        .values()
        .map(|(_, name)| match name.len() + 20 {
            short if short < 16_300 => 0,
            _ => name.len().div_ceil(16 * 1024) + 1,
        })
        .sum();
    let found = store
        .scan_keys(&[Table::Chunk as u8], &[0xff; 600], Order::Ascending)
        .count();
    assert!(found <= pieces, "{found} pieces, {pieces} at most");
    assert_eq!(store.metrics().blobs, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_does_what_a_map_does_across_restarts(ops in proptest::collection::vec(op(), 1..25)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(ops));
    }
}
