//! Datasets and reports.

use super::directory::SecureKey;
use super::log::Subject;
use crate::ids::{BeamlineId, DatasetId, ProjectId, RawId, SampleId, SessionId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// One dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    pub project: ProjectId,
    /// The beamline where it was measured.
    pub beamline: BeamlineId,
    pub session: Option<SessionId>,
    pub sample: Option<SampleId>,
    /// Name of the sample's group at that time.
    pub group: Option<String>,
    pub name: String,
    /// Acronym of its data type.
    pub kind: String,
    /// Name of its file, or template of the names of its files.
    pub filename: Option<String>,
    /// Frame ranges as sent: `1-4,8`.
    pub frames: String,
    pub num_frames: u64,
    /// keV
    pub energy: f64,
    /// s
    pub exposure: Option<f64>,
    /// %
    pub attenuation: Option<f64>,
    /// µm
    pub beam_size: Option<f64>,
    pub start_time: Timestamp,
    pub end_time: Timestamp,
    /// The client's id of the collection.
    pub uuid: Option<String>,
    /// [`directory_digest`] of its directory. It tells whether a repeated upload names the same
    /// directory, which is not kept here.
    pub directory_digest: [u8; 16],
    /// The key that the built-in Data Proxy made for the directory. A key of an external one is a
    /// row of its own.
    pub key: Option<SecureKey>,
    /// Address of the client that uploaded it last.
    pub address: Option<IpAddr>,
    /// All other fields of the upload: a MessagePack map.
    #[serde(with = "serde_bytes")]
    pub meta_data: Vec<u8>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

impl Dataset {
    /// Its [`identity`], by which a retry of its last upload is recognised. `None` without a uuid.
    pub fn identity(&self) -> Option<[u8; 16]> {
        let uuid = self.uuid.as_deref()?;
        Some(identity(uuid, &self.name, &self.directory_digest))
    }
}

/// A digest of uuid, name and directory, which a retry repeats. A uuid alone is not enough: all
/// datasets of a run share it.
pub fn identity(uuid: &str, name: &str, directory_digest: &[u8; 16]) -> [u8; 16] {
    let mut digest = Sha256::new();
    // The lengths keep different lists of texts from having the same bytes.
    for part in [uuid.as_bytes(), name.as_bytes(), directory_digest] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    first_half(digest)
}

/// The digest of a directory that datasets and reports keep.
pub fn directory_digest(directory: &str) -> [u8; 16] {
    first_half(Sha256::new_with_prefix(directory))
}

fn first_half(digest: Sha256) -> [u8; 16] {
    let whole: [u8; 32] = digest.finalize().into();
    whole.first_chunk().copied().unwrap_or_default()
}

/// One analysis report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub project: ProjectId,
    /// The beamline it was uploaded from.
    pub beamline: BeamlineId,
    /// Its title.
    pub name: String,
    /// Kind of analysis.
    pub kind: String,
    /// Its score; 0 if none was given.
    pub score: f64,
    /// The datasets it is about.
    pub datasets: Vec<DatasetId>,
    /// The sessions of those datasets. The report counts in each of them.
    pub sessions: Vec<SessionId>,
    /// As for [`Dataset::directory_digest`].
    pub directory_digest: [u8; 16],
    /// As for [`Dataset::key`].
    pub key: Option<SecureKey>,
    /// As for [`Dataset::address`].
    pub address: Option<IpAddr>,
    /// A MessagePack list or map, as uploaded.
    #[serde(with = "serde_bytes")]
    pub details: Vec<u8>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

/// A request that was answered, kept for as long as its `Idempotency-Key` is valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredRequest {
    /// The record it was answered with. First, so that the writer can fill in a new id.
    pub record: RawId,
    pub subject: Subject,
    /// A digest of beamline and body, which tells another request under the same key.
    pub request: [u8; 16],
    pub received: Timestamp,
}
