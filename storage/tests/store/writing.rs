//! The order of writes, groups, preconditions, the limit of the queue, and closing.

use crate::support::{batch, commit, data_type, is_missing, key, poll_once, Gated, OnDisk};
use beamlive_storage::ids::{DatasetId, IdRef, ProjectId, RawId};
use beamlive_storage::records::{Activity, DataType, Subject};
use beamlive_storage::EngineKind::{self, Fjall, Postgres, Sled};
use beamlive_storage::{keys, CommitError, Order, Store, StoreStatus, Table, Timestamp, Unavailable};
use rstest::rstest;
use std::sync::{Arc, Barrier};
use std::task::Poll;

#[tokio::test]
async fn a_receipt_waits_for_the_disk_and_the_order_is_kept() {
    let (engine, gate) = Gated::new();
    let store = Store::with_engine(engine, 8);
    let mut first = store
        .reserve()
        .unwrap()
        .commit(batch(|b| b.insert(key(1), &data_type("a"))));
    assert_eq!(gate.entered.recv().unwrap(), 1);
    let mut second = store.reserve().unwrap().commit(batch(|b| {
        b.replace(key(1), 1, &data_type("b"));
    }));
    assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());

    gate.open.send(()).unwrap();
    first.await.unwrap();
    assert_eq!(gate.entered.recv().unwrap(), 1);
    assert!(poll_once(&mut second).is_pending());
    gate.open.send(()).unwrap();
    second.await.unwrap();
    assert_eq!(store.get::<DataType>(&key(1)).unwrap().unwrap().record.name, "b");
}

#[tokio::test]
async fn an_empty_batch_waits_only_for_the_outstanding_group() {
    let (engine, gate) = Gated::new();
    let store = Store::with_engine(engine, 8);
    let nothing = || store.reserve().unwrap().commit(batch(|_| {}));
    let mut at_once = nothing();
    assert!(matches!(poll_once(&mut at_once), Poll::Ready(Ok(_))));
    let first = store.reserve().unwrap().commit(batch(|b| b.mark(key(1))));
    assert_eq!(gate.entered.recv().unwrap(), 1);
    let mut behind = nothing();
    assert!(poll_once(&mut behind).is_pending());
    gate.open.send(()).unwrap();
    first.await.unwrap();
    // The empty batch is in its own group, after the first.
    assert_eq!(gate.entered.recv().unwrap(), 1);
    gate.open.send(()).unwrap();
    behind.await.unwrap();
    assert!(matches!(poll_once(&mut nothing()), Poll::Ready(Ok(_))));
}

#[tokio::test]
async fn waiting_batches_share_one_group() {
    let (engine, gate) = Gated::new();
    let store = Store::with_engine(engine, 64);
    let insert = |id| {
        store
            .reserve()
            .unwrap()
            .commit(batch(|b| b.insert(key(id), &data_type("a"))))
    };
    let first = insert(1);
    gate.entered.recv().unwrap();
    let rest: Vec<_> = (2..=40).map(insert).collect();
    gate.open.send(()).unwrap();
    assert_eq!(gate.entered.recv().unwrap(), 39);
    drop(gate);
    first.await.unwrap();
    for receipt in rest {
        receipt.await.unwrap();
    }
    let metrics = store.metrics();
    assert_eq!((metrics.groups, metrics.batches, metrics.conflicts), (2, 40, 0));
    assert_eq!((metrics.group_size.sum, metrics.commit_seconds.count), (40.0, 40));
    assert_eq!((metrics.queue_depth, metrics.queue_capacity), (0, 64));
}

