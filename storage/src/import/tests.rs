//! An import into a database that the test holds as well.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Import, ImportError};
use crate::batch::Batch;
use crate::engine::faults::NoFaults;
use crate::engine::memory::MemoryEngine;
use crate::engine::{Engine, Order};
use crate::keys::{self, Key, Table};
use crate::opening::{Opened, StoreConfig};
use crate::records::Importing;
use crate::store::Store;
use crate::tally::Tally;
use crate::time::Timestamp;
use crate::undo::UndoError;
use crate::writer::CommitError;
use futures_executor::block_on;
use std::sync::Arc;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

fn config(directory: &TempDir) -> StoreConfig {
    StoreConfig {
        path: directory.path().to_owned(),
        ..StoreConfig::default()
    }
}

fn begin(engine: &MemoryEngine, directory: &TempDir) -> Result<Import, UndoError> {
    let opened = Opened::unmarked(Arc::new(engine.clone()));
    Import::begin(opened, &config(directory), NOW, NoFaults)
}

fn mark(store: &Store, number: u8) -> Result<(), CommitError> {
    let mut batch = Batch::new();
    batch.set(key(number), &[number]);
    block_on(store.reserve().unwrap().commit(batch)).map(drop)
}

fn key(number: u8) -> Key {
    Key::of(Table::SessionBySurvey).tail(&[number])
}

fn keys_of(engine: &MemoryEngine) -> Vec<Vec<u8>> {
    let entries = engine.range(&[], &[0xff; 9], Order::Ascending);
    let mut keys: Vec<_> = entries.map(|entry| entry.unwrap().0).collect();
    keys.retain(|key| !Tally::is_key(key));
    keys
}

#[test]
fn an_import_says_who_began_it_and_when() {
    let (engine, directory) = (MemoryEngine::new(), TempDir::new().unwrap());
    let import = begin(&engine, &directory).unwrap();
    let record = import
        .store()
        .get::<Importing>(&keys::importing())
        .unwrap()
        .unwrap();
    assert_eq!((record.revision, record.record.began), (1, NOW));
    assert_eq!(record.record.node, "");
    import.finish().unwrap();
    assert_eq!(keys_of(&engine), Vec::<Vec<u8>>::new());
}

#[test]
fn an_import_that_is_not_alone_stops() {
    let (engine, directory) = (MemoryEngine::new(), TempDir::new().unwrap());
    let import = begin(&engine, &directory).unwrap();
    mark(import.store(), 1).unwrap();
    let other = Store::with_engine(Arc::new(engine.clone()), 8);
    mark(&other, 2).unwrap();
    let Err(CommitError::WritesOff(reason)) = mark(import.store(), 3) else {
        panic!("a group of another process was not noticed");
    };
    assert_eq!(
        &*reason,
        "another process has changed the database during the import: stop it, and import again"
    );
    // What the other one wrote is not in the undo file, so nothing is restored over it.
    assert!(matches!(import.abandon(), Err(ImportError::Later(_))));
    let refused = crate::undo::settle(&engine, directory.path()).unwrap_err();
    assert!(matches!(refused, UndoError::Damaged { .. }), "{refused}");
    assert!(engine.get(key(2).as_bytes()).unwrap().is_some());
}

#[test]
fn an_import_into_a_database_that_fails_is_undone_later() {
    let (engine, directory) = (MemoryEngine::new(), TempDir::new().unwrap());
    mark(&Store::with_engine(Arc::new(engine.clone()), 8), 1).unwrap();
    let before = keys_of(&engine);
    let import = begin(&engine, &directory).unwrap();
    mark(import.store(), 2).unwrap();
    engine.fail_after(0);
    mark(import.store(), 3).unwrap_err();
    assert!(matches!(import.finish(), Err(ImportError::Unavailable(_))));
    engine.fail_after(u64::MAX);
    assert_eq!(keys_of(&engine).len(), before.len() + 2);
    crate::undo::settle(&engine, directory.path()).unwrap();
    assert_eq!(keys_of(&engine), before);
}

#[test]
fn an_import_that_can_not_begin_leaves_nothing() {
    let (engine, directory) = (MemoryEngine::new(), TempDir::new().unwrap());
    engine.fail_after(0);
    begin(&engine, &directory).unwrap_err();
    engine.fail_after(u64::MAX);
    crate::undo::settle(&engine, directory.path()).unwrap();
    assert_eq!(keys_of(&engine), Vec::<Vec<u8>>::new());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
