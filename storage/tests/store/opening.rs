//! Opening a store: the records that are kept, and the messages of failures.

use crate::support::{batch, commit, config, copy_files, data_type, is_missing, key, OnDisk, NOW};
use beamlive_storage::records::{DataType, StoreFormat};
use beamlive_storage::EngineKind::{self, Fjall, Postgres, Sled};
use beamlive_storage::{keys, Key, OpenError, Store, Table, LAYOUT};
use rstest::rstest;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[rstest]
#[tokio::test]
async fn a_restart_keeps_all_records_and_ids_continue(#[values(Sled, Fjall, Postgres)] engine: EngineKind) {
    if is_missing(engine) {
        return;
    }
    let mut on_disk = OnDisk::new(engine);
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

#[rstest]
#[tokio::test]
async fn acknowledged_changes_are_kept_without_closing(#[values(Sled, Fjall)] engine: EngineKind) {
    let OnDisk { store, directory, .. } = OnDisk::new(engine);
    commit(&store, |b| b.insert(key(1), &data_type("a")))
        .await
        .unwrap();
    // As after a crash: a copy of the files while the store is still open.
    let copy = TempDir::new().unwrap();
    copy_files(directory.path(), copy.path());
    let crashed = crate::support::open(engine, copy.path());
    assert_eq!(
        crashed.get::<DataType>(&key(1)).unwrap().unwrap().record.name,
        "a"
    );
}

#[rstest]
fn a_new_store_has_a_format(#[values(Sled, Fjall, Postgres)] engine: EngineKind) {
    if is_missing(engine) {
        return;
    }
    let on_disk = OnDisk::new(engine);
    let format = on_disk
        .store
        .get::<StoreFormat>(&Key::of(Table::Meta))
        .unwrap()
        .unwrap();
    assert_eq!((format.record.layout, format.record.created), (LAYOUT, NOW));
    assert!(format.record.created_by.starts_with("beamlive "));
}

#[rstest]
fn a_second_process_gets_an_error_that_the_store_is_in_use(#[values(Sled, Fjall)] engine: EngineKind) {
    let on_disk = OnDisk::new(engine);
    let error = Store::open(&config(engine, on_disk.directory.path()), NOW).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("in use by another process"));
}

#[rstest]
fn a_file_in_place_of_the_store_is_named(#[values(Sled, Fjall)] engine: EngineKind) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store");
    std::fs::write(&path, "not a directory").unwrap();
    for path in [path.clone(), path.join("below")] {
        let error = Store::open(&config(engine, &path), NOW).unwrap_err();
        assert!(matches!(error, OpenError::NotADirectory { .. }), "{error:?}");
        assert!(error.to_string().contains(&*path.to_string_lossy()));
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"not a directory");
}

/// Changes the format of a store, closes it, and returns the error of opening it again. Checks that
/// no file was changed.
async fn refusal(engine: EngineKind, change: impl FnOnce(&mut StoreFormat)) -> String {
    let on_disk = OnDisk::new(engine);
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
    let OnDisk { store, directory, .. } = on_disk;
    store.close().unwrap();
    drop(store);
    // The file that the build with this format would write.
    std::fs::write(directory.path().join("format"), bytes).unwrap();
    let before = files(directory.path());
    let error = Store::open(&config(engine, directory.path()), NOW).unwrap_err();
    let to_read = Store::open_to_read(directory.path(), 1024 * 1024).unwrap_err();
    assert_eq!(files(directory.path()), before);
    let why = error.source().unwrap().to_string();
    assert_eq!(to_read.source().unwrap().to_string(), why);
    // Without the file, the store is refused by the format in the database.
    std::fs::remove_file(directory.path().join("format")).unwrap();
    let error = Store::open(&config(engine, directory.path()), NOW).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), why);
    why
}

/// Every file below a directory, with its content.
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

#[rstest]
#[tokio::test]
async fn a_newer_layout_is_refused_and_unchanged(#[values(Sled, Fjall)] engine: EngineKind) {
    let why = refusal(engine, |format| format.layout = LAYOUT + 1).await;
    assert_eq!(
        why,
        "this store was written by a newer beamlive (layout 3, this build knows 2): run that one, beamlive 9.9 or newer"
    );
}

