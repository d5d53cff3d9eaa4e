//! Opening: what is kept, and what a person is told when it fails.

use crate::support::{batch, commit, config, copy_files, data_type, key, OnDisk, NOW};
use beamlive_storage::records::{DataType, StoreFormat};
use beamlive_storage::{keys, Key, OpenError, Store, Table, Timestamp, LAYOUT};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
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
    copy_files(directory.path(), copy.path(), |_| true);
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

/// Closes the store once its format says something else, and tells why it is not opened then. Nothing of it was touched.
async fn refusal(change: impl FnOnce(&mut StoreFormat)) -> String {
    let on_disk = OnDisk::new();
    let meta = Key::of(Table::Meta);
    let mut format = on_disk.store.get::<StoreFormat>(&meta).unwrap().unwrap();
    format.record.written_by = "beamlive 9.9".to_owned();
    change(&mut format.record);
    commit(&on_disk.store, |b| {
        b.replace(meta.clone(), format.revision, &format.record);
    })
    .await
    .unwrap();
    let bytes = on_disk.store.get_bytes(&meta).unwrap().unwrap();
    let OnDisk { store, directory } = on_disk;
    store.close().unwrap();
    drop(store);
    // As the build that wrote it leaves it.
    std::fs::write(directory.path().join("format"), bytes).unwrap();
    let before = files(directory.path());
    let error = Store::open(&config(directory.path()), NOW).unwrap_err();
    let to_read = Store::open_to_read(directory.path(), 1024 * 1024).unwrap_err();
    assert_eq!(files(directory.path()), before);
    let why = error.source().unwrap().to_string();
    assert_eq!(to_read.source().unwrap().to_string(), why);
    // A copy that lost the file is refused by what the database says.
    std::fs::remove_file(directory.path().join("format")).unwrap();
    let error = loop {
        match Store::open(&config(directory.path()), NOW).unwrap_err() {
            OpenError::Locked { .. } => std::thread::yield_now(),
            error => break error,
        }
    };
    assert_eq!(error.source().unwrap().to_string(), why);
    why
}

/// Every file below a directory, and what is in it.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn a_newer_layout_is_refused_and_untouched() {
    let why = refusal(|format| format.layout = LAYOUT + 1).await;
    assert_eq!(
        why,
        "this store was written by a newer beamlive (layout 2, this build knows 1): run that one, beamlive 9.9 or newer"
    );
}

#[tokio::test]
async fn a_newer_record_is_refused_and_untouched() {
    let why = refusal(|format| {
        for (name, version) in &mut format.records {
            if name == "dataset" {
                *version = 2;
            }
        }
    })
    .await;
    assert_eq!(
        why,
        "this store was written by a newer beamlive (dataset of record version 2, this build knows 1): run that one, beamlive 9.9 or newer"
    );
    let why = refusal(|format| format.records.push(("hologram".to_owned(), 1))).await;
    assert!(
        why.contains("(hologram of record version 1, this build knows 0)"),
        "{why}"
    );
}

#[tokio::test]
async fn an_older_store_opens_and_says_then_what_may_be_in_it() {
    let on_disk = OnDisk::new();
    let meta = Key::of(Table::Meta);
    let today = on_disk.store.get::<StoreFormat>(&meta).unwrap().unwrap().record;
    // A format of the first version, as builds wrote it that knew no second one.
    let mut first = vec![1];
    first.extend(7_u64.to_be_bytes());
    first.extend([1, 12]);
    first.extend(b"beamlive 0.1");
    first.push(0);
    commit(&on_disk.store, |b| b.set(meta.clone(), &first))
        .await
        .unwrap();
    let upgraded = on_disk.store.get::<StoreFormat>(&meta).unwrap().unwrap();
    assert_eq!(upgraded.revision, 7);
    assert_eq!(upgraded.record.written_by, "beamlive 0.1");
    assert_eq!(upgraded.record.records, []);
    std::fs::remove_file(on_disk.directory.path().join("format")).unwrap();

    let on_disk = on_disk.restart();
    let written = on_disk.store.get::<StoreFormat>(&meta).unwrap().unwrap();
    assert_eq!(written.revision, 8);
    assert_eq!(
        written.record,
        StoreFormat {
            created_by: "beamlive 0.1".to_owned(),
            created: Timestamp(0),
            ..today
        }
    );
    let bytes = on_disk.store.get_bytes(&meta).unwrap().unwrap();
    assert_eq!(bytes[0], 2);
    assert_eq!(
        std::fs::read(on_disk.directory.path().join("format")).unwrap(),
        bytes
    );
}

#[tokio::test]
async fn a_damaged_format_file_is_made_anew() {
    let on_disk = OnDisk::new();
    let file = on_disk.directory.path().join("format");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, &good[..5]).unwrap();
    let on_disk = on_disk.restart();
    assert_eq!(std::fs::read(&file).unwrap(), good);
    drop(on_disk);
}

#[test]
fn rows_beside_the_runs_are_an_earlier_stores_or_somebody_elses() {
    for (row, expected) in [
        (vec![0], "is of an earlier beamlive"),
        (vec![77], "is not a store of beamlive"),
    ] {
        let directory = TempDir::new().unwrap();
        {
            let settings = sled::Config::new()
                .path(directory.path())
                .segment_size(2 * 1024 * 1024);
            settings.open().unwrap().insert(&row, vec![1]).unwrap();
        }
        let error = loop {
            match Store::open(&config(directory.path()), NOW) {
                Err(OpenError::Locked { .. }) => std::thread::yield_now(),
                opened => break opened.unwrap_err(),
            }
        };
        assert!(error.to_string().contains(expected), "{error}");
    }
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
