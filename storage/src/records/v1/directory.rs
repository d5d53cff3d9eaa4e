//! Directories and the secure keys that open them.

use super::Subject;
use crate::ids::{ProjectId, RawId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the Data Proxy returns for a directory: 160 bits, written as 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecureKey(pub [u8; 20]);

impl SecureKey {
    /// Parses exactly 40 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 40 {
            return None;
        }
        let mut key = [0; 20];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let mut value = 0;
            for digit in pair {
                value = value * 16
                    + match digit {
                        b'0'..=b'9' => digit - b'0',
                        b'a'..=b'f' => digit - b'a' + 10,
                        _ => return None,
                    };
            }
            *byte = value;
        }
        Some(Self(key))
    }

    /// All 40 hex digits. Whoever has them may read the directory: not for logs.
    #[must_use]
    pub fn to_hex(&self) -> String {
        use fmt::Write;
        self.0.iter().fold(String::with_capacity(40), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// Shows the first eight digits only, so that no log holds a whole key.
impl fmt::Debug for SecureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.to_hex().get(..8).unwrap_or_default())
    }
}

/// A directory that the Data Proxy has not given a key for yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingForward {
    /// Goes to the Data Proxy.
    pub directory: String,
    /// Whose.
    pub project: ProjectId,
    /// Since when it waits.
    pub created: Timestamp,
    /// Calls that failed.
    pub attempts: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
}

/// What a key of the built-in Data Proxy opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurePath {
    /// The record that it was made with. First, for the writer fills it in for a new record.
    pub record: RawId,
    /// What kind of record that is; none for a key that was asked for by itself.
    pub subject: Option<Subject>,
    /// Whose; none for keys made through the proxy's own route.
    pub project: Option<ProjectId>,
    /// The directory.
    pub directory: String,
    /// When the key was made.
    pub created: Timestamp,
}
