//! Values above 16 KiB.

use crate::support::{all_keys, batch, commit, data_type, is_missing, key, of_size, OnDisk};
use beamlive_storage::records::Feedback;
use beamlive_storage::EngineKind::{self, Fjall, Postgres, Sled};
use beamlive_storage::{
    Applied, Batch, CommitError, Engine, EngineError, Entries, MemoryEngine, Order, ReadError, Store, Table,
};
use rstest::rstest;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fn pieces(store: &Store) -> usize {
    store
        .scan_keys(&[Table::Chunk as u8], &[0xff; 600], Order::Ascending)
        .count()
}

fn assert_holds(store: &Store, revision: u64, expected: &Feedback) {
    let read = store.get::<Feedback>(&key(1)).unwrap().unwrap();
    assert_eq!(read.revision, revision);
    assert!(
        &read.record == expected,
        "a record of {} bytes",
        expected.comments.len()
    );
}

fn assert_nothing_spilled(on_disk: &OnDisk) {
    if on_disk.engine == Sled {
        let blobs = std::fs::read_dir(on_disk.directory.path().join("sled/blobs")).unwrap();
        assert_eq!(blobs.count(), 0);
    }
    assert_eq!(on_disk.store.metrics().trouble, None);
}

#[rstest]
#[tokio::test]
async fn large_values_are_written_replaced_and_removed_completely(
    #[values(Sled, Fjall, Postgres)] engine: EngineKind,
) {
    if is_missing(engine) {
        return;
    }
    let mut on_disk = OnDisk::new(engine);
    let sizes = [16 * KIB + 1, MIB, 16 * MIB, 17 * KIB, 10, 16 * KIB, 40 * KIB];
    commit(&on_disk.store, |b| b.insert(key(1), &of_size(10, 0)))
        .await
        .unwrap();
    for (revision, size) in (1..).zip(sizes) {
        let record = of_size(size, revision as u8);
        commit(&on_disk.store, |b| {
            b.replace(key(1), revision, &record);
        })
        .await
        .unwrap();
        assert_holds(&on_disk.store, revision + 1, &record);
        assert!(
            pieces(&on_disk.store) <= size / (16 * KIB) + 1,
            "{size} bytes left old pieces"
        );
        if size == 16 * MIB {
            on_disk = on_disk.restart();
            assert_holds(&on_disk.store, revision + 1, &record);
        }
    }
    let outcome = commit(&on_disk.store, |b| b.remove(key(1), 1)).await;
    assert!(matches!(outcome, Err(CommitError::Conflict(_))), "{outcome:?}");
    commit(&on_disk.store, |b| b.remove(key(1), 8)).await.unwrap();
    assert_eq!(all_keys(&on_disk.store), [[Table::Meta as u8]]);
    assert_nothing_spilled(&on_disk);
    let on_disk = on_disk.restart();
    assert_eq!(all_keys(&on_disk.store), [[Table::Meta as u8]]);
    assert_nothing_spilled(&on_disk);
}

#[rstest]
#[tokio::test]
async fn many_values_just_below_the_limit_spill_nothing(#[values(Sled, Fjall)] engine: EngineKind) {
    let on_disk = OnDisk::new(engine);
    for first in (1..=400).step_by(40) {
        commit(&on_disk.store, |b| {
            for id in first..first + 40 {
                b.insert(key(id), &of_size(16 * KIB - 50, id as u8));
            }
        })
        .await
        .unwrap();
    }
    assert_eq!(pieces(&on_disk.store), 0);
    assert_nothing_spilled(&on_disk);
    assert_holds(&on_disk.restart().store, 1, &of_size(16 * KIB - 50, 1));
}

#[tokio::test]
async fn a_scan_joins_the_pieces() {
    let store = Store::in_memory();
    commit(&store, |b| {
        b.insert(key(1), &of_size(10, 1));
        b.insert(key(2), &of_size(100 * KIB, 2));
        b.insert(key(3), &of_size(20, 3));
    })
    .await
    .unwrap();
    let read: Vec<_> = store
        .scan::<Feedback>(key(1).as_bytes(), key(9).as_bytes(), Order::Descending)
        .map(|entry| entry.unwrap().1.record)
        .collect();
    assert!(read == [of_size(20, 3), of_size(100 * KIB, 2), of_size(10, 1)]);
}

#[tokio::test]
async fn a_key_removed_and_created_again_in_one_group_is_whole() {
    let store = Store::in_memory();
    commit(&store, |b| b.insert(key(1), &of_size(100 * KIB, 1)))
        .await
        .unwrap();
    let permits = [store.reserve().unwrap(), store.reserve().unwrap()];
    let [removal, creation] = permits;
    let removed = removal.commit(batch(|b| b.remove(key(1), 1)));
    let created = creation.commit(batch(|b| b.insert(key(1), &of_size(50 * KIB, 2))));
    removed.await.unwrap();
    created.await.unwrap();
    assert_holds(&store, 1, &of_size(50 * KIB, 2));
    assert_eq!(pieces(&store), 4);
}

