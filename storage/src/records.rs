//! What is kept on disk. `v1` holds the first version of every record; this module names the latest of each.
//!
//! A record's shape never changes in place. To change one, as `v2.rs` does it:
//!
//! 1. The new shape in the module of its version, with a [`Record::upgrade`] that reads the old one by its own type.
//! 2. The old type stays in its module, but loses its line in the list of latest records there.
//! 3. This module names the new one.
//! 4. Golden bytes of the new version beside those of the old, and a test that the old ones become the new record.
//!
//! A store names the newest versions that may be in it before any of them is written, so that an older build refuses
//! it as a whole instead of failing at one record.

pub mod v1;
pub mod v2;

pub use v1::*;
pub use v2::StoreFormat;

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

/// The version that this build writes of every record but the store's format, by name.
pub(crate) fn latest() -> impl Iterator<Item = (&'static str, u8)> {
    v1::LATEST.iter().copied()
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
