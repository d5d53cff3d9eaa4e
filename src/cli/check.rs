//! `beamlive check`: lists the mistakes of a facility file, and what it would change.

use super::apply::{read, summary};
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_actors::facility::declaration::Format;
use beamlive_actors::facility::plan::{Counters, InUse, Plan, Situation};
use beamlive_actors::facility::seeded_catalog;
use beamlive_client::admin::{Admin, Counts};
use beamlive_client::tls::Trust;
use beamlive_client::{print, Failure};
use clap::Args;
use std::path::PathBuf;

/// Check a facility file. Without --url it is compared with an empty facility, with --url with a
/// running service.
#[derive(Debug, Args)]
pub struct Check {
    /// The facility file: TOML, or JSON when it is named *.json.
    file: PathBuf,
    /// Compare with this running service instead of an empty facility.
    #[arg(long, env = "BEAMLIVE_URL")]
    url: Option<String>,
    /// File with its admin token.
    #[arg(
        long,
        env = "BEAMLIVE_TOKEN_FILE",
        value_name = "FILE",
        default_value = "data/admin.token"
    )]
    token_file: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// The zone of times without an offset.
    #[arg(long, env = "BEAMLIVE_TIMEZONE", value_name = "ZONE", default_value = "UTC")]
    timezone: chrono_tz::Tz,
    /// Also list what --prune would remove.
    #[arg(long)]
    prune: bool,
}

impl Check {
    /// Prints what the file would change.
    ///
    /// # Errors
    /// When the file has mistakes; each is named with its place.
    pub async fn run(self) -> Result<(), Failure> {
        let (text, is_json) = read(&self.file)?;
        let counts = match self.url {
            Some(url) => {
                let admin = Admin::new(&url, &self.token_file, &self.trust)?;
                admin.apply(text, is_json, true, self.prune).await?
            }
            None => against_empty(&text, is_json, self.timezone)?,
        };
        for change in &counts.changes {
            print(change)?;
        }
        print(summary(&counts, self.prune))
    }
}

/// What a file would change in a new facility, which has only the seven built-in data types.
pub(super) fn against_empty(text: &str, is_json: bool, zone: chrono_tz::Tz) -> Result<Counts, Failure> {
    let format = if is_json { Format::Json } else { Format::Toml };
    let situation = Situation {
        prune: false,
        in_use: &InUse::default(),
        counters: &Counters::default(),
        now: SystemClock.now(),
    };
    match Plan::of_file(&seeded_catalog(), (text, format), zone, &situation) {
        Ok(plan) => Ok(Counts {
            created: plan.counts.created,
            updated: plan.counts.updated,
            unchanged: plan.counts.unchanged,
            changes: plan.changes,
            ..Counts::default()
        }),
        Err(mistakes) => {
            let lines: String = mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect();
            Err(format!("{} mistakes:{lines}", mistakes.len()).into())
        }
    }
}
