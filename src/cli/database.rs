//! Where a store on PostgreSQL is, for the commands that open one themselves.

use crate::config::StoreSettings;
use beamlive_client::Failure;
use beamlive_storage::PostgresSettings;
use clap::Args;
use std::path::PathBuf;

/// Flags of a store on PostgreSQL.
#[derive(Debug, Args)]
pub(super) struct Database {
    /// The database of a store on PostgreSQL, as postgres://user@host/database.
    #[arg(
        long = "store-url",
        env = "BEAMLIVE_STORE__URL",
        value_name = "URL",
        hide_env_values = true
    )]
    url: Option<String>,
    /// A file with its password, if that is not in the URL.
    #[arg(
        long = "store-password-file",
        env = "BEAMLIVE_STORE__PASSWORD_FILE",
        value_name = "FILE"
    )]
    password_file: Option<PathBuf>,
    /// The certificates that sign its servers' [default: Mozilla's list].
    #[arg(long = "store-ca-file", env = "BEAMLIVE_STORE__CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl Database {
    /// How it is reached; `None` without a URL.
    pub(super) fn settings(self) -> Result<Option<PostgresSettings>, Failure> {
        if self.url.is_none() {
            return Ok(None);
        }
        let settings = StoreSettings {
            url: self.url,
            password_file: self.password_file,
            ca_file: self.ca_file,
            // A person waits.
            hold_seconds: 5,
            ..StoreSettings::default()
        };
        Ok(Some(settings.postgres()?))
    }
}
