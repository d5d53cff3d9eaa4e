//! A store made of a backup.

use super::{BackupError, Header, Reader};
use crate::batch::Batch;
use crate::engine::faults::NoFaults;
use crate::engine::place::{sync_directory, OpenError};
use crate::engine::{EngineError, EngineKind};
use crate::keys::{Key, Table};
use crate::mark::{MarkError, Marker};
use crate::migrate::{self, FormatError, LAYOUT};
use crate::store::StoreConfig;
use crate::tally::Tally;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where a store is made, until it is whole: in the data directory, beside where it will be.
const UNFINISHED: &str = "store.restoring";
/// Pages that are kept in memory meanwhile, in bytes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of rows that are written at once.
const WRITE_BYTES: usize = 4 * 1024 * 1024;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup says of itself.
    pub header: Header,
    /// How many rows.
    pub rows: u64,
    /// The last id that was given, of every table that gives some.
    pub counters: Vec<(Table, u64)>,
}

/// Why nothing was restored. The data directory is as it was.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// It holds something.
    #[error("{0} is not empty: name an empty directory, or one that does not exist yet")]
    NotEmpty(PathBuf),
    /// The backup is not whole.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// It is of a store that this build does not know.
    #[error("this backup can't be restored by this build")]
    Format(#[from] FormatError),
    /// The store could not be made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A row could not be written.
    #[error("the store could not be written")]
    Engine(#[from] EngineError),
    /// The rows are not those that the store had.
    #[error(
        "the backup holds {found} rows whose sum is not that of the {told} rows that the store had: the store was damaged when the backup was taken, so use an earlier one"
    )]
    Tally {
        /// Rows in the backup.
        found: u64,
        /// Rows that its tally names.
        told: u64,
    },
    /// The mark could not be written.
    #[error("the store could not be finished")]
    Mark(#[from] MarkError),
    /// A file or directory could not be made.
    #[error("can't write in {path}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Whether a restore into this data directory did not come to its end: what to remove then.
#[must_use]
pub fn unfinished(data: &Path) -> Option<PathBuf> {
    let path = data.join(UNFINISHED);
    path.exists().then_some(path)
}

/// Makes the store `data/store` of a backup, on any `engine`; `data` is empty, or does not exist. It gets its name only when
/// all of it is there, every checksum was right, and it is durable. `watch` is called now and then with rows and bytes read.
///
/// # Errors
/// [`RestoreError`]: what was begun has been removed.
pub fn restore(
    backup: impl Read,
    data: &Path,
    engine: EngineKind,
    watch: impl FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    // Nothing is made before the header was read.
    let reader = Reader::open(backup)?;
    if reader.header().layout > LAYOUT {
        return Err(RestoreError::Format(FormatError::Newer {
            found: reader.header().layout,
            written_by: reader.header().created_by.clone(),
        }));
    }
    let io = |source| RestoreError::Io {
        path: data.to_owned(),
        source,
    };
    let existed = data.exists();
    if !existed {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data)
            .map_err(io)?;
    } else if fs::read_dir(data).map_err(io)?.next().is_some() {
        return Err(RestoreError::NotEmpty(data.to_owned()));
    }
    let unfinished = data.join(UNFINISHED);
    let made = fill(reader, &unfinished, engine, watch).and_then(|restored| {
        sync_directory(&unfinished)
            .and_then(|()| fs::rename(&unfinished, data.join("store")))
            .and_then(|()| File::open(data)?.sync_all())
            .and_then(|()| match data.canonicalize()?.parent() {
                Some(parent) => File::open(parent)?.sync_all(),
                None => Ok(()),
            })
            .map_err(io)?;
        Ok(restored)
    });
    if made.is_err() {
        // What can't be removed keeps its name, which no service opens.
        let _ = fs::remove_dir_all(&unfinished);
        if !existed {
            let _ = fs::remove_dir(data);
        }
    }
    made
}

fn fill<R: Read>(
    mut reader: Reader<R>,
    path: &Path,
    engine: EngineKind,
    mut watch: impl FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(|source| RestoreError::Io {
            path: path.to_owned(),
            source,
        })?;
    let config = StoreConfig {
        path: path.to_owned(),
        engine,
        cache_bytes: CACHE_BYTES,
        ..StoreConfig::default()
    };
    let engine = engine.open(&config, NoFaults)?;
    let (mut counters, mut told) = (Vec::new(), None);
    let (mut batch, mut bytes) = (Batch::new(), 0);
    while let Some(rows) = reader.next_rows()? {
        for (key, value) in rows {
            // The new store counts for itself.
            if key == Tally::key().as_bytes() {
                told = Tally::decode(&value);
                continue;
            }
            if let Some(counter) = counter(&key, &value) {
                counters.push(counter);
            }
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
    let found = Tally::of(engine.as_ref())?;
    check_tally(found, told)?;
    migrate::check(engine.as_ref())?;
    migrate::publish(path, engine.as_ref())?;
    // The mark is durable once it has begun, and nothing is written any more.
    drop(Marker::start(path, found.groups, |_| {})?);
    Ok(Restored {
        header: reader.header().clone(),
        rows: reader.rows(),
        counters,
    })
}

fn check_tally(found: Tally, told: Option<Tally>) -> Result<(), RestoreError> {
    match told {
        Some(told) if (told.rows, told.sum) == (found.rows, found.sum) => Ok(()),
        told => Err(RestoreError::Tally {
            found: found.rows,
            told: told.map_or(0, |told| told.rows),
        }),
    }
}

fn counter(key: &[u8], value: &[u8]) -> Option<(Table, u64)> {
    let [table, of] = *key else {
        return None;
    };
    let counter = Table::from_byte(table) == Some(Table::Counter);
    Some((
        Table::from_byte(of).filter(|_| counter)?,
        u64::from_be_bytes(value.try_into().ok()?),
    ))
}
