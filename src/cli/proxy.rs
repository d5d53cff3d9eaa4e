//! `beamlive proxy`: the built-in Data Proxy alone, on the machine that has the disks.

use super::serve::{run_until_signal, ServerFlags, LONGEST_STOP};
use crate::config::{ConfigError, Settings};
use crate::router::Mode;
use beamlive_client::Failure;
use clap::Args;
use serde::Serialize;

/// Run the Data Proxy alone, for a beamlive elsewhere, or for MxLIVE: keys for directories, and the
/// files behind them, at /download. Every flag can also be set in the configuration file, under the
/// same name.
#[derive(Debug, Args, Serialize)]
pub struct Proxy {
    #[command(flatten)]
    #[serde(flatten)]
    server: ServerFlags,
}

impl Proxy {
    /// Serves until SIGTERM or SIGINT, then finishes what is in flight.
    ///
    /// # Errors
    /// When it can't start. The message says what to do.
    pub async fn run(self) -> Result<(), Failure> {
        let settings = Settings::load(self.server.place.config.as_deref(), &self)?;
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
