//! The configuration: defaults, then the file, then the environment, then the command line. A later
//! source overrides an earlier one.
//!
//! Every flag of `serve` has an environment variable and a key of the same name. The keys in groups
//! can be set in the file or as `BEAMLIVE_GROUP__KEY`.
//!
//! | file | what it holds |
//! |---|---|
//! | `jwt.rs`, `limits.rs`, `oidc.rs`, `proxy.rs`, `store.rs`, `tls.rs` | the groups of the same names |
//! | `listen.rs` | an address, or a Unix socket |
//! | `read.rs` | deserializers of values that need checks |
//! | `error.rs` | why a configuration can't be used |

mod error;
mod jwt;
mod limits;
mod listen;
mod oidc;
mod proxy;
mod read;
mod store;
mod tls;

pub use error::ConfigError;
pub use jwt::Jwt;
pub use limits::{Limits, Quota, Rate};
pub use listen::{BadListen, Listen};
pub use oidc::Oidc;
pub use proxy::{Alternate, Delegate, Proxy};
pub use store::{PasswordError, StoreSettings};
pub use tls::{Tls, TlsFiles};

use chrono_tz::Tz;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::Figment;
use ipnet::IpNet;
use read::{days, networks, positive, url};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen: an address, whose port 0 picks a free one, or `unix:/path`.
    pub listen: Listen,
    /// The data directory.
    pub data: PathBuf,
    /// A facility file that is applied at start.
    pub facility: Option<PathBuf>,
    /// What survey URLs start with. Without it, the request's `Host`.
    #[serde(deserialize_with = "url")]
    pub public_url: Option<String>,
    /// The URL of an external Data Proxy. Without it, the built-in one is used.
    #[serde(deserialize_with = "url")]
    pub proxy_url: Option<String>,
    /// The directories that the built-in Data Proxy may serve. Relative paths start at the first.
    pub users_root: Vec<PathBuf>,
    /// Peers whose `X-Forwarded-For` is trusted.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxy: Vec<IpNet>,
    /// The facility's time zone.
    pub timezone: Tz,
    /// Whether scheduled beamtimes decide `end_time` and access lists.
    pub schedule: bool,
    /// TLS at the service's own address.
    pub tls: Tls,
    /// Signed URLs.
    pub tokens: Tokens,
    /// The tokens of version 3.
    pub jwt: Jwt,
    /// Sign-in with OpenID Connect.
    pub oidc: Oidc,
    /// Key registration.
    pub registration: Registration,
    /// The Data Proxy.
    pub proxy: Proxy,
    /// How long records of what happened are kept.
    pub retention: Retention,
    /// Limits on what clients can ask.
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
    /// How long a token is valid, and how far in the future it may be signed, in seconds.
    #[serde(deserialize_with = "positive")]
    pub max_age_seconds: u32,
    /// Maximum number of verified tokens that are kept, so that they are not verified again. With 0
    /// every token is verified each time.
    pub remembered: usize,
}

/// Key registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// Whether accounts without a key may register one.
    pub open: bool,
    /// Networks from which a key may be registered. Everywhere when empty.
    #[serde(deserialize_with = "networks")]
    pub allow_from: Vec<IpNet>,
}

/// How long records of what happened are kept. Sessions, datasets and reports are always kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Entries of the activity log, in days. Without it, for ever.
    #[serde(deserialize_with = "days")]
    pub activity_days: Option<u32>,
    /// Remote connections that have ended, in days. Without it, for ever.
    #[serde(deserialize_with = "days")]
    pub connection_days: Option<u32>,
}

/// Health and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// Serve `/health/…` and `/metrics` at this address, and only there.
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

/// The format of log lines.
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
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)).into(),
            data: PathBuf::from("data"),
            facility: None,
            public_url: None,
            proxy_url: None,
            users_root: vec![PathBuf::from("/users")],
            trusted_proxy: Vec::new(),
            timezone: Tz::UTC,
            schedule: false,
            tls: Tls::default(),
            tokens: Tokens::default(),
            jwt: Jwt::default(),
            oidc: Oidc::default(),
            registration: Registration::default(),
            proxy: Proxy::default(),
            retention: Retention::default(),
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

impl Registration {
    /// Whether a key may be registered from `address`.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let everywhere = self.allow_from.is_empty();
        self.open && (everywhere || self.allow_from.iter().any(|network| network.contains(&address)))
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

impl Settings {
    /// Reads the configuration. `flags` are the flags that were given on the command line.
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
        let mut settings: Self = figment
            .merge(grouped)
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|mut error| {
                // Name the key as the documentation does, also for a variable of the environment.
                let metadata = error.metadata.take();
                error.metadata = metadata.map(|metadata| metadata.interpolater(|_, keys| keys.join(".")));
                ConfigError::Unreadable(Box::new(error))
            })?;
        if settings.users_root.is_empty() {
            settings.users_root = Self::default().users_root;
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests;
