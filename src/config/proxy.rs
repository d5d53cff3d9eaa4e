//! The settings of the Data Proxy, `[proxy]`.

use super::{at_least, networks, ConfigError};
use crate::proxy::alternates::Alternate;
use actix_web::http::header::HeaderValue;
use chrono::TimeDelta;
use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// The Data Proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// How long a call to an external Data Proxy may take, in seconds.
    pub timeout_seconds: u64,
    /// Calls to it at once.
    pub concurrency: usize,
    /// Networks that may create keys at the built-in one.
    #[serde(deserialize_with = "networks")]
    pub allow_from: Vec<IpNet>,
    /// A secret that lets others create keys there, and that an external one is sent, as `X-Beamlive-Secret`.
    #[serde(deserialize_with = "secret")]
    pub secret: Option<String>,
    /// Whether the built-in one serves files.
    pub mounted: bool,
    /// How long a key is good, in days; for ever when none.
    pub key_lifetime_days: Option<u32>,
    /// Where directories may have moved to; may be served too.
    pub alternates: Vec<Alternate>,
    /// What the names of `files/multi` are tried with.
    pub suffixes: Vec<String>,
    /// Threads of each users' root, and of each alternate.
    pub file_threads: usize,
    /// How long a step of reading files may take before the client is answered that the root does not answer, in seconds.
    pub file_seconds: u64,
    /// Archives, and files that are decompressed, being sent at once.
    pub archives: usize,
    /// Those of one address.
    pub archives_per_address: usize,
    /// Those of one project.
    pub archives_per_project: usize,
    /// Who takes fewer bytes a second of one gives up its place when others wait.
    pub archive_bytes_per_second: u64,
    /// For how long that is measured, in seconds.
    pub archive_pace_seconds: u64,
    /// Where pictures of frames and snapshots are kept; `cache` in the data directory when none.
    pub cache_dir: Option<PathBuf>,
    /// Bytes of the pictures that are kept there, at most.
    pub cache_bytes: u64,
    /// Pictures being made, or waiting for that, at once.
    pub pictures: usize,
    /// Who sends raw files instead.
    pub delegate: Option<Delegate>,
    /// What the front end's internal location begins with, for `x-accel-redirect`.
    pub delegate_prefix: String,
}

/// How a front end is told to send a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delegate {
    /// By a location of its own: nginx.
    XAccelRedirect,
    /// By its path: Apache, lighttpd.
    XSendfile,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            timeout_seconds: 30,
            concurrency: 8,
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
    /// How long a key is good; for ever when none.
    #[must_use]
    pub fn key_lifetime(&self) -> Option<TimeDelta> {
        self.key_lifetime_days.map(|days| TimeDelta::days(days.into()))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let unusable = |key, value: &str, problem| {
            Err(ConfigError::Unusable {
                key,
                value: value.to_owned(),
                problem,
            })
        };
        for alternate in &self.alternates {
            for path in [&alternate.from, &alternate.to] {
                if !path.starts_with('/') {
                    return unusable("proxy.alternates", path, "write an absolute path");
                }
            }
        }
        if let Some(suffix) = self.suffixes.iter().find(|suffix| suffix.contains(['/', '\0'])) {
            return unusable("proxy.suffixes", suffix, "write the end of a name, such as .cbf");
        }
        if self
            .secret
            .as_ref()
            .is_some_and(|secret| HeaderValue::from_str(secret).is_err())
        {
            // What it is stays out of the message.
            return unusable(
                "proxy.secret",
                "…",
                "write visible characters only, for it is sent in a header",
            );
        }
        if self.key_lifetime_days == Some(0) {
            return unusable("proxy.key_lifetime_days", "0", "it must be at least 1");
        }
        for (key, value) in [
            ("proxy.file_threads", self.file_threads),
            ("proxy.file_seconds", at_least(self.file_seconds)),
            ("proxy.archives", self.archives),
            ("proxy.archives_per_address", self.archives_per_address),
            ("proxy.archives_per_project", self.archives_per_project),
            ("proxy.archive_pace_seconds", at_least(self.archive_pace_seconds)),
            ("proxy.pictures", self.pictures),
        ] {
            if value == 0 {
                return unusable(key, "0", "it must be at least 1");
            }
        }
        if !self.delegate_prefix.starts_with('/') {
            let problem = "write the path of a location, such as /protected";
            return unusable("proxy.delegate_prefix", &self.delegate_prefix, problem);
        }
        Ok(())
    }
}

/// A text that no error repeats; one of digits comes as a number out of the environment.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        Number(u64),
    }
    match Option::<Given>::deserialize(deserializer) {
        Ok(given) => Ok(given.map(|given| match given {
            Given::Text(text) => text,
            Given::Number(number) => number.to_string(),
        })),
        Err(_) => Err(D::Error::custom("the secret must be a text")),
    }
}
