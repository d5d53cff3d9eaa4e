//! The store's own format: written when it is created, checked at every opening, refused when it is newer.
//!
//! It names the layout and the newest version of every record that may be in the store. A build that brings newer ones says
//! so before it writes the first. The same bytes are in a file beside the database, for sled writes to its files as soon as it opens
//! them: with the file, a store that is refused is not touched at all.

use crate::batch::Batch;
use crate::codec::{decode, DecodeError, Versioned};
use crate::engine::{Engine, EngineError, Order};
use crate::keys::{successor, Key, Table};
use crate::records::{latest, StoreFormat};
use crate::time::Timestamp;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The layout of the keyspace that this build reads and writes.
pub const LAYOUT: u32 = 2;

/// Why a database is no store for this build. Nothing was written to it.
#[derive(Debug, Error)]
pub enum FormatError {
    /// Its keyspace is laid out in a way that came later.
    #[error(
        "this store was written by a newer beamlive (layout {found}, this build knows {LAYOUT}): run that one, {written_by} or newer"
    )]
    Newer {
        /// The layout found.
        found: u32,
        /// Program and version that wrote it.
        written_by: String,
    },
    /// It may hold records of a version, or of a kind, that came later.
    #[error(
        "this store was written by a newer beamlive ({record} of record version {found}, this build knows {known}): run that one, {written_by} or newer"
    )]
    NewerRecord {
        /// Name of the record.
        record: String,
        /// Its newest version that may be in the store.
        found: u8,
        /// The newest version known; 0 when there is no such record.
        known: u8,
        /// Program and version that wrote it.
        written_by: String,
    },
    /// The file that tells the format without the database could not be read or written.
    #[error("can't read or write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Its keyspace is laid out in a way that no released build wrote.
    #[error(
        "this store says that it has layout {found}, which no released beamlive wrote: start with a new data directory, or restore a backup"
    )]
    Unknown {
        /// The layout found.
        found: u32,
    },
    /// It says nothing of its format.
    #[error("there is something in this database, but nothing that says it is a store of beamlive: name another directory")]
    Foreign,
    /// What it says of its format does not decode.
    #[error("what this store says of its format can't be read")]
    Unreadable(#[from] DecodeError),
    /// The database failed.
    #[error("the format of the store could not be read or written")]
    Engine(#[from] EngineError),
}

/// The file that tells the format without the database.
const FILE: &str = "format";

/// Refuses a store by its file, if it has one, before the database is opened.
pub(crate) fn check_file(store: &Path) -> Result<(), FormatError> {
    let path = store.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => match decode::<StoreFormat>(&bytes) {
            Ok(format) => check_format(&format.record),
            // The database says it as well.
            Err(DecodeError::Malformed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        },
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(())
        }
        Err(source) => Err(FormatError::File { path, source }),
    }
}

/// Writes what the database says of its format into the file, if that says something else.
pub(crate) fn publish(store: &Path, engine: &dyn Engine) -> Result<(), FormatError> {
    let Some(bytes) = engine.get(Key::of(Table::Meta).as_bytes())? else {
        return Ok(());
    };
    let (path, new) = (store.join(FILE), store.join("format.new"));
    if fs::read(&path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(store)?.sync_all()
    };
    write().map_err(|source| FormatError::File {
        path: path.clone(),
        source,
    })
}

/// Makes sure that the database is a store of this build: checks it, says in it what this build may write, or creates it
/// in an empty database.
pub(crate) fn prepare(engine: &dyn Engine, created_by: &str, now: Timestamp) -> Result<(), FormatError> {
    let key = Key::of(Table::Meta);
    let records: Vec<_> = latest()
        .map(|(name, version)| (name.to_owned(), version))
        .collect();
    let mut batch = Batch::new();
    match stored(engine)? {
        None => {
            let all = engine.range(&[], &successor(&[u8::MAX]), Order::Ascending).next();
            if all.transpose()?.is_some() {
                return Err(FormatError::Foreign);
            }
            let format = StoreFormat {
                layout: LAYOUT,
                created_by: created_by.to_owned(),
                created: now,
                written_by: created_by.to_owned(),
                records,
            };
            batch.insert(key, &format);
        }
        Some(Versioned { revision, record }) => {
            check_format(&record)?;
            if record.records == records {
                return Ok(());
            }
            let format = StoreFormat {
                written_by: created_by.to_owned(),
                records,
                ..record
            };
            batch.replace(key, revision, &format);
        }
    }
    engine.apply(&[batch])?;
    Ok(())
}

/// Makes sure that the database is a store that this build can read, and writes nothing.
pub(crate) fn check(engine: &dyn Engine) -> Result<(), FormatError> {
    match stored(engine)? {
        None => Err(FormatError::Foreign),
        Some(format) => check_format(&format.record),
    }
}

fn stored(engine: &dyn Engine) -> Result<Option<Versioned<StoreFormat>>, FormatError> {
    let bytes = engine.get(Key::of(Table::Meta).as_bytes())?;
    Ok(bytes.map(|bytes| decode(&bytes)).transpose()?)
}

fn check_format(format: &StoreFormat) -> Result<(), FormatError> {
    match format.layout {
        LAYOUT => {}
        found if found > LAYOUT => {
            return Err(FormatError::Newer {
                found,
                written_by: format.written_by.clone(),
            })
        }
        // The first older layout brings its upgrade here.
        found => return Err(FormatError::Unknown { found }),
    }
    for (record, found) in &format.records {
        let known = latest().find_map(|(name, version)| (name == record).then_some(version));
        let known = known.unwrap_or(0);
        if *found > known {
            return Err(FormatError::NewerRecord {
                record: record.clone(),
                found: *found,
                known,
                written_by: format.written_by.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
