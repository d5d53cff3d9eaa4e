//! What is kept on disk. `v1` holds the first version of every record; this module names the latest of each.
//!
//! A record's shape never changes in place: a change is a new version in a new module, an entry in its
//! [`Record::upgrade`], and golden bytes of the old one in the tests.

pub mod v1;

pub use v1::*;

use crate::codec::DecodeError;
use serde::{de::DeserializeOwned, Serialize};

/// A value that is stored as `[version][revision][bincode]`.
pub trait Record: Serialize + DeserializeOwned {
    /// The table's name, for errors a person reads.
    const NAME: &'static str;
    /// The version that is written.
    const VERSION: u8;

    /// Decodes the bytes of an older `version` into the latest shape.
    ///
    /// # Errors
    /// [`DecodeError::UnknownVersion`] for a version this build does not know.
    fn upgrade(version: u8, _bytes: &[u8]) -> Result<Self, DecodeError> {
        Err(DecodeError::UnknownVersion {
            record: Self::NAME,
            found: version,
            known: Self::VERSION,
        })
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
