//! Records that have a second version.

use super::{v1, Record};
use crate::codec::{decode_body, DecodeError};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a store says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFormat {
    /// Version of the keyspace's layout.
    pub layout: u32,
    /// Program and version that created it.
    pub created_by: String,
    /// When it was created.
    pub created: Timestamp,
    /// Program and version that first wrote what it may hold now.
    pub written_by: String,
    /// The newest version of each record that it may hold, by the record's name; in its first version, none were named.
    pub records: Vec<(String, u8)>,
}

impl Record for StoreFormat {
    const NAME: &'static str = "store format";
    const VERSION: u8 = 2;

    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, DecodeError> {
        match version {
            1 => {
                let old: v1::StoreFormat = decode_body(Self::NAME, bytes)?;
                Ok(Self {
                    layout: old.layout,
                    written_by: old.created_by.clone(),
                    created_by: old.created_by,
                    created: old.created,
                    records: Vec::new(),
                })
            }
            found => Err(DecodeError::UnknownVersion {
                record: Self::NAME,
                found,
                known: Self::VERSION,
            }),
        }
    }
}
