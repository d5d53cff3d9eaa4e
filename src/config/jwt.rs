//! The tokens of version 3.

use super::read::positive;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The tokens of version 3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// Files with the secrets that sign tokens: the first signs, all verify. Without any, a secret
    /// is made in the data directory.
    #[serde(deserialize_with = "files")]
    pub secret_file: Vec<PathBuf>,
    /// How long an access token is valid, in days.
    #[serde(deserialize_with = "positive")]
    pub access_days: u32,
    /// How long a refresh token is valid, in days.
    #[serde(deserialize_with = "positive")]
    pub refresh_days: u32,
    /// Maximum number of passwords that are being checked or wait for it. Further sign-ins get 503.
    pub checks: usize,
}

impl Default for Jwt {
    fn default() -> Self {
        Self {
            secret_file: Vec::new(),
            access_days: 30,
            refresh_days: 360,
            checks: 64,
        }
    }
}

/// One file or a list of files.
fn files<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(PathBuf),
        Several(Vec<PathBuf>),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::One(file) => vec![file],
        Either::Several(files) => files,
    })
}
