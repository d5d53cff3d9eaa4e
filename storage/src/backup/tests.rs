#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use super::format::{encode, Frame};
use super::*;
use crate::batch::Batch;
use crate::engine::memory::MemoryEngine;
use crate::engine::{Engine, EngineKind};
use crate::format::{self, FormatError};
use crate::ids::IdRef;
use crate::keys::{self, Key, Table};
use crate::snapshot::{Rows, SnapshotLimits};
use crate::store::Store;
use crate::tally::Tally;
use crate::time::Timestamp;
use flate2::write::DeflateEncoder;
use flate2::Compression;
use proptest::prelude::*;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Bytes before the content of a frame.
const FRAME_HEAD: usize = 8;
const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

fn limits(memory_bytes: usize) -> SnapshotLimits {
    SnapshotLimits {
        memory_bytes,
        patience: Duration::from_secs(60),
    }
}

/// A store with a format, counters, and some rows.
fn engine(rows: u64) -> MemoryEngine {
    let engine = MemoryEngine::new();
    format::prepare(&engine, "beamlive 1.0", NOW).unwrap();
    let mut batch = Batch::new();
    for n in 0..rows {
        batch.set(keys::record(Table::Dataset, IdRef::Known(n)), &[7; 50]);
    }
    batch.point(keys::counter(Table::Dataset), IdRef::Known(rows));
    engine.apply(&[batch]).unwrap();
    engine
}

fn rows_of(engine: &MemoryEngine) -> Rows {
    engine
        .range(&[], &[0xff; 9], crate::engine::Order::Ascending)
        .collect::<Result<_, _>>()
        .unwrap()
}

fn tally(engine: &dyn Engine) -> Tally {
    Tally::read(|key| engine.get(key)).unwrap()
}

/// All bytes of a backup.
fn backup_of(engine: &MemoryEngine) -> Vec<u8> {
    let store = Store::with_engine(Arc::new(engine.clone()), 8);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let begun = Archive::begin(&store, limits(1 << 20), "beamlive 1.0", NOW);
    let mut archive = runtime.block_on(begun).unwrap();
    let mut bytes = Vec::new();
    while let (Some(piece), error) = archive.next_piece() {
        assert!(error.is_none(), "{error:?}");
        bytes.extend(piece);
    }
    bytes
}

fn read(bytes: &[u8]) -> Result<Rows, BackupError> {
    let mut reader = Reader::open(bytes)?;
    let mut all = Rows::new();
    while let Some(rows) = reader.next_rows()? {
        all.extend(rows);
    }
    assert_eq!(
        (reader.rows(), reader.bytes()),
        (all.len() as u64, bytes.len() as u64)
    );
    Ok(all)
}

