//! The way back: from a store to a dump that [`crate::Tables`] and MxLIVE read.
//!
//! | file | what it holds |
//! |---|---|
//! | `row.rs` | a row of the dump |
//! | `json.rs` | writes rows as JSON |
//! | `declared.rs`, `inventory.rs`, `access.rs` | rows of what a facility file declares |
//! | `facility.rs` | reads those rows back, and adds what they do not say |
//! | `visits.rs` | sessions, stretches, feedback, connections |
//! | `uploads.rs` | datasets, reports, the activity log |
//! | `paths.rs` | the dump of the Data Proxy |
//!
//! Each row is read back as an import reads it. What the result lacks stands in the row's field
//! `beamlive` ([`crate::exact`]). So an import of the dump gives the same records.
//!
//! Memory grows with the declared part of the facility, and not with its sessions and uploads.

mod access;
mod declared;
mod facility;
mod inventory;
mod json;
mod paths;
mod row;
mod uploads;
mod visits;

pub use json::Dump;
pub use paths::paths;

use crate::directories::Directories;
use crate::records::Context;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::SecureKey;
use beamlive_storage::{Order, ReadError, Store, Table};
use facility::Declared;
use std::collections::BTreeMap;
use std::io;
use thiserror::Error;

/// Why a dump is not complete.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The store can't be read.
    #[error("the store cannot be read")]
    Read(#[from] ReadError),
    /// The dump can't be written.
    #[error("the dump cannot be written: {0}")]
    Write(#[from] io::Error),
    /// A record is no JSON.
    #[error("a record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// What was written can't be read back.
    #[error("the dump cannot be read back: {0}")]
    Dump(#[from] crate::DumpError),
    /// The facility that was written is not one that the service accepts.
    #[error("the facility would not be accepted again:{}", .0.iter().map(|mistake| format!("\n  {mistake}")).collect::<String>())]
    Facility(Vec<String>),
}

/// What was written, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Rows by label.
    pub rows: BTreeMap<&'static str, u64>,
    /// Records for which a dump has no place, by what they are.
    pub left: BTreeMap<&'static str, u64>,
}

impl Exported {
    fn leave(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.left.entry(what).or_default() += count;
        }
    }
}

/// Writes all of a store that a dump can hold. Nothing may write to the store meanwhile.
///
/// # Errors
/// [`ExportError`].
pub fn export<W: io::Write>(store: &Store, dump: &mut Dump<W>) -> Result<Exported, ExportError> {
    let catalog = Catalog::load(store)?;
    let mut exported = Exported::default();
    let declared = Declared::make(store, &catalog, &mut exported)?;
    for row in &declared.rows {
        dump.put(row, &mut exported)?;
    }
    visits::write(store, &catalog, dump, &mut exported)?;
    let directories = Directories::default();
    let context = Context {
        tables: &declared.tables,
        mended: &declared.mended,
        catalog: &declared.catalog,
        directories: &directories,
        survey: &|_| SecureKey([0; 20]),
    };
    uploads::write(store, &catalog, &declared, &context, dump, &mut exported)?;
    for (what, table) in [
        ("survey keys of sessions: they get new ones", Table::Session),
        ("answers to requests that may be repeated", Table::AnsweredRequest),
        ("refresh tokens that were used", Table::SpentToken),
    ] {
        exported.leave(what, rows(store, table)?);
    }
    Ok(exported)
}

/// The number of rows of a table.
fn rows(store: &Store, table: Table) -> Result<u64, ReadError> {
    let (start, end) = keys::below(&Key::of(table), None);
    let mut count = 0;
    for key in store.scan_keys(&start, &end, Order::Ascending) {
        key?;
        count += 1;
    }
    Ok(count)
}