#[tokio::test]
async fn a_group_stays_within_its_bytes() {
    let (engine, gate) = Gated::new();
    let store = Store::with_engine(engine, 64);
    let big = "x".repeat(3 * 1024 * 1024);
    let insert = |id| {
        store
            .reserve()
            .unwrap()
            .commit(batch(|b| b.insert(key(id), &data_type(&big))))
    };
    let first = insert(1);
    gate.entered.recv().unwrap();
    let rest: Vec<_> = (2..=6).map(insert).collect();
    gate.open.send(()).unwrap();
    assert_eq!(gate.entered.recv().unwrap(), 3);
    drop(gate);
    first.await.unwrap();
    for receipt in rest {
        receipt.await.unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn sixty_four_tasks_write_at_once_and_get_different_ids(
    #[values(Sled, Fjall, Postgres)] engine: EngineKind,
) {
    if is_missing(engine) {
        return;
    }
    let on_disk = OnDisk::new(engine);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..64_u64 {
        let store = on_disk.store.clone();
        tasks.spawn(async move {
            let mut ids = Vec::new();
            for n in 0..10 {
                let mut slot = None;
                let committed = commit(&store, |b| {
                    let id = b.allocate(Table::DataType);
                    b.insert(
                        keys::record(Table::DataType, id),
                        &data_type(&format!("{task}/{n}")),
                    );
                    slot = Some(id);
                })
                .await
                .unwrap();
                ids.push(committed.id(slot.unwrap()));
            }
            assert!(ids.is_sorted());
            ids
        });
    }
    let mut ids: Vec<u64> = tasks.join_all().await.into_iter().flatten().collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=640).collect::<Vec<_>>());
    let metrics = on_disk.store.metrics();
    assert!(metrics.groups < 640, "{} groups", metrics.groups);
    assert_eq!((metrics.batches, metrics.trouble), (640, None));
    assert!(metrics.disk_bytes > 0);
    assert_eq!(on_disk.store.counter(Table::DataType).unwrap(), 640);
}

#[test]
fn one_of_many_threads_creates_a_record() {
    let store = Store::in_memory();
    let uuid = keys::dataset_by_identity(ProjectId(1), &[7; 16]);
    let start = Arc::new(Barrier::new(16));
    let threads: Vec<_> = (1..=16_u64)
        .map(|id| {
            let (store, uuid, start) = (store.clone(), uuid.clone(), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                let receipt = store.reserve().unwrap().commit(batch(|b| {
                    b.require_absent(uuid.clone());
                    b.point(uuid, DatasetId(id));
                }));
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                (id, runtime.block_on(receipt))
            })
        })
        .collect();
    let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let winners: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(store.get_id(&uuid).unwrap(), Some(winners[0].0));
    for (_, outcome) in &outcomes {
        if let Err(error) = outcome {
            let CommitError::Conflict(conflict) = error else {
                panic!("{error}");
            };
            assert_eq!(conflict.key(), uuid.as_bytes());
        }
    }
    assert_eq!(store.metrics().conflicts, 15);
}

