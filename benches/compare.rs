//! The service against the limits of the machine: each operation as a share of its ceiling,
//! measured in one run.
//!
//! See README.md for what the lines are and how to read them.

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
#[path = "ceiling/mod.rs"]
mod ceiling;
#[path = "service/figures.rs"]
mod figures;
#[path = "service/load.rs"]
mod load;
#[path = "service/pace.rs"]
mod pace;
#[path = "service/reports.rs"]
mod reports;
#[path = "service/requests.rs"]
mod requests;
#[path = "service/site.rs"]
mod site;
#[path = "service/table.rs"]
mod table;
#[path = "targets/mod.rs"]
mod targets;
#[path = "service/usage.rs"]
mod usage;

use beamlive::config::Settings;
use beamlive_client::key::{KeyMaker, KeyType};
use beamlive_load::http::Connection;
use beamlive_load::machine;
use ceiling::cases::{LIST, MIDDLE, NOTHING, SMALL, USERS};
use ceiling::server::Ceiling;
use clap::Parser;
use load::Round;
use site::Site;
use std::path::{Path, PathBuf};
use std::time::Duration;
use targets::rows::{self, Row, Setup};
use targets::shares::{self, Share};
use targets::Line;
use tempfile::TempDir;

/// Each operation as a share of what the machine can do.
#[derive(Debug, Parser)]
struct Options {
    /// One short round of everything with small stores, to see that it runs.
    #[arg(long)]
    quick: bool,
    /// Rounds, interleaved over all rows.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds a row is measured in a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Only operations that contain one of these, such as "upload", "samples, 304", "growth"; may
    /// come more than once.
    #[arg(long)]
    only: Vec<String>,
    /// Datasets of the full store.
    #[arg(long, default_value_t = 1_000_000)]
    stored: u64,
    /// Seconds between opening the full store and measuring it, for the work that an engine does
    /// behind a fill.
    #[arg(long, default_value_t = 0.0)]
    settle: f64,
    /// Beamlines that are known but idle.
    #[arg(long, default_value_t = 10_000)]
    beamlines: usize,
    /// Has the service verify the token of every request, as the ceiling does.
    #[arg(long)]
    verify_each: bool,
    /// All layers of the ceiling at 1, 8, 32 and 128 connections, too.
    #[arg(long)]
    layers: bool,
    /// Fills a store there and ends. The program calls itself with this option.
    #[arg(long, hide = true)]
    fill: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants(&self, operation: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| operation.contains(only.as_str()))
    }

    fn window(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

fn main() {
    let mut options = Options::parse();
    if let Some(directory) = &options.fill {
        targets::growth::fill(directory, options.stored);
    }
    if options.quick {
        (options.rounds, options.seconds) = (1, 0.1);
        (options.stored, options.beamlines) = (options.stored.min(2_000), options.beamlines.min(100));
    }
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    site::log_to(directory.path());
    println!("{}, engine {}\n", machine::describe(), site::engine());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (lines, errors) = runtime.block_on(measure(&options, directory.path()));
    targets::table(&lines);
    println!("{}", machine::load());
    if errors > 0 {
        println!("{errors} requests had an unexpected status: the shares mean nothing");
    }
    if !options.quick && (errors > 0 || !lines.iter().all(Line::is_measured)) {
        std::process::exit(1);
    }
}

/// Measures each target. Also returns how many requests of the interleaved rows failed.
async fn measure(options: &Options, directory: &Path) -> (Vec<Line>, u64) {
    let (mut lines, mut errors) = (Vec::new(), 0);
    let shares: Vec<_> = shares::all()
        .into_iter()
        .filter(|share| options.wants(&share.operation))
        .collect();
    if !shares.is_empty() || options.layers {
        (lines, errors) = in_turn(options, directory, shares).await;
    }
    let (rounds, window) = (options.rounds, options.window());
    if options.wants("report") {
        lines.extend(targets::report::run(directory, rounds, window).await);
    }
    if options.wants("growth") {
        lines.extend(targets::growth::run(directory, options.stored, options.settle, rounds, window).await);
    }
    if options.wants("known") {
        lines.extend(targets::known::run(directory, options.beamlines).await);
    }
    (lines, errors)
}

/// Measures all rows that `shares` need: each once in every round.
async fn in_turn(options: &Options, directory: &Path, shares: Vec<Share>) -> (Vec<Line>, u64) {
    let setup = set_up(directory, options).await;
    println!("{}\n", setup.site.describe());
    let mut rows: Vec<Row> = Vec::new();
    let more = options.layers.then(shares::more_rows).unwrap_or_default();
    for row in shares.iter().flat_map(|share| &share.rows).chain(&more) {
        if !rows.contains(row) {
            rows.push(*row);
        }
    }
    // It needs the peak of its own round.
    rows.sort_by_key(|row| *row == Row::Overload);
    let place = |row: Row| rows.iter().position(|other| *other == row);
    // By row, then by round.
    let mut measured: Vec<Vec<Round>> = rows.iter().map(|_| Vec::new()).collect();
    for number in 0..options.rounds {
        for (at, row) in rows.iter().enumerate() {
            let rate = |row| {
                let round: &Round = measured[place(row)?].get(number)?;
                Some(round.rate)
            };
            let round = setup.measure(*row, rate).await;
            measured[at].push(round);
        }
    }
    let named: Vec<_> = rows
        .iter()
        .zip(&measured)
        .map(|(row, rounds)| (format!("{row:?}"), rounds.as_slice()))
        .collect();
    table::print("row", &named);
    setup.site.stop();
    setup.ceiling.stop();
    let lines = shares.into_iter().map(|share| Line {
        values: (0..options.rounds)
            .map(|number| {
                let of = |row: &Row| &measured[place(*row).unwrap()][number];
                (share.value)(&share.rows.iter().map(of).collect::<Vec<_>>())
            })
            .collect(),
        operation: share.operation,
        against: share.against,
        target: share.target,
    });
    let errors = measured.iter().flatten().map(|round| round.errors).sum();
    (lines.collect(), errors)
}

/// Starts the service and the ceiling in this process.
async fn set_up(directory: &Path, options: &Options) -> Setup {
    let dsa = KeyMaker::new(KeyType::Dsa).make();
    let remembered = match options.verify_each {
        true => 0,
        false => Settings::default().tokens.remembered,
    };
    let accounts = rows::dsa_accounts(&dsa);
    let site = Site::start_with(&directory.join("service"), accounts, remembered).await;
    let users = {
        let mut connection = Connection::open(site.address()).await.unwrap();
        let request = b"GET /api/v2/accesslist/ HTTP/1.1\r\nHost: bench\r\n\r\n";
        let response = connection.exchange(request).await.unwrap();
        connection.body(&response).len()
    };
    let lengths = [
        (NOTHING, 0),
        (SMALL, 100),
        (MIDDLE, 20_000),
        (LIST, site.list_bytes()),
        (USERS, users),
    ];
    Setup {
        ceiling: Ceiling::start(directory.join("appended"), &lengths),
        site,
        dsa,
        file: directory.join("synced"),
        window: options.window(),
    }
}
