//! Why a service does not start or does not stop cleanly.

use crate::config::{ConfigError, Listen, PasswordError};
use crate::proxy::client::ClientError;
use crate::proxy::roots::BadRoots;
use crate::sign_in::oidc::setup::SetupError;
use crate::sign_in::secrets::SecretError;
use crate::tls::TlsError;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::facility::place::Mistake;
use beamlive_storage::OpenError;
use std::path::PathBuf;
use thiserror::Error;

/// Why the service can't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data directory can't be used.
    #[error("can't use the data directory {path}")]
    DataDirectory {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The cache directory can't be used.
    #[error("can't use the cache directory {path}")]
    Cache {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// A restore into the data directory was interrupted.
    #[error("a restore into this data directory did not finish: remove {0}, and restore again")]
    Unfinished(PathBuf),
    /// The password for PostgreSQL can't be read.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A secret for tokens can't be read or made.
    #[error(transparent)]
    Secret(SecretError),
    /// Sign-in with OpenID Connect is not configured as a whole.
    #[error("{0}")]
    Oidc(&'static str),
    /// A file for it can't be read.
    #[error("can't read {path}, which the settings of OpenID Connect name")]
    OidcFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Its settings can't be used.
    #[error(transparent)]
    OidcSetup(#[from] SetupError),
    /// The store opens, but its records can't be read.
    #[error("the store opens, but can't be read: {0}")]
    Unreadable(String),
    /// The address can't be listened on.
    #[error("can't listen on {address}")]
    Listen {
        /// The address, or the Unix socket.
        address: Listen,
        /// The cause.
        source: std::io::Error,
    },
    /// The settings of TLS need one another.
    #[error(transparent)]
    Tls(#[from] ConfigError),
    /// The certificate or its key can't be used.
    #[error(transparent)]
    Certificate(#[from] TlsError),
    /// The facility file can't be read.
    #[error("can't read the facility file {path}")]
    FacilityFile {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The facility file has mistakes.
    #[error("the facility file {path} has mistakes:{}", list(.mistakes))]
    Facility {
        /// Its path.
        path: PathBuf,
        /// All mistakes.
        mistakes: Vec<Mistake>,
    },
    /// The facility file could not be applied.
    #[error("the facility file could not be applied")]
    Apply(#[from] Unavailable),
    /// Threads can't be started.
    #[error("threads can't be started")]
    Threads(#[source] std::io::Error),
    /// The client of the external Data Proxy can't be made.
    #[error(transparent)]
    Proxy(#[from] ClientError),
    /// The built-in Data Proxy has no directory to serve.
    #[error(transparent)]
    Roots(#[from] BadRoots),
}

/// Why a service did not stop cleanly. Everything acknowledged is durable nevertheless.
#[derive(Debug, Error)]
pub enum StopError {
    /// Writes had failed before.
    #[error("writes in flight may be missing")]
    WritesOff(#[from] beamlive_storage::Unavailable),
    /// The thread that closes the store panicked.
    #[error("the store could not be closed")]
    Lost(#[source] tokio::task::JoinError),
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .fold(String::new(), |text, mistake| format!("{text}\n  {mistake}"))
}
