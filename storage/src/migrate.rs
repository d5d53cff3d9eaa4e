//! The store's own format: written when it is created, checked at every opening, refused when it is newer.

use crate::batch::Batch;
use crate::codec::{decode, DecodeError};
use crate::engine::{Engine, EngineError, Order};
use crate::keys::{successor, Key, Table};
use crate::records::StoreFormat;
use crate::time::Timestamp;
use thiserror::Error;

/// The layout of the keyspace that this build reads and writes.
pub const LAYOUT: u32 = 1;

/// Why a database is no store for this build. Nothing was written to it.
#[derive(Debug, Error)]
pub enum FormatError {
    /// Its keyspace is laid out in a way that came later.
    #[error(
        "this store was written by a newer beamlive (layout {found}, this build knows {LAYOUT}): run that one, {created_by} or newer"
    )]
    Newer {
        /// The layout found.
        found: u32,
        /// Program and version that created the store.
        created_by: String,
    },
    /// Its keyspace is laid out in a way that never was.
    #[error(
        "this store says that it has layout {found}, which no beamlive ever wrote: restore the last backup"
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

/// Makes sure that the database is a store of this build's layout: checks it, or writes it into an empty database.
pub(crate) fn prepare(engine: &dyn Engine, created_by: &str, now: Timestamp) -> Result<(), FormatError> {
    let key = Key::of(Table::Meta);
    if engine.get(key.as_bytes())?.is_none() {
        let all = engine.range(&[], &successor(&[u8::MAX]), Order::Ascending).next();
        if all.transpose()?.is_some() {
            return Err(FormatError::Foreign);
        }
        let mut batch = Batch::new();
        batch.insert(
            key,
            &StoreFormat {
                layout: LAYOUT,
                created_by: created_by.to_owned(),
                created: now,
            },
        );
        engine.apply(&[batch])?;
        return Ok(());
    }
    check(engine)
}

/// Makes sure that the database is a store of this build's layout, and writes nothing.
pub(crate) fn check(engine: &dyn Engine) -> Result<(), FormatError> {
    let Some(bytes) = engine.get(Key::of(Table::Meta).as_bytes())? else {
        return Err(FormatError::Foreign);
    };
    let format = decode::<StoreFormat>(&bytes)?.record;
    match format.layout {
        LAYOUT => Ok(()),
        found if found > LAYOUT => Err(FormatError::Newer {
            found,
            created_by: format.created_by,
        }),
        // The first older layout brings its upgrade here.
        found => Err(FormatError::Unknown { found }),
    }
}

#[cfg(test)]
mod tests;
