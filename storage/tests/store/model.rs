//! A store on each engine, restarted at any moment, compared with a map.

use crate::map::{change, Change, Map};
use crate::support::{restartable, OnDisk};
use beamlive_storage::{CommitError, EngineKind, Order, Table};
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Debug, Clone)]
enum Op {
    Change(Change),
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![16 => change().prop_map(Op::Change), 1 => Just(Op::Restart)]
}

async fn run(engine: EngineKind, ops: Vec<Op>) {
    let (mut on_disk, mut map) = (OnDisk::new(engine), Map::default());
    for (n, op) in ops.into_iter().enumerate() {
        let Op::Change(change) = op else {
            on_disk = on_disk.restart();
            check(&on_disk, &map);
            continue;
        };
        let batch = map.batch(n, change);
        let outcome = on_disk.store.reserve().unwrap().commit(batch).await;
        match (outcome, map.apply(n, change)) {
            (Ok(_), holds) => assert!(holds),
            (Err(CommitError::Conflict(_)), holds) => assert!(!holds),
            (Err(error), _) => panic!("{error}"),
        }
    }
    check(&on_disk, &map);
    check(&on_disk.restart(), &map);
}

fn check(on_disk: &OnDisk, map: &Map) {
    let store = &on_disk.store;
    for order in [Order::Ascending, Order::Descending] {
        assert_eq!(&Map::read(store, order).unwrap(), map);
    }
    let pieces: usize = map
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
    assert_eq!(store.metrics().trouble, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_equals_a_map_across_restarts(engine in select(restartable()), ops in proptest::collection::vec(op(), 1..25)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(engine, ops));
    }
}
