//! Datasets and reports.

use super::{SecureKey, Subject};
use crate::ids::{BeamlineId, DatasetId, ProjectId, RawId, SampleId, SessionId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// One dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// Whose.
    pub project: ProjectId,
    /// Where it was measured.
    pub beamline: BeamlineId,
    /// The session it belongs to.
    pub session: Option<SessionId>,
    /// The sample it was measured on.
    pub sample: Option<SampleId>,
    /// The sample's group, by name, as it was then.
    pub group: Option<String>,
    /// Its name.
    pub name: String,
    /// Acronym of its data type.
    pub kind: String,
    /// Name, or template of the names, of its files.
    pub filename: Option<String>,
    /// Frame ranges as sent: `1-4,8`.
    pub frames: String,
    /// How many frames these are.
    pub num_frames: u64,
    /// keV
    pub energy: f64,
    /// s
    pub exposure: Option<f64>,
    /// %
    pub attenuation: Option<f64>,
    /// µm
    pub beam_size: Option<f64>,
    /// When it began.
    pub start_time: Timestamp,
    /// When it ended.
    pub end_time: Timestamp,
    /// The client's own id of the collection.
    pub uuid: Option<String>,
    /// Tells whether a repeated upload names the same directory; the directory itself is not kept here.
    pub directory_digest: [u8; 16],
    /// The key that the built-in Data Proxy made for the directory; an external one's is a row of its own.
    pub key: Option<SecureKey>,
    /// From which address it was last uploaded.
    pub address: Option<IpAddr>,
    /// Everything else that was sent: a MessagePack map.
    #[serde(with = "bytes")]
    pub meta_data: Vec<u8>,
    /// When it was first uploaded.
    pub created: Timestamp,
    /// When it was last uploaded.
    pub modified: Timestamp,
}

impl Dataset {
    /// What a retry of its last upload has in common with it; none without a uuid.
    #[must_use]
    pub fn identity(&self) -> Option<[u8; 16]> {
        let uuid = self.uuid.as_deref()?;
        Some(identity(uuid, &self.name, &self.directory_digest))
    }
}

/// A digest of what a retry repeats: uuid, name and directory. A uuid alone is a run's, whose datasets share it.
#[must_use]
pub fn identity(uuid: &str, name: &str, directory_digest: &[u8; 16]) -> [u8; 16] {
    let mut digest = Sha256::new();
    // With their lengths in front, no two lists of texts come to the same bytes.
    for part in [uuid.as_bytes(), name.as_bytes(), directory_digest] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut half = [0; 16];
    for (byte, value) in half.iter_mut().zip(digest.finalize()) {
        *byte = value;
    }
    half
}

/// One analysis report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whose.
    pub project: ProjectId,
    /// Where it was uploaded from.
    pub beamline: BeamlineId,
    /// Its title.
    pub name: String,
    /// Kind of analysis.
    pub kind: String,
    /// Its score; 0 when none was given.
    pub score: f64,
    /// The datasets it is about.
    pub datasets: Vec<DatasetId>,
    /// The sessions of those datasets, whose counts it is in.
    pub sessions: Vec<SessionId>,
    /// As for [`Dataset::directory_digest`].
    pub directory_digest: [u8; 16],
    /// As for [`Dataset::key`].
    pub key: Option<SecureKey>,
    /// From which address it was last uploaded.
    pub address: Option<IpAddr>,
    /// A MessagePack list or map, as it was sent.
    #[serde(with = "bytes")]
    pub details: Vec<u8>,
    /// When it was first uploaded.
    pub created: Timestamp,
    /// When it was last uploaded.
    pub modified: Timestamp,
}

/// A request that was answered, for as long as its `Idempotency-Key` is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredRequest {
    /// The record it was answered with. First, for the writer fills it in for a new record.
    pub record: RawId,
    /// What kind of record that is.
    pub subject: Subject,
    /// Tells another request under the same key: a digest of beamline and body.
    pub request: [u8; 16],
    /// When it was answered.
    pub received: Timestamp,
}

/// Byte strings in one piece, where serde would take them value by value.
mod bytes {
    use serde::{de, Deserializer, Serializer};
    use std::fmt;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
