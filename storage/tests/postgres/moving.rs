//! Moving a store between engines, and checking it while nodes write.

use crate::support::{check, cluster, node, settings, write, NOW};
use beamlive_storage::backup::{self, Archive};
use beamlive_storage::{EngineKind, OpenError, SnapshotLimits, Store, StoreConfig};
use std::collections::BTreeMap;
use std::time::Duration;
use tempfile::TempDir;

const HOLD: Duration = Duration::from_secs(10);
const LIMITS: SnapshotLimits = SnapshotLimits {
    memory_bytes: 64 << 20,
    patience: Duration::from_secs(60),
};

async fn backup_of(store: &Store) -> Vec<u8> {
    let mut archive = Archive::begin(store, LIMITS, "test", NOW).await.unwrap();
    let mut bytes = Vec::new();
    while let (Some(piece), error) = archive.next_piece() {
        assert!(error.is_none());
        bytes.extend(piece);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_moves_to_postgresql_and_back() {
    let Some(cluster) = cluster() else { return };
    let (url, home) = (cluster.database(), TempDir::new().unwrap());
    let acknowledged = BTreeMap::from([(1, 40), (2, 25)]);
    let first = StoreConfig {
        path: home.path().join("first"),
        engine: EngineKind::Fjall,
        ..StoreConfig::default()
    };
    let first = Store::open(&first, NOW).unwrap();
    for (writer, count) in &acknowledged {
        assert_eq!(write(first.clone(), *writer, *count).await, *count);
    }
    let taken = backup_of(&first).await;
    let restored = backup::restore_into(taken.as_slice(), &settings(&url, HOLD), |_, _| {}).unwrap();
    assert!(restored.rows > 65);
    let there = node(&url, HOLD);
    check(&there, &acknowledged);
    // It goes on from there.
    assert_eq!(write(there.clone(), 3, 5).await, 5);
    let back = backup_of(&there).await;
    let data = home.path().join("data");
    backup::restore(back.as_slice(), &data, EngineKind::Sled, |_, _| {}).unwrap();
    let back = Store::open_to_read(&data.join("store"), 1 << 20).unwrap();
    check(&back, &BTreeMap::from([(1, 40), (2, 25), (3, 5)]));
    // A database with records is not overwritten.
    let refused = backup::restore_into(taken.as_slice(), &settings(&url, HOLD), |_, _| {});
    assert!(refused
        .unwrap_err()
        .to_string()
        .contains("records in the database"));
    check(&there, &BTreeMap::from([(1, 40), (2, 25), (3, 5)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_fails_leaves_an_empty_database() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = node(&url, HOLD);
    write(store.clone(), 1, 30).await;
    let whole = backup_of(&store).await;
    let other = cluster.database();
    let half = &whole[..whole.len() * 2 / 3];
    assert!(backup::restore_into(half, &settings(&other, HOLD), |_, _| {}).is_err());
    check(&node(&other, HOLD), &BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_does_not_change_while_nodes_write() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = node(&url, HOLD);
    write(store.clone(), 1, 20).await;
    let snapshot = Store::open_snapshot(&settings(&url, HOLD)).unwrap();
    write(store.clone(), 2, 20).await;
    check(&snapshot, &BTreeMap::from([(1, 20)]));
    check(&store, &BTreeMap::from([(1, 20), (2, 20)]));
    let empty = Store::open_snapshot(&settings(&cluster.database(), HOLD));
    assert!(matches!(empty, Err(OpenError::NoSchema(_))), "{empty:?}");
}
