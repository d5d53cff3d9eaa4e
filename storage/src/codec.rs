//! A record's bytes: `[version][revision, 8 bytes big-endian][bincode]`.
//!
//! The version says how to read it, the revision which state of the record it is: preconditions name it.

use crate::records::Record;
use bincode::Options;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Bytes before the record itself.
pub(crate) const HEADER: usize = 9;

/// A record with the revision it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<R> {
    /// 1 when created, one more with every change.
    pub revision: u64,
    /// The record.
    pub record: R,
}

/// Why bytes on disk are no record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Written by a newer build, or not a record at all.
    #[error("{record} has record version {found}, this build knows up to {known}: run the newer beamlive that wrote it")]
    UnknownVersion {
        /// Which table.
        record: &'static str,
        /// The version found.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// Cut short, too long, or not what the version says.
    #[error("{record} does not decode: {reason}")]
    Malformed {
        /// Which table.
        record: &'static str,
        /// What bincode says.
        reason: String,
    },
}

fn options() -> impl Options {
    bincode::DefaultOptions::new().reject_trailing_bytes()
}

/// Encodes `record` at `revision`.
pub(crate) fn encode<R: Record>(revision: u64, record: &R) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.push(R::VERSION);
    bytes.extend_from_slice(&revision.to_be_bytes());
    // Writing to a Vec cannot fail and none of our records can fail to serialize; were one to, the golden tests
    // and every read of it would say so, for the bytes would be cut short.
    if let Err(error) = options().serialize_into(&mut bytes, record) {
        tracing::error!(record = R::NAME, %error, "a record did not serialize");
    }
    bytes
}

/// Decodes a record of any version this build knows.
///
/// # Errors
/// [`DecodeError`] when the bytes are cut short, too long, or of an unknown version.
pub fn decode<R: Record>(bytes: &[u8]) -> Result<Versioned<R>, DecodeError> {
    let malformed = |reason: String| DecodeError::Malformed {
        record: R::NAME,
        reason,
    };
    let (Some(&version), Some(revision), Some(body)) =
        (bytes.first(), revision_of(bytes), bytes.get(HEADER..))
    else {
        return Err(malformed(format!(
            "{} bytes are too few for a header",
            bytes.len()
        )));
    };
    let record = if version == R::VERSION {
        decode_body(R::NAME, body)?
    } else {
        R::upgrade(version, body)?
    };
    Ok(Versioned { revision, record })
}

/// Decodes what follows the header as `T`: what an older version of a record was.
pub(crate) fn decode_body<T: DeserializeOwned>(record: &'static str, body: &[u8]) -> Result<T, DecodeError> {
    options()
        .deserialize(body)
        .map_err(|error| DecodeError::Malformed {
            record,
            reason: error.to_string(),
        })
}

/// The revision in a value's header.
pub(crate) fn revision_of(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(1..HEADER)?.try_into().ok()?))
}

#[cfg(test)]
mod tests;
