//! After a failure no change is acknowledged, and acknowledged changes are kept.

use crate::support::{all_keys, batch, commit, data_type, key, open_with};
use beamlive_storage::records::DataType;
use beamlive_storage::{
    Applied, Batch, CommitError, Committed, Engine, EngineError, EngineKind, Entries, Faults, MemoryEngine,
    Order, Step, Store, StoreStatus, Unavailable,
};
use rstest::rstest;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use tempfile::TempDir;

fn reason(outcome: Result<Committed, CommitError>) -> Arc<str> {
    match outcome {
        Err(CommitError::WritesOff(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_failed_write_turns_writes_off_and_reads_continue() {
    let engine = MemoryEngine::new();
    let store = Store::with_engine(Arc::new(engine.clone()), 8);
    commit(&store, |b| b.insert(key(1), &data_type("kept")))
        .await
        .unwrap();
    engine.fail_after(0);
    let waiting = store.reserve().unwrap();
    let why = reason(commit(&store, |b| b.insert(key(2), &data_type("lost"))).await);
    assert_eq!(&*why, "a fault was injected");
    assert_eq!(
        store.status(),
        StoreStatus::WritesOff {
            reason: Arc::clone(&why)
        }
    );
    assert_eq!(
        store.reserve().unwrap_err(),
        Unavailable::WritesOff(Arc::clone(&why))
    );

    // The disk works again, but nothing is retried.
    engine.fail_after(u64::MAX);
    reason(
        waiting
            .commit(batch(|b| b.insert(key(3), &data_type("late"))))
            .await,
    );
    assert_eq!(
        store.get::<DataType>(&key(1)).unwrap().unwrap().record.name,
        "kept"
    );
    assert_eq!(all_keys(&store).len(), 1);
    assert_eq!(store.close().unwrap_err(), Unavailable::WritesOff(why));
    assert_eq!(store.metrics().batches, 1);

    let reopened = Store::with_engine(Arc::new(engine), 8);
    assert_eq!(
        reopened.get::<DataType>(&key(1)).unwrap().unwrap().record.name,
        "kept"
    );
    commit(&reopened, |b| b.insert(key(2), &data_type("again")))
        .await
        .unwrap();
    assert_eq!(reopened.get::<DataType>(&key(3)).unwrap(), None);
}

#[tokio::test]
async fn all_batches_queued_behind_a_failure_are_answered() {
    let engine = MemoryEngine::new();
    engine.fail_after(2);
    let store = Store::with_engine(Arc::new(engine), 2000);
    let permits: Vec<_> = (0..2000).map(|_| store.reserve().unwrap()).collect();
    let receipts: Vec<_> = permits
        .into_iter()
        .zip(1..)
        .map(|(permit, id)| permit.commit(batch(|b| b.insert(key(id), &data_type("a")))))
        .collect();
    let mut outcomes = Vec::new();
    for receipt in receipts {
        outcomes.push(receipt.await);
    }
    let acknowledged = outcomes.iter().take_while(|outcome| outcome.is_ok()).count();
    assert!((2..=1024).contains(&acknowledged), "{acknowledged}");
    for outcome in outcomes.drain(acknowledged..) {
        reason(outcome);
    }
    assert_eq!(all_keys(&store).len(), acknowledged);
}

/// A database with a given result for every group.
struct Preset(fn(&[Batch]) -> Result<Applied, EngineError>);

impl Engine for Preset {
    fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(None)
    }

    fn range(&self, _: &[u8], _: &[u8], _: Order) -> Entries<'_> {
        Box::new(std::iter::empty())
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        (self.0)(group)
    }
}

#[tokio::test]
async fn a_panic_of_the_database_turns_writes_off() {
    let store = Store::with_engine(Arc::new(Preset(|group| panic!("{} is too much", group.len()))), 8);
    let waiting = store.reserve().unwrap();
    let why = reason(commit(&store, |b| b.mark(key(1))).await);
    assert_eq!(&*why, "the database panicked: 1 is too much");
    reason(waiting.commit(batch(|b| b.mark(key(2)))).await);
    assert!(store.close().is_err());
}

#[tokio::test]
async fn a_database_that_forgets_a_batch_turns_writes_off() {
    let store = Store::with_engine(
        Arc::new(Preset(|_| {
            Ok(Applied {
                outcomes: Vec::new(),
                groups: 1,
            })
        })),
        8,
    );
    let why = reason(commit(&store, |b| b.mark(key(1))).await);
    assert_eq!(&*why, "0 outcomes for 1 batches");
    assert_eq!(store.status(), StoreStatus::WritesOff { reason: why });
}

#[tokio::test]
async fn the_reason_has_the_whole_chain() {
    let store = Store::with_engine(
        Arc::new(Preset(|_| {
            let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
            Err(EngineError::Sync(full))
        })),
        8,
    );
    let why = reason(commit(&store, |b| b.mark(key(1))).await);
    assert_eq!(
        &*why,
        "what was written could not be synced to the disk: no storage space; whether the last changes are stored is known after a restart"
    );
}

/// A database that panics on writes.
#[derive(Clone)]
struct Panics;

impl Faults for Panics {
    fn before(&self, step: Step) -> io::Result<()> {
        let writer = std::thread::current().name() == Some("store-writer");
        assert!(!writer || step != Step::Write, "wanted");
        Ok(())
    }
}

#[rstest]
#[tokio::test]
async fn a_panic_during_a_write_turns_writes_off_and_reads_continue(
    #[values(EngineKind::Sled, EngineKind::Fjall)] engine: EngineKind,
) {
    let directory = TempDir::new().unwrap();
    let store = crate::support::open(engine, directory.path());
    commit(&store, |b| b.insert(key(1), &data_type("kept")))
        .await
        .unwrap();
    store.close().unwrap();
    drop(store);
    let store = open_with(engine, directory.path(), Panics).unwrap();
    let why = reason(commit(&store, |b| b.insert(key(2), &data_type("lost"))).await);
    assert_eq!(&*why, "the database panicked: wanted");
    let kept = |store: &Store| store.get::<DataType>(&key(1)).unwrap().unwrap().record.name;
    assert_eq!(kept(&store), "kept");
    store.close().unwrap_err();
    drop(store);
    assert_eq!(kept(&crate::support::open(engine, directory.path())), "kept");
}

/// A database whose disk is full for a number of groups.
struct FullDisk {
    inner: MemoryEngine,
    refusals: AtomicU32,
}

impl Engine for FullDisk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.inner.get(key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        self.inner.range(start, end, order)
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        let left = self
            .refusals
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => Err(EngineError::Full { free: 1, needed: 2 }),
            Err(_) => self.inner.apply(group),
        }
    }
}

#[tokio::test]
async fn a_temporary_failure_is_retried_and_a_lasting_one_turns_writes_off() {
    for (refusals, passes) in [(3, true), (u32::MAX, false)] {
        let engine = FullDisk {
            inner: MemoryEngine::new(),
            refusals: AtomicU32::new(refusals),
        };
        let store = Store::with_engine(Arc::new(engine), 8);
        let outcome = commit(&store, |b| b.insert(key(1), &data_type("a"))).await;
        match passes {
            true => assert!(outcome.is_ok(), "{outcome:?}"),
            false => assert_eq!(
                &*reason(outcome),
                "the disk of the store has 1 bytes left, and needs 2 to go on: make room"
            ),
        }
    }
}
