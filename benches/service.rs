//! The whole service under load: the production server on a real store, and clients that wait for each answer.
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
#[path = "service/facility.rs"]
mod facility;
#[path = "service/figures.rs"]
mod figures;
#[path = "service/growth.rs"]
mod growth;
#[path = "service/load.rs"]
mod load;
#[path = "service/reports.rs"]
mod reports;
#[path = "service/site.rs"]
mod site;
#[path = "service/table.rs"]
mod table;
#[path = "service/usage.rs"]
mod usage;

use beamlive::load::machine;
use cases::Case;
use clap::Parser;
use load::Round;
use site::Site;
use std::fs::File;
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;

/// Requests a second, and how long they take.
#[derive(Debug, Parser)]
struct Options {
    /// One short round of everything: whether it runs at all.
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
    log_as_in_production(&directory);
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
            operations(&options, &directory, &cases).await;
        }
        if options.wants("growth") {
            growth::run(&options, &directory).await;
        }
    });
    println!("{}", machine::load());
}

/// The log of `serve`, at its default level, into a file.
fn log_as_in_production(directory: &TempDir) {
    let file = File::create(directory.path().join("service.log")).unwrap();
    tracing_subscriber::fmt()
        .with_env_filter("info")
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .init();
}

async fn operations(options: &Options, directory: &TempDir, cases: &[Case]) {
    let site = Site::start(&directory.path().join("operations")).await;
    println!("{}\n", site.describe());
    let mut rounds: Vec<Vec<Round>> = cases.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.rounds {
        for (case, rounds) in cases.iter().zip(&mut rounds) {
            site.open_sessions().await;
            rounds.push(load::measure(&site, case, options.window()).await);
        }
    }
    table::operations(cases, &rounds);
    let unexpected: u64 = rounds.iter().flatten().map(|round| round.errors).sum();
    site.stop();
    assert_eq!(unexpected, 0, "some requests were not answered as they should be");
}
