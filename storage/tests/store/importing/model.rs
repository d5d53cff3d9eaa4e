//! Random groups, ends and restarts, compared with the rows before and after.

use super::{begin, Rows, UNDO};
use crate::faulty::Disk;
use crate::map::{change, Change, Map};
use crate::support::{all_rows, open, open_with, DURABLE};
use beamlive_storage::{CommitError, EngineKind, Order, Store};
use futures_executor::block_on;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

#[derive(Debug, Clone, Copy)]
enum End {
    Finish,
    Drop,
    Kill,
    PowerCut,
    /// Killed once the given number of steps of the rollback are taken.
    KillTwice(u32),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::Finish),
        Just(End::Drop),
        Just(End::Kill),
        Just(End::PowerCut),
        (0..3_u32).prop_map(End::KillTwice),
    ]
}

/// Commits the changes, several at a time, so that groups have several batches.
fn change_all(store: &Store, map: &mut Map, first: usize, changes: &[Change]) {
    let mut receipts = Vec::new();
    for (n, change) in (first..).zip(changes) {
        let receipt = store.reserve().unwrap().commit(map.batch(n, *change));
        receipts.push((receipt, map.apply(n, *change)));
    }
    for (receipt, holds) in receipts {
        match block_on(receipt) {
            Ok(_) => assert!(holds),
            Err(CommitError::Conflict(_)) => assert!(!holds),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Imports into the files of `live`. Returns the files that are left.
fn import(engine: EngineKind, live: TempDir, map: &mut Map, changes: &[Change], end: End) -> TempDir {
    let disk = Disk::new(live.path(), None);
    let import = begin(engine, live.path(), disk.clone()).unwrap();
    disk.keep_synced();
    let mut imported = map.clone();
    change_all(import.store(), &mut imported, 1000, changes);
    assert_eq!(Map::read(import.store(), Order::Ascending).unwrap(), imported);
    match end {
        End::Finish => {
            import.finish().unwrap();
            *map = imported;
            live
        }
        End::Drop => {
            drop(import);
            live
        }
        End::Kill => disk.copy(),
        End::PowerCut => disk.cut(),
        End::KillTwice(steps) => {
            let left = disk.copy();
            let second = Disk::new(left.path(), Some((beamlive_storage::Step::Sync, steps)));
            match open_with(engine, left.path(), second.clone()) {
                // The rollback had fewer steps.
                Ok(_) => second.copy(),
                Err(_) => left,
            }
        }
    }
}

fn run(engine: EngineKind, first: &[Change], imports: Vec<(Vec<Change>, End)>) {
    let (mut live, mut map) = (TempDir::new().unwrap(), Map::default());
    let store = open(engine, live.path());
    change_all(&store, &mut map, 0, first);
    let mut rows: Rows = all_rows(&store);
    store.close().unwrap();
    drop(store);
    for (changes, end) in imports {
        live = import(engine, live, &mut map, &changes, end);
        let store = open(engine, live.path());
        assert_eq!(Map::read(&store, Order::Ascending).unwrap(), map);
        match end {
            End::Finish => rows = all_rows(&store),
            _ => assert_eq!(all_rows(&store), rows),
        }
        assert!(!live.path().join(UNDO).exists());
        store.close().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_import_is_there_as_a_whole_or_not_at_all(
        engine in select(DURABLE.to_vec()),
        first in vec(change(), 0..12),
        imports in vec((vec(change(), 0..20), end()), 1..4),
    ) {
        run(engine, &first, imports);
    }
}
