//! Why a configuration cannot be used.

use std::path::PathBuf;
use thiserror::Error;

/// Why the configuration can't be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A key is unknown, missing or has a value that it may not have.
    #[error("the configuration can't be read: {0}")]
    Unreadable(Box<figment::Error>),
    /// The file does not exist.
    #[error("there is no configuration file at {0}")]
    NoFile(PathBuf),
    /// A value cannot be used.
    #[error("{key} is {value:?}: {problem}")]
    Unusable {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with the value.
        problem: &'static str,
    },
}
