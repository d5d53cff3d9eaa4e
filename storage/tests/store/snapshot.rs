//! Snapshots of a store on disk during writes.

use crate::support::{batch, is_missing, OnDisk};
use beamlive_storage::EngineKind::{self, Fjall, Postgres, Sled};
use beamlive_storage::{Key, SnapshotLimits, Table};
use rstest::rstest;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Rows that every batch writes.
const ROWS: u32 = 400;

fn row(n: u32) -> Key {
    Key::of(Table::SecurePath).number(n)
}

#[rstest]
#[tokio::test]
async fn all_rows_of_a_snapshot_are_of_one_generation(#[values(Sled, Fjall, Postgres)] engine: EngineKind) {
    if is_missing(engine) {
        return;
    }
    let on_disk = OnDisk::new(engine);
    let store = on_disk.store.clone();
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicU64::new(0));
    let (stop, acknowledged) = (std::sync::Arc::new(stop), std::sync::Arc::new(acknowledged));
    let writing = tokio::spawn({
        let (store, stop, acknowledged) = (store.clone(), stop.clone(), acknowledged.clone());
        async move {
            for generation in 1_u64.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let all = batch(|b| {
                    for n in 0..ROWS {
                        // Odd rows exist only in every other generation.
                        if n % 2 == 0 || generation % 2 == 0 {
                            b.set(row(n), &[generation.to_be_bytes().as_slice(), &[0; 300]].concat());
                        } else {
                            b.clear(row(n));
                        }
                    }
                });
                store.reserve().unwrap().commit(all).await.unwrap();
                acknowledged.store(generation, Ordering::SeqCst);
            }
        }
    });
    let limits = SnapshotLimits {
        memory_bytes: 64 << 20,
        patience: Duration::from_secs(60),
    };
    let mut generations = Vec::new();
    while generations.len() < 20 {
        let before = acknowledged.load(Ordering::SeqCst);
        let mut snapshot = store.snapshot(limits).await.unwrap();
        let pages = tokio::task::spawn_blocking(move || {
            let mut rows = Vec::new();
            while let Some(page) = snapshot.page(2_000).unwrap() {
                rows.extend(page);
            }
            rows
        });
        let mut rows = pages.await.unwrap();
        rows.retain(|(key, _)| key[0] == Table::SecurePath as u8);
        let Some((_, first)) = rows.first() else {
            continue;
        };
        let generation = u64::from_be_bytes(first[..8].try_into().unwrap());
        assert!(
            rows.iter().all(|(_, value)| value[..8] == first[..8]),
            "rows of other generations than {generation}"
        );
        let expected = if generation % 2 == 0 { ROWS } else { ROWS / 2 };
        assert_eq!(rows.len(), expected as usize, "generation {generation}");
        assert!(
            generation >= before,
            "{generation} is older than {before}, which was acknowledged"
        );
        generations.push(generation);
    }
    stop.store(true, Ordering::SeqCst);
    writing.await.unwrap();
    generations.dedup();
    assert!(
        generations.len() > 3,
        "there were no writes during the snapshots: {generations:?}"
    );
}
