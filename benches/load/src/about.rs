//! What was run, in words.

use crate::machine;
use crate::options::Options;
use crate::plan::{Api, Rate, Signing};
use beamlive_storage::Timestamp;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// What was run.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct About {
    /// The service.
    pub(crate) url: String,
    /// When it began, RFC 3339 UTC.
    pub(crate) began: String,
    /// The version of this program.
    pub(crate) version: String,
    /// The machine that made the load.
    pub(crate) machine: String,
    /// Names and values of the options.
    pub(crate) options: Vec<(&'static str, String)>,
    /// Whether the loop was open or closed.
    pub(crate) arrivals: String,
}

impl About {
    /// The run that `options` asked for, with its seed and its hosts.
    pub(crate) fn of(options: &Options, seed: u64, hosts: usize, now: Timestamp) -> Self {
        let seconds = |time: std::time::Duration| format!("{} s", time.as_secs_f64());
        let signing = match options.sign {
            Signing::Second => "once a second and program",
            Signing::Each => "each request",
        };
        let mut named = vec![
            ("mix", format!("{:?}", options.mix).to_lowercase()),
            ("rate", options.rate.to_string()),
            ("duration", seconds(options.duration)),
            ("seed", seed.to_string()),
            ("threads", options.threads.to_string()),
            ("timeout", seconds(options.timeout)),
            ("api", options.api.name().to_owned()),
        ];
        if options.api == Api::V2 {
            named.push(("signing", signing.to_owned()));
        }
        match &options.accounts {
            Some(file) => named.push(("accounts", file.display().to_string())),
            None => named.extend([
                ("beamlines", options.beamlines.to_string()),
                ("samples", format!("{} in a list", options.samples)),
            ]),
        }
        if options.accounts.is_none() && options.api == Api::V2 {
            named.push(("keys", format!("{:?}", options.key_type)));
        }
        if options.mix.has_hosts() {
            named.push(("hosts", hosts.to_string()));
        }
        if let Some(connections) = options.connections {
            named.push(("connections", connections.to_string()));
        }
        Self {
            url: options.url.clone(),
            began: DateTime::<Utc>::from_timestamp_micros(now.0)
                .unwrap_or_default()
                .to_rfc3339_opts(SecondsFormat::Secs, true),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            machine: format!("{}; {}", machine::describe(), machine::load()),
            arrivals: match options.rate {
                Rate::Max => "closed loop: each program asks again as soon as it has its answer".to_owned(),
                Rate::PerSecond(_) => format!("open loop: {} due at random (Poisson)", options.rate),
            },
            options: named,
        }
    }
}
