//! An import into a database that several nodes share.

use crate::support::{cluster, data_type, node, settings, NOW};
use beamlive_storage::ids::IdRef;
use beamlive_storage::{
    keys, Batch, CommitError, EngineKind, Import, Key, OpenError, Store, StoreConfig, Table, UndoError,
};
use futures_executor::block_on;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// How long a node waits for a database that it can't write to.
const HOLD: Duration = Duration::from_millis(500);

fn key(id: u64) -> Key {
    keys::record(Table::DataType, IdRef::Known(id))
}

fn config(url: &str, path: &Path, name: &str) -> StoreConfig {
    let mut settings = settings(url, HOLD);
    name.clone_into(&mut settings.node);
    StoreConfig {
        engine: EngineKind::Postgres,
        path: path.to_owned(),
        postgres: Some(settings),
        ..StoreConfig::default()
    }
}

fn insert(store: &Store, id: u64) -> Result<(), CommitError> {
    let mut batch = Batch::new();
    batch.insert(key(id), &data_type("a"));
    block_on(store.reserve().unwrap().commit(batch)).map(drop)
}

fn holds(store: &Store, id: u64) -> bool {
    store.get_bytes(&key(id)).unwrap().is_some()
}

#[test]
fn other_nodes_do_not_write_during_an_import_and_go_on_after_it() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let directory = TempDir::new().unwrap();
    let other = node(&url, HOLD);
    for finish in [true, false] {
        let first = if finish { 1 } else { 11 };
        let import = Import::open(&config(&url, directory.path(), "one"), NOW).unwrap();
        insert(import.store(), first).unwrap();
        let Err(CommitError::Away(reason)) = insert(&other, first + 1) else {
            panic!("another node wrote during an import");
        };
        assert!(reason.contains("another node imports into it"), "{reason}");
        insert(import.store(), first + 2).unwrap();
        match finish {
            true => import.finish().unwrap(),
            false => import.abandon().unwrap(),
        }
        insert(&other, first + 3).unwrap();
        let found = [0, 1, 2, 3].map(|n| holds(&other, first + n));
        assert_eq!(found, [finish, false, finish, true]);
    }
}

#[test]
fn only_the_node_that_has_begun_an_import_undoes_it() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let (here, there) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let import = Import::open(&config(&url, here.path(), "one"), NOW).unwrap();
    insert(import.store(), 1).unwrap();
    // As if the process was killed.
    std::mem::forget(import);
    let refused = [
        Store::open(&config(&url, there.path(), "two"), NOW).unwrap_err(),
        Import::open(&config(&url, there.path(), "two"), NOW).unwrap_err(),
        Store::open_snapshot(&settings(&url, HOLD)).unwrap_err(),
    ];
    for error in refused {
        let OpenError::Unfinished {
            source: source @ UndoError::Elsewhere { .. },
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(
            source.to_string(),
            "the node one began it at 2025-10-09 08:53:20 UTC and has not finished it: start that node with its data directory, which undoes the import"
        );
    }
    let store = Store::open(&config(&url, here.path(), "one"), NOW).unwrap();
    assert!(!holds(&store, 1));
    insert(&store, 2).unwrap();
    assert!(holds(
        &Store::open(&config(&url, there.path(), "two"), NOW).unwrap(),
        2
    ));
}
