//! Why a service does not start, or not stop cleanly.

use crate::proxy::client::ClientError;
use crate::proxy::roots::BadRoots;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::facility::place::Mistake;
use beamlive_storage::OpenError;
use std::net::SocketAddr;
use std::path::PathBuf;
use thiserror::Error;

/// Why the service can't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data directory can't be used.
    #[error("can't use the data directory {path}")]
    DataDirectory {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Pictures can't be kept there.
    #[error("can't use the cache directory {path}")]
    Cache {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// A restore into the data directory was interrupted.
    #[error("a restore into this data directory did not finish: remove {0}, and restore again")]
    Unfinished(PathBuf),
    /// The store opens but its records can't be read.
    #[error("the store opens, but can't be read: {0}")]
    Unreadable(String),
    /// Nobody can listen there.
    #[error("can't listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The facility file can't be read.
    #[error("can't read the facility file {path}")]
    FacilityFile {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The facility file has mistakes.
    #[error("the facility file {path} has mistakes:{}", list(.mistakes))]
    Facility {
        /// Which.
        path: PathBuf,
        /// All of them.
        mistakes: Vec<Mistake>,
    },
    /// The facility file could not be applied.
    #[error("the facility file could not be applied")]
    Apply(#[from] Unavailable),
    /// The system gives no threads.
    #[error("threads can't be started")]
    Threads(#[source] std::io::Error),
    /// The client of the external Data Proxy can't be made.
    #[error(transparent)]
    Proxy(#[from] ClientError),
    /// The built-in Data Proxy has nothing that it could serve.
    #[error(transparent)]
    Roots(#[from] BadRoots),
}

/// Why a service did not stop cleanly. Nothing that was acknowledged is missing.
#[derive(Debug, Error)]
pub enum StopError {
    /// Writing had failed before.
    #[error("what was in flight may be missing")]
    WritesOff(#[from] beamlive_storage::Unavailable),
    /// The store's last work was lost.
    #[error("the store could not be closed")]
    Lost(#[source] tokio::task::JoinError),
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .fold(String::new(), |text, mistake| format!("{text}\n  {mistake}"))
}
