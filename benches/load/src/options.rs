//! The command-line options.

use crate::plan::{Api, Mix, Rate, Signing};
use beamlive_actors::access::lists;
use beamlive_client::key::KeyType;
use beamlive_client::tls::Trust;
use beamlive_client::Failure;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Most programs of one run.
const MAX_PROGRAMS: usize = 10_000;
/// Longest run.
const MAX_DURATION: Duration = Duration::from_secs(7 * 24 * 3600);

/// Options of a run.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The running service.
    #[arg(long, env = "BEAMLIVE_URL", default_value = "http://127.0.0.1:8000")]
    pub(crate) url: String,
    /// Whom to trust.
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// File with its admin token [default: data/admin.token; with --accounts, none].
    #[arg(long, env = "BEAMLIVE_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Beamlines, each with an MxDC and an account of its own.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = count)]
    pub(crate) beamlines: usize,
    /// Hosts for remote access, in the mixes mxdc and access [default: 4; with --accounts, none].
    #[arg(long, value_name = "M")]
    pub(crate) hosts: Option<usize>,
    /// How long requests are sent: 500ms, 60s, 5min, 1h.
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub(crate) duration: Duration,
    /// Requests of all programs together: 5/s, 300/min; they are sent at random (a Poisson
    /// process), however long the answers take. Or max: every program sends its next request as
    /// soon as it has an answer.
    #[arg(long, default_value = "5/s")]
    pub(crate) rate: Rate,
    /// What they ask for.
    #[arg(long, value_enum, default_value_t = Mix::Mxdc)]
    pub(crate) mix: Mix,
    /// The version of the API that they speak.
    #[arg(long, value_enum, default_value_t = Api::V2)]
    pub(crate) api: Api,
    /// The keys that sign.
    #[arg(long, value_enum, default_value_t = KeyType::Ed25519)]
    pub(crate) key_type: KeyType,
    /// Sign once a second and program, or each request.
    #[arg(long, value_enum, default_value_t = Signing::Second)]
    pub(crate) sign: Signing,
    /// With --rate max: programs that ask at once, each on a connection of its own [default: one
    /// for each beamline or host].
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) connections: Option<usize>,
    /// Threads that make the load.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) threads: u8,
    /// Samples of each account.
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub(crate) samples: u16,
    /// How long an answer may take.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Write the results as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the results as a page that can be printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write HDR histogram logs, one for each operation.
    #[arg(long, value_name = "DIR")]
    pub(crate) hdr: Option<PathBuf>,
    /// Use these accounts instead of new ones (TOML: username, key or password, beamlines), on any
    /// server of the same contract; then nothing is declared.
    #[arg(long, value_name = "FILE")]
    pub(crate) accounts: Option<PathBuf>,
    /// The beginning of all declared names.
    #[arg(long, default_value = "load", value_parser = prefix)]
    pub(crate) prefix: String,
    /// The address of this machine as the service sees it, or a network, for the access list
    /// [default: found out].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) address: Option<String>,
    /// The same number gives the same schedule [default: another one each time].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

fn count(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=MAX_PROGRAMS).contains(count))
        .ok_or_else(|| format!("must be a number from 1 to {MAX_PROGRAMS}"))
}

fn prefix(text: &str) -> Result<String, String> {
    let good = (1..=40).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    good.then(|| text.to_owned())
        .ok_or_else(|| "must be 1 to 40 letters, digits, `_` or `-`".to_owned())
}

/// A number without a unit is in seconds.
fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .or_else(|_| humantime::parse_duration(&format!("{text}s")))
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= MAX_DURATION)
        .ok_or_else(|| "write 500ms, 60s, 5min or 1h; at most a week".to_owned())
}

impl Options {
    /// Checks that the options go together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.connections.is_some() && self.rate != Rate::Max {
            return Err(
                "--connections is for --rate max: at a rate, every simulated program has one connection"
                    .into(),
            );
        }
        if self.api == Api::V3 && (self.sign == Signing::Each || self.key_type != KeyType::Ed25519) {
            return Err("--sign and --key-type are for --api v2: version 3 has no keys".into());
        }
        if let Some(address) = &self.address {
            lists::parse_network(address)
                .ok_or_else(|| format!("--address {address} is no address and no network"))?;
        }
        if self.hosts() == 0 && self.mix == Mix::Access {
            return Err("--mix access needs --hosts".into());
        }
        if self.hosts() > MAX_PROGRAMS {
            return Err(format!("--hosts is {MAX_PROGRAMS} at most").into());
        }
        Ok(())
    }

    /// How many hosts take part.
    pub(crate) fn hosts(&self) -> usize {
        let default = if self.accounts.is_some() { 0 } else { 4 };
        match self.mix.has_hosts() {
            true => self.hosts.unwrap_or(default),
            false => 0,
        }
    }

    /// The file of the admin token, if the run uses the admin API.
    pub(crate) fn token_file(&self) -> Option<PathBuf> {
        match (&self.token_file, &self.accounts) {
            (None, None) => Some(PathBuf::from("data/admin.token")),
            (file, _) => file.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("60s", Some(60_000))]
    #[case("1.5s", Some(1_500))]
    #[case("500ms", Some(500))]
    #[case("2min", Some(120_000))]
    #[case("1h", Some(3_600_000))]
    #[case("5", Some(5_000))]
    #[case("0s", None)]
    #[case("1e9s", None)]
    #[case("9999h", None)]
    #[case("s", None)]
    #[case("", None)]
    fn durations(#[case] text: &str, #[case] millis: Option<u64>) {
        assert_eq!(duration(text).ok(), millis.map(Duration::from_millis));
    }
}
