//! The bytes of a record: `[version][revision, 8 bytes big-endian][bincode]`.
//!
//! The version says how to decode the record. The revision counts its changes; preconditions name
//! it.

use crate::records::Record;
use bincode::Options;
use serde::de::DeserializeOwned;
use serde::Serialize;
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

/// Why bytes could not be decoded as a record.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    #[error("{record} has record version {found}, this build knows up to {known}: run the newer beamlive that wrote it")]
    UnknownVersion {
        record: &'static str,
        found: u8,
        known: u8,
    },
    #[error("{record} does not decode: {reason}")]
    Malformed { record: &'static str, reason: String },
}

fn options() -> impl Options {
    bincode::DefaultOptions::new().reject_trailing_bytes()
}

/// Encodes `record` at `revision`.
pub(crate) fn encode<R: Record>(revision: u64, record: &R) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.push(R::VERSION);
    bytes.extend_from_slice(&revision.to_be_bytes());
    // Writing to a Vec cannot fail, and the golden tests show that every record serializes.
    if let Err(error) = options().serialize_into(&mut bytes, record) {
        tracing::error!(record = R::NAME, %error, "a record did not serialize");
    }
    bytes
}

/// Decodes a record.
pub fn decode<R: Record>(bytes: &[u8]) -> Result<Versioned<R>, DecodeError> {
    let record = R::NAME;
    let malformed = |reason: String| DecodeError::Malformed { record, reason };
    let (Some(&found), Some(revision), Some(body)) = (bytes.first(), revision_of(bytes), bytes.get(HEADER..))
    else {
        return Err(malformed(format!(
            "{} bytes are too few for a header",
            bytes.len()
        )));
    };
    let known = R::VERSION;
    if found != known {
        return Err(DecodeError::UnknownVersion { record, found, known });
    }
    let record = options()
        .deserialize(body)
        .map_err(|error| malformed(error.to_string()))?;
    Ok(Versioned { revision, record })
}

/// The revision in the header of a record's bytes.
pub(crate) fn revision_of(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(1..HEADER)?.try_into().ok()?))
}

/// The encoding of structs that always have the same length: big-endian integers, one after the
/// other.
fn fixed() -> impl Options {
    bincode::DefaultOptions::new()
        .with_fixint_encoding()
        .with_big_endian()
        .reject_trailing_bytes()
}

/// Encodes a struct of integers.
pub(crate) fn encode_fixed(value: &impl Serialize) -> Vec<u8> {
    // Integers cannot fail to serialize; empty bytes would not be decoded.
    fixed().serialize(value).unwrap_or_default()
}

/// Decodes a struct of integers. `None` if the length is wrong.
pub(crate) fn decode_fixed<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    fixed().deserialize(bytes).ok()
}

#[cfg(test)]
mod tests;
