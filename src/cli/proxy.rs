//! `beamlive proxy`: the built-in Data Proxy alone, on the machine that has the disks.

use super::serve::{network, run_until_signal, LONGEST_STOP};
use super::Failure;
use crate::config::{ConfigError, Settings};
use crate::factory::Mode;
use clap::Args;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run the Data Proxy alone, for a beamlive elsewhere, or for MxLIVE: keys for directories, and the
/// files behind them, at /download. Every flag can also be set in the configuration file, under the
/// same name.
#[derive(Debug, Args, Serialize)]
pub struct Proxy {
    /// Configuration file (TOML), of the same shape as that of `serve`.
    #[arg(long, env = "BEAMLIVE_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:8000].
    #[arg(long, env = "BEAMLIVE_LISTEN", value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    /// Data directory for the keys, created on first start [default: data].
    #[arg(long, env = "BEAMLIVE_DATA", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
    /// What may be served; may be repeated, relative paths start at the first [default: /users].
    #[arg(long, env = "BEAMLIVE_USERS_ROOT", value_name = "DIR", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users_root: Vec<PathBuf>,
    /// Peers whose X-Forwarded-For is believed, as address or network; may be repeated.
    #[arg(long, env = "BEAMLIVE_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trusted_proxy: Vec<ipnet::IpNet>,
}

impl Proxy {
    /// Serves until SIGTERM or SIGINT, then finishes what is in flight.
    ///
    /// # Errors
    /// When it can't start. The message says what to do.
    pub async fn run(self) -> Result<(), Failure> {
        let settings = Settings::load(self.config.as_deref(), &self)?;
        if let Some(value) = settings.proxy_url {
            return Err(Box::new(ConfigError::Unusable {
                key: "proxy_url",
                value,
                problem: "this is the Data Proxy, so it uses no other",
            }));
        }
        if !settings.proxy.mounted {
            return Err(Box::new(ConfigError::Unusable {
                key: "proxy.mounted",
                value: "false".to_owned(),
                problem: "a Data Proxy alone must serve files",
            }));
        }
        run_until_signal(
            Settings {
                facility: None,
                ..settings
            },
            Mode::DataProxy,
            LONGEST_STOP,
        )
        .await
    }
}
