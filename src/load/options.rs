//! What can be asked for on the command line.

use super::plan::{self, KeyType, Mix, Rate, Signing};
use crate::cli::Failure;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Most programs of one run.
const MOST: usize = 10_000;

/// What a run is to be.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The running service.
    #[arg(long, env = "BEAMLIVE_URL", default_value = "http://127.0.0.1:8000")]
    pub url: String,
    /// File with its admin token [default: data/admin.token; with --accounts, none].
    #[arg(long, env = "BEAMLIVE_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Beamlines, each with an MxDC and an account of its own.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = count)]
    pub beamlines: usize,
    /// Hosts for remote access, in the mixes mxdc and access [default: 4; with --accounts, none].
    #[arg(long, value_name = "M")]
    pub hosts: Option<usize>,
    /// How long requests come: 500ms, 60s, 5min, 1h.
    #[arg(long, default_value = "60s", value_parser = plan::duration)]
    pub duration: Duration,
    /// Requests of all programs together: 5/s, 300/min; they come at random (a Poisson process) whatever becomes of those
    /// before. Or max: every program asks again as soon as it has its answer.
    #[arg(long, default_value = "5/s")]
    pub rate: Rate,
    /// What they ask for.
    #[arg(long, value_enum, default_value_t = Mix::Mxdc)]
    pub mix: Mix,
    /// The keys that sign.
    #[arg(long, value_enum, default_value_t = KeyType::Ed25519)]
    pub key_type: KeyType,
    /// Sign once a second and program, or each request.
    #[arg(long, value_enum, default_value_t = Signing::Second)]
    pub sign: Signing,
    /// With --rate max: programs that ask at once, each on a connection of its own [default: one for each beamline or host].
    #[arg(long, value_name = "N", value_parser = count)]
    pub connections: Option<usize>,
    /// Threads that make the load.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
    /// Samples of each account.
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub samples: u16,
    /// How long an answer may take.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = plan::duration)]
    pub timeout: Duration,
    /// Write the results as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the results as a page to look at and to print.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write HDR histogram logs, one for each operation.
    #[arg(long, value_name = "DIR")]
    pub hdr: Option<PathBuf>,
    /// Use these accounts instead of new ones (TOML: username, key, beamlines), on any server of the same contract; then
    /// nothing is declared.
    #[arg(long, value_name = "FILE")]
    pub accounts: Option<PathBuf>,
    /// What the names of all that is declared begin with.
    #[arg(long, default_value = "load", value_parser = prefix)]
    pub prefix: String,
    /// The address of this machine as the service sees it, or a network, for the access list [default: found out].
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<String>,
    /// The same number gives the same schedule [default: another one each time].
    #[arg(long)]
    pub seed: Option<u64>,
}

fn count(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=MOST).contains(count))
        .ok_or_else(|| format!("must be a number from 1 to {MOST}"))
}

fn prefix(text: &str) -> Result<String, String> {
    let good = (1..=40).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    good.then(|| text.to_owned())
        .ok_or_else(|| "must be 1 to 40 letters, digits, `_` or `-`".to_owned())
}

impl Options {
    /// What does not go together.
    ///
    /// # Errors
    /// What, and what to do.
    pub fn check(&self) -> Result<(), Failure> {
        if self.connections.is_some() && self.rate != Rate::Max {
            return Err(
                "--connections is for --rate max: at a rate, every simulated program has one connection"
                    .into(),
            );
        }
        if let Some(address) = &self.address {
            beamlive_actors::access::lists::parse_network(address)
                .ok_or_else(|| format!("--address {address} is no address and no network"))?;
        }
        if self.hosts() == 0 && self.mix == Mix::Access {
            return Err("--mix access needs --hosts".into());
        }
        if self.hosts() > MOST {
            return Err(format!("--hosts is {MOST} at most").into());
        }
        Ok(())
    }

    /// How many hosts take part.
    #[must_use]
    pub fn hosts(&self) -> usize {
        let default = if self.accounts.is_some() { 0 } else { 4 };
        match self.mix.has_hosts() {
            true => self.hosts.unwrap_or(default),
            false => 0,
        }
    }

    /// The file of the admin token, if there is one to use.
    #[must_use]
    pub fn token_file(&self) -> Option<PathBuf> {
        match (&self.token_file, &self.accounts) {
            (None, None) => Some(PathBuf::from("data/admin.token")),
            (file, _) => file.clone(),
        }
    }
}
