//! After a failure nothing is acknowledged any more, and what was acknowledged is there.

use crate::support::{batch, commit, data_type, key, open_with};
use beamlive_storage::records::DataType;
use beamlive_storage::{
    Batch, CommitError, Committed, Conflict, Engine, EngineError, Entries, Faults, MemoryEngine, Order, Step,
    Store, StoreStatus, Unavailable,
};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

fn reason(outcome: Result<Committed, CommitError>) -> Arc<str> {
    match outcome {
        Err(CommitError::WritesOff(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_failed_write_turns_writes_off_and_reads_go_on() {
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

    // The disk is well again, but nothing is retried.
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
    assert_eq!(store.scan_keys(&[], &[0xff], Order::Ascending).count(), 1);
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
async fn all_that_is_queued_behind_a_failure_is_answered() {
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
    assert_eq!(
        store.scan_keys(&[], &[0xff], Order::Ascending).count(),
        acknowledged
    );
}

/// A database that does what no database should.
struct Unruly(fn(&[Batch]) -> Applied);

type Applied = Result<Vec<Result<Committed, Conflict>>, EngineError>;

impl Engine for Unruly {
    fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(None)
    }

    fn range(&self, _: &[u8], _: &[u8], _: Order) -> Entries<'_> {
        Box::new(std::iter::empty())
    }

    fn apply(&self, group: &[Batch]) -> Result<Vec<Result<Committed, Conflict>>, EngineError> {
        (self.0)(group)
    }
}

#[tokio::test]
async fn a_panic_of_the_database_turns_writes_off() {
    let store = Store::with_engine(Arc::new(Unruly(|group| panic!("{} is too much", group.len()))), 8);
    let waiting = store.reserve().unwrap();
    let why = reason(commit(&store, |b| b.mark(key(1))).await);
    assert_eq!(&*why, "the database panicked: 1 is too much");
    reason(waiting.commit(batch(|b| b.mark(key(2)))).await);
    assert!(store.close().is_err());
}

#[tokio::test]
async fn a_database_that_forgets_a_batch_turns_writes_off() {
    let store = Store::with_engine(Arc::new(Unruly(|_| Ok(Vec::new()))), 8);
    let why = reason(commit(&store, |b| b.mark(key(1))).await);
    assert_eq!(&*why, "0 outcomes for 1 batches");
    assert_eq!(store.status(), StoreStatus::WritesOff { reason: why });
}

#[tokio::test]
async fn the_reason_has_the_whole_chain() {
    let store = Store::with_engine(
        Arc::new(Unruly(|_| {
            let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
            Err(EngineError::Sync(full))
        })),
        8,
    );
    let why = reason(commit(&store, |b| b.mark(key(1))).await);
    assert_eq!(
        &*why,
        "what was written could not be synced to the disk: no storage space"
    );
}

/// A database that panics when it is written.
#[derive(Clone)]
struct Panics;

impl Faults for Panics {
    fn before(&self, step: Step) -> io::Result<()> {
        assert!(step != Step::Checkpoint, "wanted");
        Ok(())
    }
}

#[tokio::test]
async fn a_panic_behind_the_journal_turns_writes_off_and_nobody_waits_for_ever() {
    let directory = TempDir::new().unwrap();
    let store = open_with(directory.path(), Panics).unwrap();
    let long = data_type(&"x".repeat(500));
    let mut kept = 0;
    let why = loop {
        let written = commit(&store, |b| b.insert(key(kept + 1), &long));
        match tokio::time::timeout(Duration::from_secs(60), written)
            .await
            .unwrap()
        {
            Ok(_) => kept += 1,
            refused => break reason(refused),
        }
    };
    assert_eq!(&*why, "the database failed: the database panicked: wanted");
    assert!(kept > 0);
    let all =
        |store: &Store| (1..=kept).all(|id| store.get::<DataType>(&key(id)).unwrap().unwrap().record == long);
    assert!(all(&store));
    store.close().unwrap_err();
    drop(store);
    assert!(all(&crate::support::open(directory.path())));
}
