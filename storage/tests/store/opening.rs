//! Opening: what is kept, and what a person is told when it fails.

use crate::support::{all_keys, batch, commit, config, data_type, key, OnDisk, NOW};
use beamlive_storage::records::{DataType, StoreFormat};
use beamlive_storage::{keys, FormatError, Key, OpenError, Store, Table, LAYOUT};
use std::error::Error;
use tempfile::TempDir;

#[tokio::test]
async fn a_restart_keeps_all_and_ids_go_on() {
    let mut on_disk = OnDisk::new();
    for expected in 1..=4 {
        let mut slot = None;
        let committed = commit(&on_disk.store, |b| {
            let id = b.allocate(Table::DataType);
            b.insert(
                keys::record(Table::DataType, id),
                &data_type(&expected.to_string()),
            );
            slot = Some(id);
        })
        .await
        .unwrap();
        assert_eq!(committed.id(slot.unwrap()), expected);
        on_disk = on_disk.restart();
    }
    for id in 1..=4 {
        let read = on_disk.store.get::<DataType>(&key(id)).unwrap().unwrap();
        assert_eq!((read.revision, read.record.name), (1, id.to_string()));
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_even_without_closing() {
    let OnDisk { store, directory } = OnDisk::new();
    commit(&store, |b| b.insert(key(1), &data_type("a")))
        .await
        .unwrap();
    // As a crash leaves it: the files as they are now, under a store that is still open.
    let copy = TempDir::new().unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    let crashed = crate::support::open(copy.path());
    assert_eq!(
        crashed.get::<DataType>(&key(1)).unwrap().unwrap().record.name,
        "a"
    );
}

#[test]
fn a_new_store_says_what_it_is() {
    let on_disk = OnDisk::new();
    let format = on_disk
        .store
        .get::<StoreFormat>(&Key::of(Table::Meta))
        .unwrap()
        .unwrap();
    assert_eq!((format.record.layout, format.record.created), (LAYOUT, NOW));
    assert!(format.record.created_by.starts_with("beamlive "));
}

#[test]
fn a_second_process_is_told_that_the_store_is_in_use() {
    let on_disk = OnDisk::new();
    let error = Store::open(&config(on_disk.directory.path()), NOW).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("in use by another process"));
}

#[test]
fn a_file_in_its_place_is_named() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store");
    std::fs::write(&path, "not a directory").unwrap();
    for path in [path.clone(), path.join("below")] {
        let error = Store::open(&config(&path), NOW).unwrap_err();
        assert!(matches!(error, OpenError::NotADirectory { .. }), "{error:?}");
        assert!(error.to_string().contains(&*path.to_string_lossy()));
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"not a directory");
}

#[tokio::test]
async fn a_newer_store_is_refused_and_untouched() {
    let on_disk = OnDisk::new();
    let before = all_keys(&on_disk.store);
    let newer = StoreFormat {
        layout: LAYOUT + 1,
        created_by: "beamlive 9.9".to_owned(),
        created: NOW,
    };
    commit(&on_disk.store, |b| {
        b.replace(Key::of(Table::Meta), 1, &newer);
    })
    .await
    .unwrap();
    let OnDisk { store, directory } = on_disk;
    store.close().unwrap();
    drop(store);
    let error = loop {
        match Store::open(&config(directory.path()), NOW).unwrap_err() {
            OpenError::Locked { .. } => std::thread::yield_now(),
            error => break error,
        }
    };
    assert!(
        matches!(
            error,
            OpenError::Format {
                source: FormatError::Newer { found: 2, .. },
                ..
            }
        ),
        "{error:?}"
    );
    let why = error.source().unwrap().to_string();
    assert!(
        why.starts_with("this store was written by a newer beamlive (layout 2, this build knows 1): "),
        "{why}"
    );
    assert_eq!(before, [[Table::Meta as u8]]);
}

#[tokio::test]
async fn damaged_files_are_not_taken_for_an_empty_store() {
    let OnDisk { store, directory } = OnDisk::new();
    commit(&store, |b| b.insert(key(1), &data_type("a")))
        .await
        .unwrap();
    store.close().unwrap();
    drop(store);
    let conf = directory.path().join("conf");
    std::fs::write(
        &conf,
        "segment_size: 524288\nuse_compression: false\nversion: 0.34\nvQ\u{7f}",
    )
    .unwrap();
    let error = loop {
        match Store::open(&config(directory.path()), NOW) {
            Err(OpenError::Locked { .. }) => std::thread::yield_now(),
            opened => break opened.unwrap_err(),
        }
    };
    assert!(
        matches!(error, OpenError::Corrupted { .. } | OpenError::Foreign { .. }),
        "{error:?}"
    );
}

#[test]
fn handles_may_be_dropped_without_closing() {
    let on_disk = OnDisk::new();
    let receipt = on_disk
        .store
        .reserve()
        .unwrap()
        .commit(batch(|b| b.insert(key(1), &data_type("a"))));
    let OnDisk { store, directory } = on_disk;
    drop(store);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(receipt).unwrap();
    let store = crate::support::open(directory.path());
    assert!(store.get::<DataType>(&key(1)).unwrap().is_some());
}
