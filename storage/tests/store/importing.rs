//! An import is all or nothing.

mod damage;
mod faults;
mod kill;
mod model;
mod speed;

use crate::support::{
    all_rows, batch, config, copy_files, data_type, is_missing, key, of_size, open, OnDisk, NOW,
};
use beamlive_storage::records::Feedback;
use beamlive_storage::EngineKind::{self, Fjall, Postgres, Sled};
use beamlive_storage::{
    keys, Batch, CommitError, Committed, Faults, Import, OpenError, Store, Table, UndoError,
};
use futures_executor::block_on;
use rstest::rstest;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// The undo file of a store.
const UNDO: &str = "undo";
/// Groups of [`import`].
const GROUPS: u64 = 5;

fn commit(store: &Store, fill: impl FnOnce(&mut Batch)) -> Result<Committed, CommitError> {
    block_on(store.reserve().unwrap().commit(batch(fill)))
}

fn begin(engine: EngineKind, path: &Path, faults: impl Faults + Clone) -> Result<Import, OpenError> {
    Import::open_with(&config(engine, path), NOW, faults)
}

/// Fills a store: small records, one in pieces, a counter.
fn prepare(store: &Store) {
    for id in 1..=3 {
        commit(store, |b| {
            let next = b.allocate(Table::DataType);
            b.insert(keys::record(Table::DataType, next), &data_type(&id.to_string()));
        })
        .unwrap();
    }
    commit(store, |b| b.insert(key(100), &of_size(40_000, 1))).unwrap();
    commit(store, |b| b.insert(key(101), &of_size(40_000, 2))).unwrap();
    // So much that several groups are needed to restore it.
    for id in 200..206 {
        commit(store, |b| b.insert(key(id), &of_size(100_000, 6))).unwrap();
    }
}

/// One group of an import: it adds, replaces, removes, and advances counters.
fn group(store: &Store, number: u64) -> Result<Committed, CommitError> {
    commit(store, |b| match number {
        0 => {
            b.raise(Table::DataType, 20);
            let next = b.allocate(Table::DataType);
            b.insert(keys::record(Table::DataType, next), &data_type("new"));
            b.replace(key(1), 1, &data_type("replaced"));
        }
        1 => {
            b.replace(key(100), 1, &of_size(70_000, 3));
            b.remove(key(101), 1);
            // Replaced twice in groups that are restored together.
            b.replace(key(3), 1, &data_type("replaced"));
            for id in 200..203 {
                b.replace(key(id), 1, &of_size(300, 7));
            }
        }
        2 => {
            b.remove(key(2), 1);
            b.replace(key(3), 2, &data_type("replaced again"));
            b.insert(key(102), &of_size(20_000, 4));
        }
        3 => {
            // These changes replace values that the import itself wrote.
            b.replace(key(100), 2, &of_size(90_000, 5));
            b.insert(key(2), &data_type("again"));
            for id in 203..206 {
                b.remove(key(id), 1);
            }
        }
        _ => {
            b.remove(key(102), 1);
            b.replace(key(1), 2, &data_type("replaced again"));
        }
    })
}

fn import(store: &Store) -> Result<(), CommitError> {
    (0..GROUPS).try_for_each(|number| group(store, number).map(drop))
}

/// A store with records that is not open, and its rows.
fn prepared(engine: EngineKind) -> (TempDir, Rows) {
    let OnDisk { store, directory, .. } = OnDisk::new(engine);
    prepare(&store);
    let before = all_rows(&store);
    store.close().unwrap();
    (directory, before)
}

fn assert_undone(engine: EngineKind, path: &Path, before: &Rows) {
    let store = open(engine, path);
    assert_eq!(&all_rows(&store), before);
    assert!(!path.join(UNDO).exists());
    // Writing goes on.
    commit(&store, |b| b.insert(key(500), &data_type("later"))).unwrap();
    store.close().unwrap();
}

#[derive(Debug, Clone, Copy)]
enum End {
    Abandon,
    Drop,
    Kill,
}

#[rstest]
fn an_import_that_ends_before_it_is_finished_leaves_all_rows_as_they_were(
    #[values(Sled, Fjall, Postgres)] engine: EngineKind,
    #[values(End::Abandon, End::Drop, End::Kill)] end: End,
) {
    if is_missing(engine) {
        return;
    }
    let (directory, before) = prepared(engine);
    let open_import = begin(engine, directory.path(), beamlive_storage::NoFaults).unwrap();
    import(open_import.store()).unwrap();
    assert_ne!(all_rows(open_import.store()), before);
    let copy = TempDir::new().unwrap();
    let left = match end {
        End::Abandon => {
            open_import.abandon().unwrap();
            directory.path()
        }
        End::Drop => {
            drop(open_import);
            directory.path()
        }
        End::Kill => {
            copy_files(directory.path(), copy.path());
            std::mem::forget(open_import);
            assert!(copy.path().join(UNDO).exists());
            copy.path()
        }
    };
    assert_undone(engine, left, &before);
}

