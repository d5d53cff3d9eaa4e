//! The whole service under load: the production server on a real store, and clients that wait for
//! each answer.
//!
//! See README.md for what the rows are and how to read them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark that can't go on may panic, and its numbers are rounded"
)]
#![allow(
    dead_code,
    reason = "service and compare share modules, and each needs a part of them"
)]

#[path = "service/apart.rs"]
mod apart;
#[path = "service/cases.rs"]
mod cases;
#[path = "service/figures.rs"]
mod figures;
#[path = "service/growth.rs"]
mod growth;
#[path = "service/load.rs"]
mod load;
#[path = "service/reports.rs"]
mod reports;
#[path = "service/requests.rs"]
mod requests;
#[path = "service/site.rs"]
mod site;
#[path = "service/table.rs"]
mod table;
#[path = "service/usage.rs"]
mod usage;

use beamlive_load::machine;
use cases::Case;
use clap::Parser;
use load::Round;
use site::Site;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Requests a second, and how long they take.
#[derive(Debug, Parser)]
struct Options {
    /// One short round of everything, to see that it runs.
    #[arg(long)]
    quick: bool,
    /// The growth table with a store of a million datasets too; filling it takes minutes.
    #[arg(long)]
    growth: bool,
    /// Rounds, interleaved over all rows.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds a row is measured in a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Only rows whose operation contains this; "growth" is the growth table.
    #[arg(value_name = "FILTER")]
    only: Option<String>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants(&self, operation: &str) -> bool {
        self.only.as_deref().is_none_or(|only| operation.contains(only))
    }

    fn window(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

fn main() {
    let mut options = Options::parse();
    if options.quick {
        (options.rounds, options.seconds) = (1, 0.1);
    }
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let directory = directory.path();
    site::log_to(directory);
    println!("{}, {}\n", machine::describe(), machine::load());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let cases: Vec<_> = cases::all()
            .into_iter()
            .filter(|case| options.wants(case.operation))
            .collect();
        if !cases.is_empty() {
            operations(&options, directory, &cases).await;
        }
        if options.wants("growth") {
            let sizes: &[u64] = match (options.quick, options.growth) {
                (true, _) => &[0, 200],
                (false, false) => &[0, 100_000],
                (false, true) => &[0, 100_000, 1_000_000],
            };
            growth::run(directory, sizes, options.rounds, options.window()).await;
        }
    });
    println!("{}", machine::load());
}

async fn operations(options: &Options, directory: &Path, cases: &[Case]) {
    let site = Site::start(&directory.join("operations")).await;
    println!("{}\n", site.describe());
    let mut rounds: Vec<Vec<Round>> = cases.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.rounds {
        for (case, rounds) in cases.iter().zip(&mut rounds) {
            site.open_sessions().await;
            rounds.push(load::measure(&site, case, options.window()).await);
        }
    }
    let name = |case: &Case| format!("{}, {} conns", case.operation, case.connections);
    let rows: Vec<_> = cases
        .iter()
        .zip(&rounds)
        .map(|(case, rounds)| (name(case), rounds.as_slice()))
        .collect();
    table::print("operation", &rows);
    let unexpected: u64 = rounds.iter().flatten().map(|round| round.errors).sum();
    site.stop();
    assert_eq!(unexpected, 0, "some requests had an unexpected status");
}