#[test]
fn a_backup_is_read_back() {
    let engine = engine(30_000);
    let bytes = backup_of(&engine);
    assert_eq!(read(&bytes).unwrap(), rows_of(&engine));
    let header = Reader::open(bytes.as_slice()).unwrap().header().clone();
    assert_eq!(
        (header.created, header.created_by.as_str()),
        (NOW, "beamlive 1.0")
    );
    assert_eq!(header.about_rows, rows_of(&engine).len() as u64);
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = backup_of(&engine(20));
    for length in 0..bytes.len() {
        let error = read(&bytes[..length]).unwrap_err();
        let expected = match error {
            BackupError::Foreign => length < MAGIC.len(),
            BackupError::CutShort => length >= MAGIC.len(),
            _ => false,
        };
        assert!(expected, "{length}: {error:?}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut bytes = backup_of(&engine(20));
    for place in 0..bytes.len() {
        for bit in 0..8 {
            bytes[place] ^= 1 << bit;
            assert!(read(&bytes).is_err(), "byte {place}, bit {bit}");
            bytes[place] ^= 1 << bit;
        }
    }
    read(&bytes).unwrap();
}

#[test]
fn missing_repeated_and_swapped_frames_are_noticed() {
    let head = |rows: &[u8]| [MAGIC.as_slice(), rows].concat();
    let bytes = backup_of(&engine(30_000));
    let mut frames = Vec::new();
    let mut rest = &bytes[MAGIC.len()..];
    while !rest.is_empty() {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let (frame, later) = rest.split_at(FRAME_HEAD + length);
        frames.push(frame);
        rest = later;
    }
    assert!(frames.len() >= 5, "{}", frames.len());
    for n in 0..frames.len() {
        let mut fewer = frames.clone();
        let twice = fewer.remove(n);
        assert!(read(&head(&fewer.concat())).is_err(), "without {n}");
        fewer.splice(n..n, [twice, twice]);
        assert!(read(&head(&fewer.concat())).is_err(), "{n} twice");
        if n > 0 {
            let mut swapped = frames.clone();
            swapped.swap(n - 1, n);
            assert!(read(&head(&swapped.concat())).is_err(), "{n} swapped");
        }
    }
    let two = [bytes.as_slice(), &bytes].concat();
    assert!(matches!(
        read(&two),
        Err(BackupError::Damaged("something follows its end"))
    ));
}

proptest! {
    #[test]
    fn random_bytes_are_not_a_backup(bytes in proptest::collection::vec(any::<u8>(), 0..300), with_magic: bool) {
        let bytes = if with_magic { [MAGIC.as_slice(), &bytes].concat() } else { bytes };
        prop_assert!(read(&bytes).is_err());
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let claim = |length: u32, content: &[u8]| {
        let (length, sum) = (length.to_be_bytes(), crc32fast::hash(content).to_be_bytes());
        let bytes = [MAGIC.as_slice(), &length, &sum, content].concat();
        read(&bytes).unwrap_err()
    };
    assert!(matches!(
        claim(u32::MAX, b""),
        BackupError::Damaged("the length of a frame")
    ));
    assert!(matches!(claim(1 << 24, b""), BackupError::CutShort));
    let deflate = |content: &[u8]| {
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::fast());
        deflated.write_all(content).unwrap();
        deflated.finish().unwrap()
    };
    // A frame that inflates to more than the limit, and one whose rows are longer than the frame.
    let endless = deflate(&vec![0; (1 << 24) + 1]);
    let too_long = deflate(&[1, 1, 253, 255, 255, 255, 255, 255, 255, 255, 255]);
    for content in [endless, too_long] {
        let length = u32::try_from(content.len()).unwrap();
        assert!(matches!(
            claim(length, &content),
            BackupError::Damaged("what a frame holds")
        ));
    }
    let header = &backup_of(&engine(1))[MAGIC.len()..];
    assert!(Reader::open([MAGIC.as_slice(), header].concat().as_slice()).is_ok());
    let broken = encode(&Frame::Broken("why".to_owned()));
    assert!(matches!(
        read(&[MAGIC.as_slice(), &broken].concat()),
        Err(BackupError::Damaged("it has no header"))
    ));
}

#[test]
fn an_unfinished_backup_has_a_reason() {
    let store = Store::with_engine(Arc::new(engine(50_000)), 8);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let begun = Archive::begin(&store, limits(100), "beamlive 1.0", NOW);
    let mut archive = runtime.block_on(begun).unwrap();
    let mut bytes = archive.next_piece().0.unwrap();
    bytes.extend(archive.next_piece().0.unwrap());
    let mut batch = Batch::new();
    for n in 40_000..40_010 {
        batch.set(keys::record(Table::Dataset, IdRef::Known(n)), b"new");
    }
    runtime.block_on(store.reserve().unwrap().commit(batch)).unwrap();
    let (piece, error) = archive.next_piece();
    assert!(error.unwrap().to_string().contains("store.backup_memory_bytes"));
    bytes.extend(piece.unwrap());
    assert!(archive.next_piece().0.is_none());
    let Err(BackupError::Broken(why)) = read(&bytes) else {
        panic!("an unfinished backup was accepted");
    };
    assert!(why.contains("more than 100 bytes were changed"), "{why}");
}

#[test]
fn a_restored_store_has_the_same_rows_on_any_engine() {
    let before = engine(5_000);
    let bytes = backup_of(&before);
    let all = rows_of(&before);
    let mine = |rows: Rows| -> Rows {
        // The new store has its own tally.
        let tally = Tally::key();
        rows.into_iter()
            .filter(|(key, _)| key != tally.as_bytes())
            .collect()
    };
    for kind in [EngineKind::Sled, EngineKind::Fjall] {
        let home = TempDir::new().unwrap();
        let data = home.path().join("new/data");
        let mut watched = (0, 0);
        let restored = restore(bytes.as_slice(), &data, kind, |rows, read| {
            watched = (rows, read);
        })
        .unwrap();
        assert_eq!(restored.rows, all.len() as u64);
        assert_eq!(restored.counters, [(Table::Dataset, 5_000)]);
        assert_eq!(watched.0, restored.rows);
        assert_eq!(unfinished(&data), None);
        let store = Store::open_to_read(&data.join("store"), 1 << 20).unwrap();
        let rows: Rows = store
            .scan_bytes(&[], &[0xff; 9], crate::engine::Order::Ascending)
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(mine(rows), mine(all.clone()));
        let (found, expected) = (tally(store.engine()), tally(&before));
        assert_eq!((found.rows, found.sum), (expected.rows, expected.sum));
        assert!(data.join("store/mark").is_file());
    }
}

#[test]
fn a_store_that_lost_a_row_is_not_restored() {
    let damaged = engine(100);
    damaged.alter(keys::record(Table::Dataset, IdRef::Known(7)).as_bytes(), None);
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let error = restore(backup_of(&damaged).as_slice(), &data, EngineKind::Sled, |_, _| {}).unwrap_err();
    assert!(
        matches!(
            error,
            RestoreError::Tally {
                found: 101,
                expected: 102
            }
        ),
        "{error:?}"
    );
    assert!(!data.exists());
}

#[test]
fn a_failed_restore_leaves_nothing() {
    let home = TempDir::new().unwrap();
    let bytes = backup_of(&engine(5_000));
    for data in [home.path().join("missing"), home.path().to_owned()] {
        let existed = data.exists();
        for wrong in [&bytes[..bytes.len() - 1], b"something else", b"".as_slice()] {
            restore(wrong, &data, EngineKind::Sled, |_, _| {}).unwrap_err();
            assert_eq!(data.exists(), existed);
            assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        }
    }
}

#[test]
fn an_existing_store_is_not_overwritten() {
    let home = TempDir::new().unwrap();
    std::fs::write(home.path().join("notes"), "mine").unwrap();
    let error = restore(
        backup_of(&engine(1)).as_slice(),
        home.path(),
        EngineKind::Sled,
        |_, _| {},
    )
    .unwrap_err();
    assert!(matches!(error, RestoreError::NotEmpty(_)), "{error:?}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn a_store_of_another_build_is_not_restored() {
    let home = TempDir::new().unwrap();
    let foreign = engine(1);
    let mut batch = Batch::new();
    batch.clear(Key::of(Table::Meta));
    foreign.apply(&[batch]).unwrap();
    let error = restore(
        backup_of(&foreign).as_slice(),
        home.path(),
        EngineKind::Sled,
        |_, _| {},
    )
    .unwrap_err();
    assert!(
        matches!(error, RestoreError::Format(FormatError::Foreign)),
        "{error:?}"
    );
    let mut newer = backup_of(&engine(1));
    newer[MAGIC.len() - 1] += 1;
    let error = restore(newer.as_slice(), home.path(), EngineKind::Sled, |_, _| {}).unwrap_err();
    assert!(
        matches!(error, RestoreError::Backup(BackupError::Newer(2))),
        "{error:?}"
    );
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}
