//! The settings of the Data Proxy, `[proxy]`.

use super::read::{absolute, days, networks, positive, secret, suffixes};
use chrono::TimeDelta;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// The Data Proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// How long a call of an external Data Proxy may take, in seconds.
    #[serde(deserialize_with = "positive")]
    pub timeout_seconds: u64,
    /// Calls of an external Data Proxy at once.
    #[serde(deserialize_with = "positive")]
    pub concurrency: usize,
    /// The certificates that sign an external Data Proxy's (PEM). Without it, Mozilla's list.
    pub ca_file: Option<PathBuf>,
    /// Networks that may create keys at the built-in Data Proxy.
    #[serde(deserialize_with = "networks")]
    pub allow_from: Vec<IpNet>,
    /// A secret, sent as `X-Beamlive-Secret`. Other networks may create keys with it, and an
    /// external Data Proxy is sent it.
    #[serde(deserialize_with = "secret")]
    pub secret: Option<String>,
    /// Whether the built-in Data Proxy serves files.
    pub mounted: bool,
    /// How long a key is valid, in days. Without it, for ever.
    #[serde(deserialize_with = "days")]
    pub key_lifetime_days: Option<u32>,
    /// Where directories may have moved to. These are served too.
    pub alternates: Vec<Alternate>,
    /// The suffixes that are tried with each name of `files/multi`.
    #[serde(deserialize_with = "suffixes")]
    pub suffixes: Vec<String>,
    /// Threads of each users' root, and of each alternate.
    #[serde(deserialize_with = "positive")]
    pub file_threads: usize,
    /// How long one step of reading files may take, in seconds. After that, the client is answered
    /// `503`.
    #[serde(deserialize_with = "positive")]
    pub file_seconds: u64,
    /// Archives, and files that are decompressed, being sent at once.
    #[serde(deserialize_with = "positive")]
    pub archives: usize,
    /// The same, to one address.
    #[serde(deserialize_with = "positive")]
    pub archives_per_address: usize,
    /// The same, of one project.
    #[serde(deserialize_with = "positive")]
    pub archives_per_project: usize,
    /// A client that reads fewer bytes a second of an archive loses its place when others wait.
    pub archive_bytes_per_second: u64,
    /// The time over which that rate is measured, in seconds.
    #[serde(deserialize_with = "positive")]
    pub archive_pace_seconds: u64,
    /// The cache of pictures of frames and snapshots. Without it, `cache` in the data directory.
    pub cache_dir: Option<PathBuf>,
    /// Maximum size of that cache, in bytes.
    pub cache_bytes: u64,
    /// Pictures being made, or waiting to be made, at once.
    #[serde(deserialize_with = "positive")]
    pub pictures: usize,
    /// How a front end is told to send raw files. Without it, the service sends them itself.
    pub delegate: Option<Delegate>,
    /// The path of the front end's internal location, for `x-accel-redirect`.
    #[serde(deserialize_with = "absolute")]
    pub delegate_prefix: String,
}

/// Directories below `from` may be found below `to`, as archives move them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternate {
    /// The directory where they were, absolute.
    #[serde(deserialize_with = "absolute")]
    pub from: String,
    /// The directory where they may be now, absolute.
    #[serde(deserialize_with = "absolute")]
    pub to: String,
}

/// The header that tells a front end to send a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delegate {
    /// `X-Accel-Redirect` with an internal location: nginx.
    XAccelRedirect,
    /// `X-Sendfile` with the file's path: Apache, lighttpd.
    XSendfile,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            timeout_seconds: 30,
            concurrency: 8,
            ca_file: None,
            allow_from: vec![
                IpNet::from(IpAddr::from(Ipv4Addr::LOCALHOST)),
                IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST)),
            ],
            secret: None,
            mounted: true,
            key_lifetime_days: None,
            alternates: Vec::new(),
            suffixes: ["", ".cbf", ".img", ".cbf.gz", ".img.gz", ".tif", ".tiff", ".h5"]
                .map(str::to_owned)
                .to_vec(),
            file_threads: 16,
            file_seconds: 10,
            archives: 64,
            archives_per_address: 16,
            archives_per_project: 32,
            archive_bytes_per_second: 32 << 10,
            archive_pace_seconds: 10,
            cache_dir: None,
            cache_bytes: 1 << 30,
            pictures: 64,
            delegate: None,
            delegate_prefix: "/protected".to_owned(),
        }
    }
}

impl Proxy {
    /// How long a key is valid. `None` is for ever.
    #[must_use]
    pub fn key_lifetime(&self) -> Option<TimeDelta> {
        self.key_lifetime_days.map(|days| TimeDelta::days(days.into()))
    }
}