#[rstest]
fn a_finished_import_stays(
    #[values(Sled, Fjall, Postgres)] engine: EngineKind,
    #[values(false, true)] killed: bool,
) {
    if is_missing(engine) {
        return;
    }
    let (directory, before) = prepared(engine);
    let open_import = begin(engine, directory.path(), beamlive_storage::NoFaults).unwrap();
    import(open_import.store()).unwrap();
    let store = open_import.store().clone();
    let noted = std::fs::read(directory.path().join(UNDO)).unwrap();
    open_import.finish().unwrap();
    let after = all_rows(&store);
    assert_ne!(after, before);
    assert_eq!(store.get_bytes(&keys::importing()).unwrap(), None);
    drop(store);
    assert!(!directory.path().join(UNDO).exists());
    if killed {
        // The import stays also if the undo file is still there.
        std::fs::write(directory.path().join(UNDO), noted).unwrap();
    }
    assert_eq!(all_rows(&open(engine, directory.path())), after);
    assert!(!directory.path().join(UNDO).exists());
}

#[test]
fn an_import_into_memory_is_undone_while_the_process_lives() {
    let directory = TempDir::new().unwrap();
    let open_import = begin(EngineKind::Memory, directory.path(), beamlive_storage::NoFaults).unwrap();
    let store = open_import.store().clone();
    let mut before = all_rows(&store);
    prepare(&store);
    import(&store).unwrap();
    open_import.abandon().unwrap();
    let after = all_rows(&store);
    before.remove(keys::importing().as_bytes());
    let tally = beamlive_storage::Tally::key();
    before.remove(tally.as_bytes());
    assert_eq!(after.keys().filter(|key| *key != tally.as_bytes()).count(), 1);
    assert!(before.iter().all(|(key, value)| after.get(key) == Some(value)));
    assert!(!directory.path().join(UNDO).exists());
}

#[test]
fn the_next_import_undoes_one_that_was_interrupted() {
    let (directory, before) = prepared(Sled);
    let first = begin(Sled, directory.path(), beamlive_storage::NoFaults).unwrap();
    import(first.store()).unwrap();
    let copy = TempDir::new().unwrap();
    copy_files(directory.path(), copy.path());
    let second = begin(Sled, copy.path(), beamlive_storage::NoFaults).unwrap();
    let mut rows = all_rows(second.store());
    rows.remove(keys::importing().as_bytes()).unwrap();
    let tally = beamlive_storage::Tally::key();
    let other_rows = |rows: &Rows| {
        rows.clone()
            .into_iter()
            .filter(|(key, _)| key != tally.as_bytes())
            .collect::<Rows>()
    };
    assert_eq!(other_rows(&rows), other_rows(&before));
    import(second.store()).unwrap();
    second.finish().unwrap();
    let large = open(Sled, copy.path())
        .get::<Feedback>(&key(100))
        .unwrap()
        .unwrap();
    assert_eq!(large.record, of_size(90_000, 5));
}

#[rstest]
fn an_unfinished_import_is_not_opened_for_reading(#[values(Sled, Fjall)] engine: EngineKind) {
    let (directory, before) = prepared(engine);
    let open_import = begin(engine, directory.path(), beamlive_storage::NoFaults).unwrap();
    import(open_import.store()).unwrap();
    let copy = TempDir::new().unwrap();
    copy_files(directory.path(), copy.path());
    let refused = Store::open_to_read(copy.path(), 1 << 20).unwrap_err();
    assert_eq!(
        messages(&refused),
        format!(
            "the store {} holds a part of an import: it was interrupted: start beamlive once, which undoes it, or run the import again",
            copy.path().display()
        )
    );
    assert_undone(engine, copy.path(), &before);
    assert!(Store::open_to_read(copy.path(), 1 << 20).is_ok());
}

#[test]
fn an_unfinished_import_without_its_undo_file_is_refused() {
    let (directory, before) = prepared(Sled);
    let open_import = begin(Sled, directory.path(), beamlive_storage::NoFaults).unwrap();
    import(open_import.store()).unwrap();
    let copy = TempDir::new().unwrap();
    copy_files(directory.path(), copy.path());
    let (file, aside) = (copy.path().join(UNDO), copy.path().join("aside"));
    std::fs::rename(&file, &aside).unwrap();
    let refused = Store::open(&config(Sled, copy.path()), NOW).unwrap_err();
    let OpenError::Unfinished { source, .. } = refused else {
        panic!("{refused}");
    };
    assert!(matches!(source, UndoError::Missing(path) if path == file));
    // The undo file of another import is refused.
    let (other, _) = prepared(Sled);
    let second = begin(Sled, other.path(), beamlive_storage::NoFaults).unwrap();
    std::fs::copy(other.path().join(UNDO), &file).unwrap();
    drop(second);
    let refused = Store::open(&config(Sled, copy.path()), NOW).unwrap_err();
    assert!(
        matches!(
            refused,
            OpenError::Unfinished {
                source: UndoError::Missing(_),
                ..
            }
        ),
        "{refused}"
    );
    std::fs::rename(&aside, &file).unwrap();
    assert_undone(Sled, copy.path(), &before);
}

/// The error and its causes.
fn messages(error: &OpenError) -> String {
    let first: &dyn std::error::Error = error;
    let causes = std::iter::successors(Some(first), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
