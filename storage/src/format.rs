//! The store's format: written at creation, checked at every opening, refused when it is newer.
//!
//! It names the layout and the newest version of every record that may be in the store. A build
//! that writes newer records changes it before it writes the first one. The same bytes are in a
//! file next to the database: sled writes to its files as soon as it opens them, and with the file
//! a store can be refused without touching it.

use crate::batch::Batch;
use crate::codec::{decode, DecodeError, Versioned};
use crate::engine::error::EngineError;
use crate::engine::interface::{Engine, Order};
use crate::keys::{successor, Key, Table};
use crate::records::{StoreFormat, VERSIONS};
use crate::time::Timestamp;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The layout of the keyspace that this build reads and writes.
pub const LAYOUT: u32 = 2;

/// Why this build cannot use a database. Nothing was written to it.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum FormatError {
    #[error(
        "this store was written by a newer beamlive (layout {found}, this build knows {LAYOUT}): run that one, {written_by} or newer"
    )]
    Newer { found: u32, written_by: String },
    #[error(
        "this store was written by a newer beamlive ({record} of record version {found}, this build knows {known}): run that one, {written_by} or newer"
    )]
    NewerRecord {
        record: String,
        found: u8,
        known: u8,
        written_by: String,
    },
    #[error("can't read or write {path}")]
    File { path: PathBuf, source: io::Error },
    #[error(
        "this store says that it has layout {found}, which no released beamlive wrote: start with a new data directory, or restore a backup"
    )]
    Unknown { found: u32 },
    #[error("there is something in this database, but nothing that says it is a store of beamlive: name another directory")]
    Foreign,
    #[error("what this store says of its format can't be read")]
    Unreadable(#[from] DecodeError),
    #[error("the format of the store could not be read or written")]
    Engine(#[from] EngineError),
}

/// The format file, in the store's directory.
const FILE: &str = "format";

/// Refuses a store by its format file, if there is one, before the database is opened.
pub(crate) fn check_file(store: &Path) -> Result<(), FormatError> {
    let path = store.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => match decode::<StoreFormat>(&bytes) {
            Ok(format) => check_format(&format.record),
            // The format in the database is checked as well, and the file written again.
            Err(DecodeError::Malformed { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        },
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        Err(source) => Err(FormatError::File { path, source }),
    }
}

/// Writes the format file, unless it is equal to the format in the database already.
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

/// Checks the format of the database and updates the record versions in it, or writes the format if
/// the database is empty.
pub(crate) fn prepare(engine: &dyn Engine, created_by: &str, now: Timestamp) -> Result<(), FormatError> {
    let key = Key::of(Table::Meta);
    let mut format = StoreFormat {
        layout: LAYOUT,
        created_by: created_by.to_owned(),
        created: now,
        written_by: created_by.to_owned(),
        records: VERSIONS
            .iter()
            .map(|(name, version)| ((*name).to_owned(), *version))
            .collect(),
    };
    let mut batch = Batch::new();
    match stored(engine)? {
        None => {
            let mut rows = engine.range(&[], &successor(&[u8::MAX]), Order::Ascending);
            if rows.next().transpose()?.is_some() {
                return Err(FormatError::Foreign);
            }
            batch.insert(key, &format);
        }
        Some(Versioned { revision, record }) => {
            check_format(&record)?;
            if record.records == format.records {
                return Ok(());
            }
            format.created_by = record.created_by;
            format.created = record.created;
            batch.replace(key, revision, &format);
        }
    }
    engine.apply(&[batch])?;
    Ok(())
}

/// Checks that the database is a store that this build can read. Writes nothing.
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
    check_layout(format.layout, &format.written_by)?;
    for (record, found) in &format.records {
        let known = VERSIONS.iter().find(|(name, _)| name == record);
        let known = known.map_or(0, |(_, version)| *version);
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

/// Refuses every layout but this build's.
pub(crate) fn check_layout(found: u32, written_by: &str) -> Result<(), FormatError> {
    match found {
        LAYOUT => Ok(()),
        found if found > LAYOUT => Err(FormatError::Newer {
            found,
            written_by: written_by.to_owned(),
        }),
        found => Err(FormatError::Unknown { found }),
    }
}

#[cfg(test)]
mod tests;