#[tokio::test]
async fn a_conflict_names_its_key_and_writes_nothing() {
    let store = Store::in_memory();
    commit(&store, |b| b.insert(key(1), &data_type("a")))
        .await
        .unwrap();
    let outcome = commit(&store, |b| {
        b.insert(key(2), &data_type("b"));
        b.replace(key(1), 5, &data_type("c"));
    })
    .await;
    let Err(CommitError::Conflict(conflict)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((conflict.requirement, conflict.key()), (1, key(1).as_bytes()));
    assert_eq!(store.get::<DataType>(&key(2)).unwrap(), None);
    assert_eq!(store.status(), StoreStatus::Writing);
}

#[tokio::test]
async fn records_of_a_batch_refer_to_a_new_record() {
    let store = Store::in_memory();
    let activity = Activity {
        record: RawId::NONE,
        subject: Subject::Dataset,
        project: None,
        who: "operator".to_owned(),
        address: None,
        action: "uploaded".to_owned(),
        note: String::new(),
        time: Timestamp(0),
    };
    for expected in 1..=2 {
        commit(&store, |b| {
            let (dataset, entry) = (b.allocate(Table::Dataset), b.allocate(Table::Activity));
            b.insert_naming(keys::activity(entry), &activity, dataset);
        })
        .await
        .unwrap();
        let read = store
            .get::<Activity>(&keys::activity(IdRef::Known(expected)))
            .unwrap();
        assert_eq!(read.unwrap().record.record.get(), Some(expected));
    }
}

#[tokio::test]
async fn a_full_queue_is_an_error_and_a_dropped_permit_frees_its_place() {
    let (engine, gate) = Gated::new();
    let store = Store::with_engine(engine, 2);
    let first = store.reserve().unwrap().commit(batch(|b| b.mark(key(1))));
    gate.entered.recv().unwrap();
    let permit = store.reserve().unwrap();
    let second = store.reserve().unwrap().commit(batch(|b| b.mark(key(2))));
    assert_eq!(store.reserve().unwrap_err(), Unavailable::QueueFull);
    assert_eq!(store.metrics().queue_depth, 2);
    drop(permit);
    let third = store.reserve().unwrap().commit(batch(|b| b.mark(key(3))));
    drop(gate);
    for receipt in [first, second, third] {
        receipt.await.unwrap();
    }
    store.reserve().unwrap();
}

#[tokio::test]
async fn closing_finishes_queued_and_reserved_batches() {
    let (engine, gate) = Gated::new();
    let store = Store::with_engine(engine, 8);
    let queued: Vec<_> = (1..=3)
        .map(|id| store.reserve().unwrap().commit(batch(|b| b.mark(key(id)))))
        .collect();
    let permit = store.reserve().unwrap();
    let closing = std::thread::spawn({
        let store = store.clone();
        move || store.close()
    });
    while store.status() == StoreStatus::Writing {
        tokio::task::yield_now().await;
    }
    assert!(matches!(store.reserve(), Err(Unavailable::WritesOff(reason)) if reason.contains("closed")));
    assert!(!closing.is_finished());
    let last = permit.commit(batch(|b| b.mark(key(4))));
    drop(gate);
    for receipt in queued.into_iter().chain([last]) {
        receipt.await.unwrap();
    }
    closing.join().unwrap().unwrap();
    store.close().unwrap();
    assert!(store.get_bytes(&key(4)).unwrap().is_some());
}

#[tokio::test]
async fn a_batch_counts_whether_or_not_its_receipt_is_awaited() {
    let store = Store::in_memory();
    drop(store.reserve().unwrap().commit(batch(|b| b.mark(key(1)))));
    commit(&store, |b| b.mark(key(2))).await.unwrap();
    assert!(store.get_bytes(&key(1)).unwrap().is_some());
}

#[rstest]
#[tokio::test]
async fn ranges_are_read_in_both_orders_and_end_before_their_end(
    #[values(Sled, Fjall, Postgres)] engine: EngineKind,
) {
    if is_missing(engine) {
        return;
    }
    let memory = Store::in_memory();
    let on_disk = OnDisk::new(engine);
    for store in [&memory, &on_disk.store] {
        commit(store, |b| {
            for id in 1..=300 {
                b.insert(key(id), &data_type(&id.to_string()));
                b.point(
                    keys::index(Table::DatasetByProject, ProjectId(1), IdRef::Known(id)),
                    DatasetId(id),
                );
            }
        })
        .await
        .unwrap();
        let (start, end) = (key(2), key(299));
        let ids = |order| -> Vec<u64> {
            store
                .scan::<DataType>(start.as_bytes(), end.as_bytes(), order)
                .map(|entry| {
                    let (key, read) = entry.unwrap();
                    let id = keys::last_id(&key).unwrap();
                    assert_eq!(read.record.name, id.to_string());
                    id
                })
                .collect()
        };
        assert_eq!(ids(Order::Ascending), (2..299).collect::<Vec<_>>());
        assert_eq!(ids(Order::Descending), (2..299).rev().collect::<Vec<_>>());

        let (start, end) = keys::below(&beamlive_storage::Key::of(Table::DatasetByProject), None);
        let newest = store
            .scan_keys(&start, &end, Order::Descending)
            .next()
            .unwrap()
            .unwrap();
        assert_eq!(keys::last_id(&newest), Some(300));
        let entry = store
            .scan_bytes(&start, &end, Order::Ascending)
            .next()
            .unwrap()
            .unwrap();
        assert_eq!(entry.1, 1_u64.to_be_bytes());
        assert_eq!(store.scan_keys(&end, &start, Order::Ascending).count(), 0);
        assert_eq!(store.scan_keys(&start, &start, Order::Descending).count(), 0);
    }
}

#[tokio::test]
async fn an_entry_that_is_not_an_id_is_an_error() {
    let store = Store::in_memory();
    commit(&store, |b| b.set(key(1), b"seven.")).await.unwrap();
    assert_eq!(store.get_bytes(&key(1)).unwrap().unwrap(), b"seven.");
    let error = store.get_id(&key(1)).unwrap_err().to_string();
    assert_eq!(error, "an entry of table 12 holds 6 bytes instead of an id");
    assert_eq!(store.get_id(&key(2)).unwrap(), None);
}
