//! `kill -9` while an import runs, and while it is undone.

use super::{all_rows, assert_undone, begin, commit, import, prepared, Rows, UNDO};
use crate::dice::Dice;
use crate::support::{key, of_size, open};
use beamlive_storage::verify::{verify, Findings, Rules};
use beamlive_storage::{EngineKind, NoFaults, Store};
use rstest::rstest;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The variables with the store that a child imports into, and its engine.
const STORE: &str = "BEAMLIVE_TEST_IMPORTED_STORE";
const ENGINE: &str = "BEAMLIVE_TEST_IMPORTED_ENGINE";
const KILLS: u32 = 12;

#[test]
#[ignore = "the child process of the test below"]
fn endless() {
    let path = PathBuf::from(std::env::var(STORE).unwrap());
    let engine: EngineKind = std::env::var(ENGINE).unwrap().parse().unwrap();
    let open_import = begin(engine, &path, NoFaults).unwrap();
    import(open_import.store()).unwrap();
    for id in 1_000.. {
        commit(open_import.store(), |b| {
            for n in 0..50 {
                b.insert(key(id * 100 + n), &of_size(300, 1));
            }
        })
        .unwrap();
    }
}

/// What `verify` says: these records have no indexes, but their sum is right.
fn found(store: &Store) -> Findings {
    let rules = Rules {
        joinable_micros: 0,
        deepest: 4,
    };
    verify(store, rules, |_, _| {}).unwrap()
}

fn child(engine: EngineKind, path: &std::path::Path, dice: &mut Dice) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "importing::kill::endless"])
        .env(STORE, path)
        .env(ENGINE, engine.name())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    #[expect(clippy::disallowed_methods, reason = "the moment of a kill is a time")]
    std::thread::sleep(Duration::from_millis(20 + dice.roll(500)));
    assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[rstest]
fn an_import_that_is_killed_again_and_again_leaves_all_rows_as_they_were(
    #[values(EngineKind::Sled, EngineKind::Fjall)] engine: EngineKind,
) {
    let (directory, before): (_, Rows) = prepared(engine);
    let (path, mut dice, mut noted) = (directory.path(), Dice::new(), 0);
    let store = open(engine, path);
    let sound = found(&store);
    store.close().unwrap();
    drop(store);
    for kill in 0..KILLS {
        child(engine, path, &mut dice);
        noted += u32::from(path.join(UNDO).exists());
        // In between the next child undoes the import, and may be killed while it does.
        if kill % 4 == 3 {
            let store = open(engine, path);
            assert_eq!(all_rows(&store), before);
            assert_eq!(found(&store), sound);
            store.close().unwrap();
        }
    }
    assert!(noted > KILLS / 3, "only {noted} kills were during an import");
    assert_undone(engine, path, &before);
}
