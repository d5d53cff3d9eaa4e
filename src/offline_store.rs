//! A store that no service uses, opened to read it.

use beamlive_client::Failure;
use beamlive_storage::{OpenError, PostgresSettings, Store};
use std::path::Path;

/// Memory for pages of the database.
const CACHE_BYTES: u64 = 128 * 1024 * 1024;

/// Opens the store of a data directory, or one moment of a store on PostgreSQL.
///
/// # Errors
/// [`OpenError`], which [`in_use`] explains.
pub fn open_to_read(data: &Path, database: Option<&PostgresSettings>) -> Result<Store, OpenError> {
    match database {
        Some(settings) => Store::open_snapshot(settings),
        None => Store::open_to_read(&data.join("store"), CACHE_BYTES),
    }
}

/// Says what to do about a store that a service uses: stop the service, `or` something else.
#[must_use]
pub fn in_use(error: OpenError, or: &str) -> Failure {
    match error {
        OpenError::Locked { path } => format!(
            "the store {} is in use: stop the service first{or}",
            path.display()
        )
        .into(),
        error => error.into(),
    }
}
