//! The way back: from a store to a dump that [`crate::Tables`] and MxLIVE read.
//!
//! | file | what it holds |
//! |---|---|
//! | `error.rs`, `outcome.rs` | why a dump is not complete; what was written |
//! | `row.rs` | a row of the dump |
//! | `json.rs` | writes rows as JSON |
//! | `declared.rs`, `inventory.rs`, `access.rs` | rows of what a facility file declares |
//! | `facility.rs` | reads those rows back, and adds what they do not say |
//! | `visits.rs` | sessions, stretches, feedback, connections |
//! | `uploads.rs` | datasets, reports, the activity log |
//! | `paths.rs` | the dump of the Data Proxy |
//!
//! Each row is read back as an import reads it. What the result lacks stands in the row's field
//! `beamlive` (`exact.rs`). So an import of the dump gives the same records.
//!
//! Memory grows with the declared part of the facility, and not with its sessions and uploads.

mod access;
mod declared;
mod error;
mod facility;
mod inventory;
mod json;
mod outcome;
mod paths;
mod row;
mod uploads;
mod visits;

pub use error::ExportError;
pub use json::Dump;
pub use outcome::Exported;
pub use paths::paths;

use crate::directories::Directories;
use crate::records::Context;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::SecureKey;
use beamlive_storage::{Order, ReadError, Store, Table};
use facility::Declared;
use std::io;

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
        ("browsers that are signed in", Table::BrowserSession),
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
