//! Undo files that are torn, or damaged.

use super::{assert_undone, begin, group, messages, prepared, Rows, GROUPS, UNDO};
use crate::support::{config, copy_files, NOW};
use beamlive_storage::{EngineKind, NoFaults, OpenError, Store, UndoError};
use rstest::rstest;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A store that was killed after all groups but the last of an import.
struct Killed {
    files: TempDir,
    before: Rows,
    /// Its undo file.
    noted: Vec<u8>,
    /// The undo file when the last group was noted too.
    longer: Vec<u8>,
}

impl Killed {
    fn new(engine: EngineKind) -> Self {
        let (live, before) = prepared(engine);
        let open_import = begin(engine, live.path(), NoFaults).unwrap();
        for number in 0..GROUPS - 1 {
            group(open_import.store(), number).unwrap();
        }
        let files = TempDir::new().unwrap();
        copy_files(live.path(), files.path());
        let noted = fs::read(live.path().join(UNDO)).unwrap();
        group(open_import.store(), GROUPS - 1).unwrap();
        let longer = fs::read(live.path().join(UNDO)).unwrap();
        assert!(longer.starts_with(&noted) && longer.len() > noted.len());
        Self {
            files,
            before,
            noted,
            longer,
        }
    }

    /// A copy with this undo file.
    fn with(&self, noted: &[u8]) -> TempDir {
        let copy = TempDir::new().unwrap();
        copy_files(self.files.path(), copy.path());
        fs::write(copy.path().join(UNDO), noted).unwrap();
        copy
    }
}

#[rstest]
fn a_frame_that_is_torn_at_any_byte_belongs_to_a_group_that_was_not_written(
    #[values(EngineKind::Sled, EngineKind::Fjall)] engine: EngineKind,
) {
    let killed = Killed::new(engine);
    // A frame of 20 KiB: only its beginning and its end are cut byte by byte.
    let (start, end) = (killed.noted.len(), killed.longer.len());
    let cuts = (start..end.min(start + 80)).chain(end.saturating_sub(40).max(start)..=end);
    for cut in cuts {
        let torn = killed.longer.get(..cut).unwrap();
        assert_undone(engine, killed.with(torn).path(), &killed.before);
        // A file may have its length before it has its content.
        let mut zeroed = torn.to_vec();
        zeroed.resize(end, 0);
        assert_undone(engine, killed.with(&zeroed).path(), &killed.before);
    }
}

#[test]
fn damage_to_any_part_of_an_undo_file_is_refused() {
    let killed = Killed::new(EngineKind::Sled);
    let refused = |path: &Path| {
        let error = Store::open(&config(EngineKind::Sled, path), NOW).unwrap_err();
        let text = messages(&error);
        assert!(
            matches!(
                error,
                OpenError::Unfinished {
                    source: UndoError::Damaged { .. },
                    ..
                }
            ),
            "{text}"
        );
        text
    };
    // All of the header and of the first frames, and some bytes of each later piece.
    let places = (0..300).chain((300..killed.noted.len()).step_by(5003));
    let copy = killed.with(&killed.noted);
    for place in places {
        let mut noted = killed.noted.clone();
        noted[place] ^= 1 << (place % 8);
        fs::write(copy.path().join(UNDO), &noted).unwrap();
        let text = refused(copy.path());
        assert!(
            text.contains("keep a copy of the directory and restore the last backup"),
            "{text}"
        );
    }
    for cut in [0, 10, 28, 100, killed.noted.len() - 1] {
        fs::write(copy.path().join(UNDO), &killed.noted[..cut]).unwrap();
        refused(copy.path());
    }
    // Nothing was changed meanwhile.
    fs::write(copy.path().join(UNDO), &killed.noted).unwrap();
    assert_undone(EngineKind::Sled, copy.path(), &killed.before);
}

#[test]
fn damage_after_a_rollback_has_begun_is_refused() {
    let killed = Killed::new(EngineKind::Sled);
    let copy = killed.with(&killed.noted);
    let disk = crate::faulty::Disk::new(copy.path(), Some((beamlive_storage::Step::Sync, 0)));
    crate::support::open_with(EngineKind::Sled, copy.path(), disk.clone()).unwrap_err();
    assert_eq!(disk.failures(), 1);
    let sealed = fs::read(copy.path().join(UNDO)).unwrap();
    assert!(sealed.len() > killed.noted.len());
    // Without its seal, the file does not cover the groups of the rollback.
    fs::write(copy.path().join(UNDO), &killed.noted).unwrap();
    let error = Store::open(&config(EngineKind::Sled, copy.path()), NOW).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Unfinished {
                source: UndoError::Damaged { .. },
                ..
            }
        ),
        "{error}"
    );
    fs::write(copy.path().join(UNDO), &sealed).unwrap();
    assert_undone(EngineKind::Sled, copy.path(), &killed.before);
}

#[test]
fn an_undo_file_of_a_newer_version_is_refused() {
    let killed = Killed::new(EngineKind::Sled);
    let mut noted = killed.noted.clone();
    noted[7] += 1;
    let sum = crc32fast::hash(&[&noted[..24], &[0; 4]].concat());
    noted[24..28].copy_from_slice(&sum.to_be_bytes());
    let copy = killed.with(&noted);
    let error = Store::open(&config(EngineKind::Sled, copy.path()), NOW).unwrap_err();
    assert!(
        messages(&error).contains("was written by a newer beamlive"),
        "{error}"
    );
}
