//! Makes a store of a backup.

use super::format::{BackupError, Header};
use super::read::Reader;
use crate::batch::Batch;
use crate::engine::faults::NoFaults;
use crate::engine::files::{sync_directory, sync_entries};
use crate::engine::postgres::{PostgresEngine, Purpose};
use crate::engine::{rebuild_tables, Engine, EngineError, EngineKind, OpenError, PostgresSettings};
use crate::format::{self, FormatError};
use crate::keys::{Key, Table};
use crate::mark::{MarkError, Marker};
use crate::opening::{open_engine, StoreConfig};
use crate::tally::Tally;
use std::fs::{self, DirBuilder};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The directory of the new store until it is whole, in the data directory.
const UNFINISHED: &str = "store.restoring";
/// Bytes of the database that are kept in memory meanwhile.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of rows that are written at once.
const WRITE_BYTES: usize = 4 * 1024 * 1024;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The header of the backup.
    pub header: Header,
    /// Number of rows.
    pub rows: u64,
    /// The last id allocated, by table.
    pub counters: Vec<(Table, u64)>,
}

/// Why nothing was restored. The data directory is as it was before.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum RestoreError {
    #[error("{0} is not empty: name an empty directory, or one that does not exist yet")]
    NotEmpty(PathBuf),
    #[error("there are records in the database {0} already: name an empty one, or stop beamlive and drop the schema beamlive")]
    NotEmptyDatabase(String),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error("this backup can't be restored by this build")]
    Format(#[from] FormatError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the store could not be written")]
    Engine(#[from] EngineError),
    #[error(
        "the backup holds {found} rows whose sum is not that of the {expected} rows that the store had: the store was damaged when the backup was taken, so use an earlier one"
    )]
    Tally { found: u64, expected: u64 },
    #[error("the store could not be finished")]
    Mark(#[from] MarkError),
    #[error("can't write in {path}")]
    Io { path: PathBuf, source: io::Error },
}

/// The directory to remove if an earlier restore into `data` was interrupted.
pub fn unfinished(data: &Path) -> Option<PathBuf> {
    let path = data.join(UNFINISHED);
    path.exists().then_some(path)
}

/// Restores a backup as the store `data/store`, on any `engine`. `data` is empty or does not exist.
/// The store gets its name only when it is whole, every checksum was right, and it is durable.
/// `watch` is called now and then with the number of rows and bytes read.
///
/// # Errors
/// [`RestoreError`]: everything that was written has been removed.
pub fn restore(
    backup: impl Read,
    data: &Path,
    engine: EngineKind,
    watch: impl FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    // Nothing is written before the header was read.
    let reader = Reader::open(backup)?;
    format::check_layout(reader.header().layout, &reader.header().created_by)?;
    let existed = data.exists();
    if !existed {
        create_directory(data)?;
    } else if fs::read_dir(data)
        .map_err(|source| io(data, source))?
        .next()
        .is_some()
    {
        return Err(RestoreError::NotEmpty(data.to_owned()));
    }
    let unfinished = data.join(UNFINISHED);
    let restored = fill(reader, &unfinished, engine, watch).and_then(|restored| {
        sync_directory(&unfinished)
            .and_then(|()| fs::rename(&unfinished, data.join("store")))
            .and_then(|()| sync_entries(data))
            .map_err(|source| io(data, source))?;
        Ok(restored)
    });
    if restored.is_err() {
        // Leftovers keep the temporary name; no service opens it.
        let _ = fs::remove_dir_all(&unfinished);
        if !existed {
            let _ = fs::remove_dir(data);
        }
    }
    restored
}

fn create_directory(path: &Path) -> Result<(), RestoreError> {
    let created = DirBuilder::new().recursive(true).mode(0o700).create(path);
    created.map_err(|source| io(path, source))
}

fn io(path: &Path, source: io::Error) -> RestoreError {
    RestoreError::Io {
        path: path.to_owned(),
        source,
    }
}

fn fill<R: Read>(
    mut reader: Reader<R>,
    path: &Path,
    engine: EngineKind,
    watch: impl FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    create_directory(path)?;
    let config = StoreConfig {
        path: path.to_owned(),
        engine,
        cache_bytes: CACHE_BYTES,
        ..StoreConfig::default()
    };
    let engine = open_engine(&config, NoFaults)?;
    let restored = pour(&mut reader, engine.as_ref(), watch)?;
    format::publish(path, engine.as_ref())?;
    // Starting the marker writes the mark durably.
    let groups = Tally::read(|key| engine.get(key))?.groups;
    drop(Marker::start(path, groups, |_| {})?);
    Ok(restored)
}

/// Restores a backup into the empty database of `settings`. Nodes refuse the database until it is
/// whole and every checksum was right.
///
/// # Errors
/// [`RestoreError`]: the database is empty again, or says that a restore was interrupted.
pub fn restore_into(
    backup: impl Read,
    settings: &PostgresSettings,
    watch: impl FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    let mut reader = Reader::open(backup)?;
    format::check_layout(reader.header().layout, &reader.header().created_by)?;
    let engine = PostgresEngine::open(settings, Purpose::Restore)?;
    if !engine.begin_restore()? {
        return Err(RestoreError::NotEmptyDatabase(settings.name()));
    }
    let restored = pour(&mut reader, &engine, watch);
    match &restored {
        Ok(_) => {
            rebuild_tables(settings, |_, _| {})?;
            engine.finish_restore()?;
        }
        // The error of the restore says more than one of the cleaning.
        Err(_) => drop(engine.discard_restore()),
    }
    restored
}

/// Writes all rows of the backup, and checks their sum.
fn pour<R: Read>(
    reader: &mut Reader<R>,
    engine: &dyn Engine,
    mut watch: impl FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    let (mut counters, mut expected) = (Vec::new(), None);
    let (mut batch, mut bytes) = (Batch::new(), 0);
    while let Some(rows) = reader.next_rows()? {
        for (key, value) in rows {
            // The new store keeps its own tally.
            if key == Tally::key().as_bytes() {
                expected = Tally::decode(&value);
                continue;
            }
            counters.extend(counter(&key, &value));
            bytes += key.len() + value.len();
            batch.set(Key::raw(&key), &value);
        }
        if bytes >= WRITE_BYTES {
            engine.apply(&[std::mem::take(&mut batch)])?;
            bytes = 0;
        }
        watch(reader.rows(), reader.bytes());
    }
    engine.apply(&[batch])?;
    let found = Tally::read(|key| engine.get(key))?;
    check_tally(found, expected)?;
    format::check(engine)?;
    Ok(Restored {
        header: reader.header().clone(),
        rows: reader.rows(),
        counters,
    })
}

fn check_tally(found: Tally, expected: Option<Tally>) -> Result<(), RestoreError> {
    match expected {
        Some(expected) if (expected.rows, expected.sum) == (found.rows, found.sum) => Ok(()),
        expected => Err(RestoreError::Tally {
            found: found.rows,
            expected: expected.map_or(0, |expected| expected.rows),
        }),
    }
}

/// The table and the last id of a counter's row.
fn counter(key: &[u8], value: &[u8]) -> Option<(Table, u64)> {
    let [_, table] = *key else {
        return None;
    };
    let table = Table::from_repr(table).filter(|_| Table::of(key) == Some(Table::Counter))?;
    Some((table, u64::from_be_bytes(value.try_into().ok()?)))
}
