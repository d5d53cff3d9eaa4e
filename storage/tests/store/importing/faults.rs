//! Every step of an import and of its rollback fails once.

use super::{assert_undone, begin, import, prepared, Rows};
use crate::faulty::Disk;
use crate::support::{all_rows, copy_files, open, open_with};
use beamlive_storage::{EngineKind, Step};
use rstest::rstest;
use std::path::Path;
use tempfile::TempDir;

/// Imports with the fault of `disk`. Returns whether the import was finished.
fn attempt(engine: EngineKind, path: &Path, disk: &Disk) -> bool {
    let Ok(open_import) = begin(engine, path, disk.clone()) else {
        return false;
    };
    import(open_import.store()).is_ok() && open_import.finish().is_ok()
}

/// The rows of a store after the import.
fn imported(engine: EngineKind, files: &Path) -> Rows {
    let copy = TempDir::new().unwrap();
    copy_files(files, copy.path());
    assert!(attempt(engine, copy.path(), &Disk::new(copy.path(), None)));
    let rows = all_rows(&open(engine, copy.path()));
    rows
}

#[rstest]
fn a_failed_step_of_an_import_leaves_all_or_nothing(
    #[values(EngineKind::Sled, EngineKind::Fjall)] engine: EngineKind,
    #[values(Step::Open, Step::Read, Step::Note, Step::Write, Step::Sync)] step: Step,
) {
    let (files, before) = prepared(engine);
    let after = imported(engine, files.path());
    let mut undone = 0;
    for passes in 0.. {
        let copy = TempDir::new().unwrap();
        copy_files(files.path(), copy.path());
        let disk = Disk::new(copy.path(), Some((step, passes)));
        let finished = attempt(engine, copy.path(), &disk);
        if disk.failures() == 0 {
            assert!(finished);
            break;
        }
        let rows = all_rows(&open(engine, copy.path()));
        match rows == after {
            // The last change may be stored although its sync failed.
            true => assert!(finished || step == Step::Sync, "{step:?} {passes}"),
            false => {
                assert_eq!(rows, before, "{step:?} {passes}");
                assert!(!finished);
                undone += 1;
            }
        }
    }
    assert!(undone > 0);
}

#[rstest]
fn a_failed_step_of_a_rollback_is_repeated(
    #[values(EngineKind::Sled, EngineKind::Fjall)] engine: EngineKind,
    #[values(Step::Open, Step::Read, Step::Write, Step::Sync)] step: Step,
) {
    let (files, before) = prepared(engine);
    let open_import = begin(engine, files.path(), Disk::new(files.path(), None)).unwrap();
    import(open_import.store()).unwrap();
    let killed = TempDir::new().unwrap();
    copy_files(files.path(), killed.path());
    drop(open_import);
    for passes in 0.. {
        let copy = TempDir::new().unwrap();
        copy_files(killed.path(), copy.path());
        let disk = Disk::new(copy.path(), Some((step, passes)));
        disk.keep_synced();
        let opened = open_with(engine, copy.path(), disk.clone());
        if disk.failures() == 0 {
            assert!(passes > 0);
            break;
        }
        assert!(opened.is_err());
        let after_cut = disk.cut();
        assert_undone(engine, copy.path(), &before);
        assert_undone(engine, after_cut.path(), &before);
    }
}
