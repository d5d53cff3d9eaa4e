//! Directories and the secure keys that open them.

use super::log::Subject;
use crate::ids::{ProjectId, RawId};
use crate::time::Timestamp;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A key that the Data Proxy returns for a directory: 160 bits, written as 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecureKey(pub [u8; 20]);

impl SecureKey {
    /// Parses exactly 40 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// All 40 hex digits. They grant access to the directory: not for logs.
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

/// Shows the first eight digits only, so that no log holds a whole key.
impl fmt::Debug for SecureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.to_hex().get(..8).unwrap_or_default())
    }
}

/// A directory for which the Data Proxy has not given a key yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingForward {
    /// The directory, as it is sent to the Data Proxy.
    pub directory: String,
    pub project: ProjectId,
    /// When it was added to the outbox.
    pub created: Timestamp,
    /// Number of failed calls.
    pub attempts: u32,
    /// Why the last call failed.
    pub last_error: Option<String>,
}

/// Which of the processes that share the database sends the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxLease {
    /// The name of the process; empty when none sends it.
    pub node: String,
    /// One more with each renewal. While it changes, the process is alive.
    pub renewals: u64,
    /// How often an operator asked for a retry.
    pub retries: u64,
}

/// The directory that a key of the built-in Data Proxy opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurePath {
    /// The record that the key belongs to. First, so that the writer can fill in a new id.
    pub record: RawId,
    /// What kind of record that is; `None` for a key that belongs to no record.
    pub subject: Option<Subject>,
    /// The project; `None` for keys made through the proxy's own route.
    pub project: Option<ProjectId>,
    pub directory: String,
    pub created: Timestamp,
}
