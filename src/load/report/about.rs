//! What was run, in words.

use super::About;
use crate::load::machine;
use crate::load::options::Options;
use crate::load::plan::{Rate, Signing};
use beamlive_storage::Timestamp;

impl About {
    /// What `options` asked for, with the seed and the hosts that came of it.
    #[must_use]
    pub fn of(options: &Options, seed: u64, hosts: usize, now: Timestamp) -> Self {
        let mut named = vec![
            ("mix".to_owned(), format!("{:?}", options.mix).to_lowercase()),
            ("rate".to_owned(), options.rate.to_string()),
            (
                "duration".to_owned(),
                format!("{} s", options.duration.as_secs_f64()),
            ),
            ("seed".to_owned(), seed.to_string()),
            ("threads".to_owned(), options.threads.to_string()),
            (
                "signing".to_owned(),
                match options.sign {
                    Signing::Second => "once a second and program".to_owned(),
                    Signing::Each => "each request".to_owned(),
                },
            ),
            (
                "timeout".to_owned(),
                format!("{} s", options.timeout.as_secs_f64()),
            ),
        ];
        match &options.accounts {
            Some(file) => named.push(("accounts".to_owned(), file.display().to_string())),
            None => named.extend([
                ("beamlines".to_owned(), options.beamlines.to_string()),
                ("samples".to_owned(), format!("{} in a list", options.samples)),
                ("keys".to_owned(), format!("{:?}", options.key_type)),
            ]),
        }
        if options.mix.has_hosts() {
            named.push(("hosts".to_owned(), hosts.to_string()));
        }
        if let Some(connections) = options.connections {
            named.push(("connections".to_owned(), connections.to_string()));
        }
        Self {
            url: options.url.clone(),
            began: chrono::DateTime::<chrono::Utc>::from_timestamp_micros(now.0)
                .unwrap_or_default()
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
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
