//! `beamlive verify`: checks a data directory offline.

use super::flags::Database;
use super::progress;
use crate::offline_store::{in_use, open_to_read};
use beamlive_actors::beamline::state::JOINABLE_MICROS;
use beamlive_actors::facility::DEEPEST;
use beamlive_client::{print, Failure};
use beamlive_storage::verify::{self, Findings, Rules};
use beamlive_storage::Store;
use clap::Args;
use std::path::PathBuf;

/// Maximum lines of each kind that are printed. The others are counted.
const PRINTED: usize = 100;

/// Check a data directory while no service uses it, or one moment of a store on PostgreSQL: every
/// record, every index both ways, every promise.
#[derive(Debug, Args)]
pub struct Verify {
    /// The data directory.
    #[arg(long, env = "BEAMLIVE_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    #[command(flatten)]
    database: Database,
}

/// The rules that records of this build keep to.
#[must_use]
pub fn rules() -> Rules {
    Rules {
        joinable_micros: JOINABLE_MICROS,
        deepest: DEEPEST,
    }
}

impl Verify {
    /// Prints every problem, every warning, and the rows of every table.
    ///
    /// # Errors
    /// When there is a problem, or the store can't be opened or read completely.
    pub async fn run(self) -> Result<(), Failure> {
        let database = self.database.settings()?;
        let check = move || {
            let store = open_to_read(&self.data, database.as_ref());
            check(&store.map_err(|error| in_use(error, ""))?)
        };
        let findings = tokio::task::spawn_blocking(check).await??;
        for line in findings.problems.kept().iter().take(PRINTED) {
            print(format_args!("problem: {line}"))?;
        }
        for line in findings.warnings.kept().iter().take(PRINTED) {
            print(format_args!("warning: {line}"))?;
        }
        for (table, rows) in findings.tables() {
            let table = format!("{table:?}");
            print(format_args!("{table:<22} {rows:>12}"))?;
        }
        match findings.problems.count() {
            0 => print(format_args!(
                "clean: {} rows",
                findings.tables().map(|(_, rows)| rows).sum::<u64>()
            )),
            1 => Err("there is 1 problem in this store: restore the last backup if it matters, and report it".into()),
            count => Err(format!(
                "there are {count} problems in this store, of which up to {PRINTED} are named: restore the last backup if they matter, and report them"
            )
            .into()),
        }
    }
}

fn check(store: &Store) -> Result<Findings, Failure> {
    let bar = progress::counting("verify");
    let findings = verify::verify(store, rules(), |rows, table| {
        bar.set_position(rows);
        bar.set_message(format!("in {table:?}"));
    });
    bar.finish_and_clear();
    Ok(findings?)
}