#[rstest]
#[tokio::test]
async fn a_newer_record_is_refused_and_unchanged(#[values(Sled, Fjall)] engine: EngineKind) {
    let why = refusal(engine, |format| {
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
    let why = refusal(engine, |format| format.records.push(("hologram".to_owned(), 1))).await;
    assert!(
        why.contains("(hologram of record version 1, this build knows 0)"),
        "{why}"
    );
}

#[rstest]
#[tokio::test]
async fn a_store_with_older_records_opens_and_gets_the_current_format(
    #[values(Sled, Fjall)] engine: EngineKind,
) {
    let on_disk = OnDisk::new(engine);
    let meta = Key::of(Table::Meta);
    let today = on_disk.store.get::<StoreFormat>(&meta).unwrap().unwrap();
    let earlier = StoreFormat {
        written_by: "beamlive 0.1".to_owned(),
        records: vec![("dataset".to_owned(), 0)],
        ..today.record.clone()
    };
    commit(&on_disk.store, |b| {
        b.replace(meta.clone(), today.revision, &earlier);
    })
    .await
    .unwrap();
    std::fs::remove_file(on_disk.directory.path().join("format")).unwrap();

    let on_disk = on_disk.restart();
    let written = on_disk.store.get::<StoreFormat>(&meta).unwrap().unwrap();
    assert_eq!(written.revision, today.revision + 2);
    assert_eq!(written.record, today.record);
    let bytes = on_disk.store.get_bytes(&meta).unwrap().unwrap();
    let file = on_disk.directory.path().join("format");
    assert_eq!(std::fs::read(file).unwrap(), bytes);
}

#[rstest]
#[tokio::test]
async fn a_damaged_format_file_is_written_again(#[values(Sled, Fjall)] engine: EngineKind) {
    let on_disk = OnDisk::new(engine);
    let file = on_disk.directory.path().join("format");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, &good[..5]).unwrap();
    let on_disk = on_disk.restart();
    assert_eq!(std::fs::read(&file).unwrap(), good);
    drop(on_disk);
}

#[test]
fn another_programs_database_is_refused() {
    let directory = TempDir::new().unwrap();
    {
        let settings = sled::Config::new()
            .path(directory.path().join("sled"))
            .segment_size(2 * 1024 * 1024);
        settings.open().unwrap().insert([77], vec![1]).unwrap();
    }
    let error = Store::open(&config(Sled, directory.path()), NOW).unwrap_err();
    let why = error.source().unwrap().to_string();
    assert!(
        why.contains("nothing that says it is a store of beamlive"),
        "{why}"
    );
}

#[test]
fn a_store_of_another_engine_is_refused_by_name_and_unchanged() {
    for (engine, other) in [(Sled, Fjall), (Fjall, Sled)] {
        let OnDisk { store, directory, .. } = OnDisk::new(engine);
        store.close().unwrap();
        drop(store);
        let before = files(directory.path());
        let error = Store::open(&config(other, directory.path()), NOW).unwrap_err();
        assert!(matches!(error, OpenError::OtherEngine { .. }), "{error:?}");
        let why = error.to_string();
        assert!(
            why.contains(&format!("set store.engine = \"{engine}\""))
                && why.contains(&format!("--store-engine {other}")),
            "{why}"
        );
        assert_eq!(files(directory.path()), before);
    }
}

#[test]
fn a_store_in_memory_leaves_nothing_on_the_disk() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store");
    let store = Store::open(&config(EngineKind::Memory, &path), NOW).unwrap();
    assert!(store.get::<StoreFormat>(&Key::of(Table::Meta)).unwrap().is_some());
    assert!(!path.exists());
}

#[rstest]
#[tokio::test]
async fn damaged_files_are_not_opened_as_an_empty_store(#[values(Sled, Fjall)] engine: EngineKind) {
    let OnDisk { store, directory, .. } = OnDisk::new(engine);
    commit(&store, |b| b.insert(key(1), &data_type("a")))
        .await
        .unwrap();
    store.close().unwrap();
    drop(store);
    let (file, bytes) = match engine {
        Sled => (
            "sled/conf",
            "segment_size: 524288\nuse_compression: false\nversion: 0.34\nvQ\u{7f}",
        ),
        _ => ("fjall/version", "FJL\u{9}"),
    };
    let file = directory.path().join(file);
    assert!(file.exists());
    std::fs::write(file, bytes).unwrap();
    let error = Store::open(&config(engine, directory.path()), NOW).unwrap_err();
    assert!(
        matches!(error, OpenError::Corrupted { .. } | OpenError::Foreign { .. }),
        "{error:?}"
    );
}

#[rstest]
fn handles_may_be_dropped_without_closing(#[values(Sled, Fjall, Postgres)] engine: EngineKind) {
    if is_missing(engine) {
        return;
    }
    let on_disk = OnDisk::new(engine);
    let receipt = on_disk
        .store
        .reserve()
        .unwrap()
        .commit(batch(|b| b.insert(key(1), &data_type("a"))));
    let OnDisk { store, directory, .. } = on_disk;
    drop(store);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(receipt).unwrap();
    let store = crate::support::open(engine, directory.path());
    assert!(store.get::<DataType>(&key(1)).unwrap().is_some());
}
