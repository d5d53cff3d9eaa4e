//! The group `[store]`.

use super::read::{positive, secret};
use beamlive_storage::{EngineKind, PostgresSettings};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// The database that holds the store.
    pub engine: EngineKind,
    /// Where PostgreSQL is, for the engine `postgres`.
    #[serde(deserialize_with = "secret")]
    pub url: Option<String>,
    /// A file with the password for PostgreSQL, if it is not in the URL.
    pub password_file: Option<PathBuf>,
    /// The certificates that sign those of PostgreSQL's servers. Without it, Mozilla's list.
    pub ca_file: Option<PathBuf>,
    /// How long requests wait for PostgreSQL when it is away, in seconds.
    #[serde(deserialize_with = "positive")]
    pub hold_seconds: u64,
    /// What this node is called in the database. Without it, the host's name.
    pub node: Option<String>,
    /// How much of an embedded database is kept in memory, in bytes.
    pub cache_bytes: u64,
    /// Memory for the old values of rows that change while a backup is taken, in bytes. A backup
    /// that needs more fails.
    pub backup_memory_bytes: usize,
}

/// Shows no password.
impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSettings")
            .field("engine", &self.engine)
            .field("hold_seconds", &self.hold_seconds)
            .finish_non_exhaustive()
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            engine: EngineKind::default(),
            url: None,
            password_file: None,
            ca_file: None,
            hold_seconds: 60,
            node: None,
            cache_bytes: 64 << 20,
            backup_memory_bytes: 256 << 20,
        }
    }
}

/// The file with the password can't be read.
#[derive(Debug, thiserror::Error)]
#[error("can't read the password for PostgreSQL in {path}: {source}")]
pub struct PasswordError {
    path: PathBuf,
    source: io::Error,
}

impl StoreSettings {
    /// How PostgreSQL is reached.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn postgres(&self) -> Result<PostgresSettings, PasswordError> {
        let read = |path: &PathBuf| {
            fs::read_to_string(path)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|source| PasswordError {
                    path: path.clone(),
                    source,
                })
        };
        Ok(PostgresSettings {
            url: self.url.clone().unwrap_or_default(),
            password: self.password_file.as_ref().map(read).transpose()?,
            ca_file: self.ca_file.clone(),
            hold: self.hold(),
            node: self.node.clone().unwrap_or_else(host_name),
        })
    }

    /// How long requests wait for a database that is away.
    #[must_use]
    pub fn hold(&self) -> Duration {
        Duration::from_secs(self.hold_seconds)
    }
}

/// The name of this host.
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
