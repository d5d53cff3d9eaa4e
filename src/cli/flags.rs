//! Flags that several commands share.

use crate::config::StoreSettings;
use beamlive_client::Failure;
use beamlive_storage::{EngineKind, PostgresSettings};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Where a service's settings and data are.
#[derive(Debug, Args, Serialize)]
pub(super) struct PlaceFlags {
    /// Configuration file (TOML).
    #[arg(long, env = "BEAMLIVE_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Data directory, created if there is none [default: data].
    #[arg(long, env = "BEAMLIVE_DATA", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
}

/// The facility's time zone and its store.
#[derive(Debug, Args, Serialize)]
pub(super) struct FacilityFlags {
    /// The facility's time zone, such as America/Regina [default: UTC].
    #[arg(long, env = "BEAMLIVE_TIMEZONE", value_name = "ZONE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<chrono_tz::Tz>,
    #[command(flatten)]
    store: StoreFlags,
}

/// The store of a service.
#[derive(Debug, Args, Serialize)]
struct StoreFlags {
    /// The database of the store: sled, fjall, postgres, or memory for tests [default: sled].
    #[arg(long = "store-engine", env = "BEAMLIVE_STORE__ENGINE", value_name = "ENGINE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<EngineKind>,
    #[command(flatten)]
    #[serde(flatten)]
    url: StoreUrl,
}

/// Where a store on PostgreSQL is.
#[derive(Debug, Args, Serialize)]
struct StoreUrl {
    /// The database of a store on PostgreSQL, as postgres://user@host/database.
    #[arg(
        long = "store-url",
        env = "BEAMLIVE_STORE__URL",
        value_name = "URL",
        hide_env_values = true
    )]
    #[serde(rename = "url", skip_serializing_if = "Option::is_none")]
    store_url: Option<String>,
}

/// A store on PostgreSQL, for the commands that open one themselves.
#[derive(Debug, Args)]
pub(super) struct Database {
    #[command(flatten)]
    url: StoreUrl,
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
        let Some(url) = self.url.store_url else {
            return Ok(None);
        };
        let settings = StoreSettings {
            url: Some(url),
            password_file: self.password_file,
            ca_file: self.ca_file,
            // A person waits.
            hold_seconds: 5,
            ..StoreSettings::default()
        };
        Ok(Some(settings.postgres()?))
    }
}
