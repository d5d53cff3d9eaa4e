//! The configuration: defaults, then the file, then the environment, then the command line.
//!
//! Every flag of `serve` has an environment variable and a key of the same name; the rest, in groups, can be set in
//! the file or as `BEAMLIVE_GROUP__KEY`.

mod proxy;

pub use proxy::{Delegate, Proxy};

use beamlive_actors::access::lists;
use beamlive_storage::EngineKind;
use chrono_tz::Tz;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::Figment;
use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The data directory.
    pub data: PathBuf,
    /// A facility file that is applied at start.
    pub facility: Option<PathBuf>,
    /// What survey URLs start with; the request's `Host` when there is none.
    pub public_url: Option<String>,
    /// An external Data Proxy; without it, the built-in one.
    pub proxy_url: Option<String>,
    /// What the built-in Data Proxy may serve; relative paths start at the first.
    pub users_root: Vec<PathBuf>,
    /// Peers whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxy: Vec<IpNet>,
    /// The facility's time zone.
    pub timezone: Tz,
    /// Whether beamtimes count.
    pub schedule: bool,
    /// Signed URLs.
    pub tokens: Tokens,
    /// Key registration.
    pub registration: Registration,
    /// The Data Proxy.
    pub proxy: Proxy,
    /// Bounds.
    pub limits: Limits,
    /// The store.
    pub store: StoreSettings,
    /// Health and metrics.
    pub health: Health,
    /// The log.
    pub log: Log,
}

/// Signed URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// How long a token is good, and how far in the future it may be signed, in seconds.
    pub max_age_seconds: u32,
    /// Most verified tokens that are remembered, so that they are not verified again; 0 verifies each time.
    pub remembered: usize,
}

/// Key registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// Whether keyless accounts may register a key at all.
    pub open: bool,
    /// From which networks; everywhere when empty.
    #[serde(deserialize_with = "networks")]
    pub allow_from: Vec<IpNet>,
}

/// Bounds on what clients can ask of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest body of a dataset or report, in bytes.
    pub body_bytes: usize,
    /// Longest facility file, in bytes.
    pub facility_bytes: usize,
    /// Bytes of bodies that are on their way or being worked on, of all requests together.
    pub bodies_bytes: usize,
    /// How long the head of a request may take to arrive, in seconds.
    pub head_seconds: u64,
    /// How long a body may take to arrive, in seconds.
    pub body_seconds: u64,
    /// How long no byte of an answer may get through, in seconds.
    pub write_seconds: u64,
    /// How long a connection may rest between two requests, in seconds.
    pub idle_seconds: u64,
    /// Connections at once.
    pub connections: usize,
    /// Commands that one actor was given and has not answered.
    pub mailbox: usize,
    /// Batches waiting for the writer.
    pub write_queue: usize,
    /// Signatures waiting for the verification pool.
    pub verifications: usize,
    /// Memory for ready-made sample lists, in bytes.
    pub sample_lists_bytes: usize,
    /// Requests of one client.
    pub rate: Rate,
}

/// How many requests of one client are answered; those beyond are refused. Off where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rate {
    /// Of one address, whatever it asks for.
    pub per_address: Option<Quota>,
    /// Of one project that has verified itself, from wherever.
    pub per_project: Option<Quota>,
}

/// A rate, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests a second, on average.
    pub per_second: u32,
    /// Requests that may come at once after a rest.
    pub burst: u32,
}

/// The store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// The database that holds it.
    pub engine: EngineKind,
    /// How much of the database is kept in memory, in bytes.
    pub cache_bytes: u64,
    /// Rows that are kept because they were changed while a backup was taken, in bytes; beyond it the backup fails.
    pub backup_memory_bytes: usize,
}

/// Health and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// Serve `/health/…` and `/metrics` there, and only there.
    pub listen: Option<SocketAddr>,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// What is logged, as `level` or `target=level,…`.
    pub filter: String,
    /// `text` or `json`, on standard error.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            data: PathBuf::from("data"),
            facility: None,
            public_url: None,
            proxy_url: None,
            users_root: vec![PathBuf::from("/users")],
            trusted_proxy: Vec::new(),
            timezone: Tz::UTC,
            schedule: false,
            tokens: Tokens::default(),
            registration: Registration::default(),
            proxy: Proxy::default(),
            limits: Limits::default(),
            store: StoreSettings::default(),
            health: Health::default(),
            log: Log::default(),
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            max_age_seconds: 60,
            remembered: 4096,
        }
    }
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            open: true,
            allow_from: Vec::new(),
        }
    }
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

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            engine: EngineKind::default(),
            cache_bytes: 64 << 20,
            backup_memory_bytes: 256 << 20,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

