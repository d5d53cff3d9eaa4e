//! The limits on what clients can ask of the service, `[limits]`.

use super::read::positive;
use serde::{Deserialize, Serialize};

/// Limits on what clients can ask of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest body of a dataset or report, in bytes.
    #[serde(deserialize_with = "positive")]
    pub body_bytes: usize,
    /// Longest facility file, in bytes.
    pub facility_bytes: usize,
    /// Bytes of bodies that are being received or worked on, of all requests together.
    #[serde(deserialize_with = "positive")]
    pub bodies_bytes: usize,
    /// How long the head of a request may take to arrive, in seconds.
    #[serde(deserialize_with = "positive")]
    pub head_seconds: u64,
    /// How long a body may take to arrive, in seconds.
    #[serde(deserialize_with = "positive")]
    pub body_seconds: u64,
    /// How long an answer may make no progress, in seconds.
    #[serde(deserialize_with = "positive")]
    pub write_seconds: u64,
    /// How long a connection may be idle between two requests, in seconds.
    #[serde(deserialize_with = "positive")]
    pub idle_seconds: u64,
    /// Connections at once.
    #[serde(deserialize_with = "positive")]
    pub connections: usize,
    /// Commands that one actor was given and has not answered.
    #[serde(deserialize_with = "positive")]
    pub mailbox: usize,
    /// Batches waiting for the writer.
    #[serde(deserialize_with = "positive")]
    pub write_queue: usize,
    /// Signatures waiting for the verification pool.
    #[serde(deserialize_with = "positive")]
    pub verifications: usize,
    /// Memory for ready-made sample lists, in bytes.
    pub sample_lists_bytes: usize,
    /// Requests of one client.
    pub rate: Rate,
}

/// How many requests of one client are answered. A rate that is not set is not limited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rate {
    /// All requests of one address.
    pub per_address: Option<Quota>,
    /// Signed requests of one project, from all addresses together.
    pub per_project: Option<Quota>,
}

/// A rate, and how many requests may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests a second, on average.
    #[serde(deserialize_with = "positive")]
    pub per_second: u32,
    /// Requests that may come at once after a pause.
    #[serde(deserialize_with = "positive")]
    pub burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            facility_bytes: 64 << 20,
            bodies_bytes: 256 << 20,
            head_seconds: 30,
            body_seconds: 60,
            write_seconds: 60,
            idle_seconds: 5,
            connections: 2_000,
            mailbox: 1024,
            write_queue: 4096,
            verifications: 1024,
            sample_lists_bytes: 64 << 20,
            rate: Rate::default(),
        }
    }
}
