//! Why an item cannot be stored.

use beamlive_storage::ReadError;
use thiserror::Error;

/// Why an item cannot be stored.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The store can't be read.
    #[error("the store cannot be read")]
    Read(#[from] ReadError),
    /// What a row says exactly is not a record.
    #[error("the field beamlive of {what} cannot be read: {source}")]
    Exact {
        /// `Project 3`
        what: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The store has another record of the same id or name.
    #[error(
        "the store has another {what}, of another project or another time of creation: import into a new store, or \
         let ids begin above those of the dump before the service is used ([ids] first in the facility file)"
    )]
    Taken {
        /// `dataset 17`
        what: String,
    },
}