/// Why the configuration can't be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A key is unknown, missing or of the wrong type.
    #[error("the configuration can't be read: {0}")]
    Unreadable(Box<figment::Error>),
    /// The file is not there.
    #[error("there is no configuration file at {0}")]
    NoFile(PathBuf),
    /// A value is not usable.
    #[error("{key} is {value:?}: {problem}")]
    Unusable {
        /// Which key.
        key: &'static str,
        /// What it is.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Addresses and networks, as one list or as a text with commas, each as access lists read them too.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        List(Vec<String>),
        Text(String),
    }
    let texts = match Given::deserialize(deserializer)? {
        Given::List(texts) => texts,
        Given::Text(text) => text.split(',').map(str::to_owned).collect(),
    };
    let parse = |text: &String| {
        lists::parse_network(text).ok_or_else(|| {
            D::Error::custom(format!(
                "{text:?} is no address such as 10.0.0.1 or network such as 10.0.0.0/8"
            ))
        })
    };
    texts.iter().map(parse).collect()
}

/// A number of another size, only to see whether it is 0.
fn at_least(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The lesser number of a quota, if there is one, only to see whether it is 0.
fn lowest(quota: Option<Quota>) -> usize {
    quota.map_or(1, |quota| at_least(quota.per_second.min(quota.burst).into()))
}

impl Settings {
    /// Reads the configuration; `flags` are those of the command line that were given.
    ///
    /// # Errors
    /// [`ConfigError`], which names the key.
    pub fn load(file: Option<&Path>, flags: impl Serialize) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError::NoFile(file.to_owned()));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let grouped = Env::prefixed("BEAMLIVE_")
            .filter(|key| key.as_str().contains("__"))
            .split("__");
        let settings: Self = figment
            .merge(grouped)
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| ConfigError::Unreadable(Box::new(error)))?;
        settings.checked()
    }

    fn checked(mut self) -> Result<Self, ConfigError> {
        for (key, url) in [
            ("public_url", &mut self.public_url),
            ("proxy_url", &mut self.proxy_url),
        ] {
            let Some(text) = url else { continue };
            let whole = text.parse::<actix_web::http::Uri>().ok().filter(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some()
            });
            if whole.is_none() {
                return Err(ConfigError::Unusable {
                    key,
                    value: text.clone(),
                    problem: "write a whole URL, such as https://beamlive.example.org",
                });
            }
            text.truncate(text.trim_end_matches('/').len());
        }
        for (key, value) in [
            ("limits.mailbox", self.limits.mailbox),
            ("limits.write_queue", self.limits.write_queue),
            ("limits.connections", self.limits.connections),
            ("limits.verifications", self.limits.verifications),
            ("proxy.concurrency", self.proxy.concurrency),
            ("proxy.timeout_seconds", at_least(self.proxy.timeout_seconds)),
            ("limits.body_seconds", at_least(self.limits.body_seconds)),
            ("limits.head_seconds", at_least(self.limits.head_seconds)),
            ("limits.write_seconds", at_least(self.limits.write_seconds)),
            ("limits.idle_seconds", at_least(self.limits.idle_seconds)),
            ("limits.body_bytes", self.limits.body_bytes),
            ("limits.bodies_bytes", self.limits.bodies_bytes),
            ("limits.rate.per_address", lowest(self.limits.rate.per_address)),
            ("limits.rate.per_project", lowest(self.limits.rate.per_project)),
            (
                "tokens.max_age_seconds",
                at_least(self.tokens.max_age_seconds.into()),
            ),
        ] {
            if value == 0 {
                return Err(ConfigError::Unusable {
                    key,
                    value: value.to_string(),
                    problem: "it must be at least 1",
                });
            }
        }
        if self.users_root.is_empty() {
            self.users_root = Self::default().users_root;
        }
        self.proxy.check()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
