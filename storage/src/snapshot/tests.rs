#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::batch::Batch;
use crate::engine::memory::MemoryEngine;
use crate::keys::{Key, Table};
use proptest::prelude::*;
use std::task::Poll;
use std::time::Duration;

const LIMITS: SnapshotLimits = SnapshotLimits {
    memory_bytes: 1024 * 1024,
    patience: Duration::from_secs(60),
};

/// Drives a future that another thread completes.
fn wait<T>(future: impl std::future::Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
        std::thread::yield_now();
    }
}

fn row(n: u8) -> Key {
    Key::of(Table::DataType).tail(&[n])
}

fn write(store: &Store, fill: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::new();
    fill(&mut batch);
    wait(store.reserve().unwrap().commit(batch)).unwrap();
}

fn store_of(rows: &[u8]) -> Store {
    let store = Store::with_engine(Arc::new(MemoryEngine::new()), 8);
    write(&store, |batch| {
        for n in rows {
            batch.set(row(*n), &[0, *n]);
        }
    });
    store
}

/// All rows; the first one is the tally.
fn all(store: &Store) -> Rows {
    store
        .scan_bytes(&[], &successor(&[u8::MAX]), Order::Ascending)
        .collect::<Result<_, _>>()
        .unwrap()
}

#[derive(Debug, Clone)]
enum Step {
    Page(usize),
    Set(u8, u8),
    Clear(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_usize..20).prop_map(Step::Page),
        (any::<u8>(), any::<u8>()).prop_map(|(n, value)| Step::Set(n, value)),
        any::<u8>().prop_map(Step::Clear),
    ]
}

proptest! {
    #[test]
    fn a_snapshot_is_the_store_at_its_start(
        rows in proptest::collection::btree_set(any::<u8>(), 0..60),
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let store = store_of(&rows.into_iter().collect::<Vec<_>>());
        let before = all(&store);
        let mut snapshot = wait(store.snapshot(LIMITS)).unwrap();
        let mut read = Rows::new();
        for step in steps {
            match step {
                Step::Page(bytes) => read.extend(snapshot.page(bytes).unwrap().unwrap_or_default()),
                Step::Set(n, value) => write(&store, |batch| batch.set(row(n), &[1, value])),
                Step::Clear(n) => write(&store, |batch| batch.clear(row(n))),
            }
        }
        while let Some(page) = snapshot.page(30).unwrap() {
            read.extend(page);
        }
        prop_assert_eq!(read, before);
    }
}

#[test]
fn a_snapshot_has_acknowledged_writes_and_no_later_ones() {
    let store = store_of(&[1]);
    let mut snapshot = wait(store.snapshot(LIMITS)).unwrap();
    write(&store, |batch| batch.set(row(2), b"later"));
    let rows = snapshot.page(usize::MAX).unwrap().unwrap();
    assert_eq!(rows.len(), 2);
    assert!(snapshot.page(usize::MAX).unwrap().is_none());
    drop(snapshot);
    let mut snapshot = wait(store.snapshot(LIMITS)).unwrap();
    assert_eq!(snapshot.page(usize::MAX).unwrap().unwrap().len(), 3);
}

#[test]
fn a_snapshot_beyond_its_memory_is_lost_and_writes_continue() {
    let store = store_of(&[1, 2, 3]);
    let limits = SnapshotLimits {
        memory_bytes: 250,
        ..LIMITS
    };
    let mut snapshot = wait(store.snapshot(limits)).unwrap();
    for n in 1..=3 {
        write(&store, |batch| batch.set(row(n), b"new"));
    }
    let lost = snapshot.page(10);
    assert!(
        matches!(lost, Err(SnapshotError::Lost(SnapshotLost::Overrun(250)))),
        "{lost:?}"
    );
    write(&store, |batch| batch.set(row(4), b"new"));
    assert_eq!(all(&store).len(), 5);
    // Rows that were read already are not saved.
    drop(snapshot);
    let mut snapshot = wait(store.snapshot(limits)).unwrap();
    assert_eq!(snapshot.page(1).unwrap().unwrap().len(), 1);
    for _ in 0..9 {
        write(&store, |batch| batch.set(row(1), b"newer"));
    }
    assert_eq!(snapshot.page(usize::MAX).unwrap().unwrap().len(), 4);
}

#[test]
fn saved_rows_that_were_read_free_their_memory() {
    let store = store_of(&[1, 2, 3, 4]);
    let limits = SnapshotLimits {
        memory_bytes: 250,
        ..LIMITS
    };
    let mut snapshot = wait(store.snapshot(limits)).unwrap();
    assert_eq!(snapshot.page(1).unwrap().unwrap().len(), 1, "the tally");
    for n in 1..=4 {
        write(&store, |batch| batch.set(row(n), b"new"));
        assert_eq!(
            snapshot.page(1).unwrap().unwrap(),
            [(row(n).as_bytes().to_vec(), vec![0, n])]
        );
    }
}

#[test]
fn only_one_snapshot_exists_at_a_time() {
    let store = store_of(&[1]);
    let snapshot = wait(store.snapshot(LIMITS)).unwrap();
    assert!(matches!(wait(store.snapshot(LIMITS)), Err(SnapshotError::Busy)));
    drop(snapshot);
    wait(store.snapshot(LIMITS)).unwrap();
}

#[test]
fn a_snapshot_that_is_not_read_is_replaced() {
    let store = store_of(&[1, 2]);
    let hasty = SnapshotLimits {
        patience: Duration::ZERO,
        ..LIMITS
    };
    let mut stalled = wait(store.snapshot(hasty)).unwrap();
    let mut next = wait(store.snapshot(LIMITS)).unwrap();
    assert!(matches!(
        stalled.page(10),
        Err(SnapshotError::Lost(SnapshotLost::Displaced))
    ));
    // Dropping it does not end the snapshot that replaced it.
    drop(stalled);
    assert_eq!(next.page(usize::MAX).unwrap().unwrap().len(), 3);
}

#[test]
fn a_store_that_does_not_write_makes_no_snapshot() {
    let engine = MemoryEngine::new();
    let store = Store::with_engine(Arc::new(engine.clone()), 8);
    engine.fail_after(0);
    let mut batch = Batch::new();
    batch.mark(row(1));
    wait(store.reserve().unwrap().commit(batch)).unwrap_err();
    let refused = wait(store.snapshot(LIMITS));
    assert!(
        matches!(
            refused,
            Err(SnapshotError::Unavailable(Unavailable::WritesOff(_)))
        ),
        "{refused:?}"
    );
}
