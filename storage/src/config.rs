//! The settings of a store.

use crate::engine::kind::EngineKind;
use std::path::PathBuf;

/// The settings of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// Its directory; created when it does not exist.
    pub path: PathBuf,
    /// The database that holds it.
    pub engine: EngineKind,
    /// Bytes of the database that are kept in memory.
    pub cache_bytes: u64,
    /// Batches that may wait for the writer.
    pub queue: usize,
    /// Program and version, written into a store that is created.
    pub created_by: String,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from("data"),
            engine: EngineKind::default(),
            cache_bytes: 64 * 1024 * 1024,
            queue: 4096,
            created_by: concat!("beamlive ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}