#[rstest]
#[tokio::test]
async fn a_reader_sees_whole_values_while_they_are_replaced(
    #[values(Sled, Fjall, Postgres)] engine: EngineKind,
) {
    if is_missing(engine) {
        return;
    }
    let on_disk = OnDisk::new(engine);
    let store = on_disk.store.clone();
    commit(&store, |b| b.insert(key(1), &of_size(200 * KIB, 0)))
        .await
        .unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (store, done) = (store.clone(), Arc::clone(&done));
        move || {
            let (mut last, mut reads) = (0, 0_u32);
            while !done.load(Ordering::SeqCst) {
                let read = store.get::<Feedback>(&key(1)).unwrap();
                if let Some(read) = read {
                    // The length depends on the round. Every tenth round begins at revision 1.
                    let round = read.record.comments.len() - 200 * KIB;
                    assert!(read.record == of_size(200 * KIB + round, (round % 26) as u8));
                    let since = if round < 10 { round } else { round % 10 };
                    assert_eq!(read.revision, since as u64 + 1);
                    assert!(round >= last, "round {round} after {last}");
                    last = round;
                    reads += 1;
                }
            }
            reads
        }
    });
    let mut revision = 1;
    for round in 1..=60_u8 {
        let record = of_size(200 * KIB + usize::from(round), round % 26);
        if round % 10 == 0 {
            commit(&store, |b| b.remove(key(1), revision)).await.unwrap();
            commit(&store, |b| b.insert(key(1), &record)).await.unwrap();
            revision = 1;
        } else {
            commit(&store, |b| revision = b.replace(key(1), revision, &record))
                .await
                .unwrap();
        }
    }
    done.store(true, Ordering::SeqCst);
    assert!(reader.join().unwrap() > 0);
}

/// A database that applies a group between the read of a head and of its second piece.
struct ConcurrentWrite {
    inner: MemoryEngine,
    meanwhile: Mutex<Vec<Batch>>,
    pieces_read: AtomicU32,
}

impl Engine for ConcurrentWrite {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let piece = key.first() == Some(&(Table::Chunk as u8));
        if piece && self.pieces_read.fetch_add(1, Ordering::SeqCst) == 1 {
            let group = std::mem::take(&mut *self.meanwhile.lock().unwrap());
            for outcome in self.inner.apply(&group)?.outcomes {
                outcome.unwrap();
            }
        }
        self.inner.get(key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        self.inner.range(start, end, order)
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        self.inner.apply(group)
    }
}

/// The results of reading a record of 100 KiB by key and by range, while `meanwhile` is applied.
fn read_during(meanwhile: &[Batch]) -> [Option<Feedback>; 2] {
    [false, true].map(|by_range| {
        let inner = MemoryEngine::new();
        let first = batch(|b| b.insert(key(1), &of_size(100 * KIB, 1)));
        inner.apply(&[first]).unwrap().outcomes.pop().unwrap().unwrap();
        let engine = ConcurrentWrite {
            inner,
            meanwhile: Mutex::new(meanwhile.to_vec()),
            pieces_read: AtomicU32::new(0),
        };
        let store = Store::with_engine(Arc::new(engine), 8);
        let read = if by_range {
            let (start, end) = (key(1), key(2));
            let mut records = store.scan::<Feedback>(start.as_bytes(), end.as_bytes(), Order::Ascending);
            records.next().map(|entry| entry.unwrap().1)
        } else {
            store.get::<Feedback>(&key(1)).unwrap()
        };
        read.map(|read| read.record)
    })
}

#[test]
fn a_reader_that_misses_a_piece_reads_again() {
    for size in [100 * KIB, 300 * KIB, 10] {
        let replaced = batch(|b| {
            b.replace(key(1), 1, &of_size(size, 2));
        });
        assert!(read_during(&[replaced]) == [Some(of_size(size, 2)), Some(of_size(size, 2))]);
    }
    assert!(read_during(&[batch(|b| b.remove(key(1), 1))]) == [None, None]);
}

#[test]
fn a_reader_does_not_mix_a_record_with_its_successor_of_the_same_revision() {
    let again = [
        batch(|b| b.remove(key(1), 1)),
        batch(|b| b.insert(key(1), &of_size(100 * KIB, 2))),
    ];
    assert!(read_during(&again) == [Some(of_size(100 * KIB, 2)), Some(of_size(100 * KIB, 2))]);
}

#[tokio::test]
async fn a_missing_piece_is_an_error_and_not_a_shorter_record() {
    let store = Store::in_memory();
    commit(&store, |b| b.insert(key(1), &of_size(100 * KIB, 1)))
        .await
        .unwrap();
    let piece = all_keys(&store).pop().unwrap();
    commit(&store, |b| {
        b.clear(beamlive_storage::Key::of(Table::Chunk).tail(&piece[1..]));
    })
    .await
    .unwrap();
    let error = store.get::<Feedback>(&key(1)).unwrap_err();
    assert!(matches!(error, ReadError::Torn { table: 12 }), "{error:?}");
    let scanned = store
        .scan::<Feedback>(&[12], &[13], Order::Ascending)
        .next()
        .unwrap();
    assert!(scanned.is_err());
}

#[tokio::test]
async fn a_large_value_of_an_unknown_version_is_refused() {
    let store = Store::in_memory();
    commit(&store, |b| b.set(key(1), &[0xff; 20])).await.unwrap();
    let error = store.get::<Feedback>(&key(1)).unwrap_err();
    assert!(matches!(error, ReadError::Decode(_)), "{error:?}");
    commit(&store, |b| b.insert(key(2), &data_type("a")))
        .await
        .unwrap();
}
