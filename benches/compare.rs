//! The service against what the machine can do: each operation as a share of its ceiling, measured in one run.
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
#[path = "service/facility.rs"]
mod facility;
#[path = "service/figures.rs"]
mod figures;
#[path = "service/load.rs"]
mod load;
#[path = "service/pace.rs"]
mod pace;
#[path = "service/reports.rs"]
mod reports;
#[path = "service/site.rs"]
mod site;
#[path = "targets/mod.rs"]
mod targets;
#[path = "service/usage.rs"]
mod usage;

use beamlive::config::Settings;
use beamlive::load::client::Connection;
use beamlive::load::machine;
use ceiling::cases::{LIST, MIDDLE, NOTHING, SMALL, USERS};
use ceiling::server::Ceiling;
use clap::Parser;
use figures::{percentile, Spread};
use load::Round;
use site::Site;
use ssh_key::private::{DsaKeypair, KeypairData};
use ssh_key::PrivateKey;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use targets::rows::{self, Hall, Row};
use targets::shares::{self, Share};
use targets::Line;
use tempfile::TempDir;

/// Each operation as a share of what the machine can do.
#[derive(Debug, Parser)]
struct Options {
    /// One short round of everything, with small stores: whether it runs at all.
    #[arg(long)]
    quick: bool,
    /// Rounds, interleaved over all rows.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds a row is measured in a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Only operations that contain one of these, such as "upload", "samples, 304", "growth"; may come more than once.
    #[arg(long)]
    only: Vec<String>,
    /// Datasets of the full store.
    #[arg(long, default_value_t = 1_000_000)]
    stored: u64,
    /// Seconds between opening the full store and measuring it, for the work that an engine does behind a fill.
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
    /// Fills a store there and ends: what this program calls itself with.
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
    let log = File::create(directory.path().join("service.log")).unwrap();
    tracing_subscriber::fmt()
        .with_env_filter("info")
        .with_ansi(false)
        .with_writer(Mutex::new(log))
        .init();
    println!("{}, engine {}\n", machine::describe(), site::engine());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (lines, errors) = runtime.block_on(measure(&options, directory.path()));
    targets::table(&lines);
    println!("{}", machine::load());
    if errors > 0 {
        println!("{errors} requests were not answered as they should be: the shares are worth nothing");
    }
    if !options.quick && (errors > 0 || !lines.iter().all(Line::is_measured)) {
        std::process::exit(1);
    }
}

/// What came of each target, and how many requests of the interleaved rows were not answered as they should be.
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
    let hall = open_hall(directory, options).await;
    println!("{}\n", hall.site.describe());
    let mut rows: Vec<Row> = Vec::new();
    let more = options.layers.then(shares::more_rows).unwrap_or_default();
    for row in shares.iter().flat_map(|share| &share.rows).chain(&more) {
        if !rows.contains(row) {
            rows.push(*row);
        }
    }
    // It needs the peak of its own round.
    rows.sort_by_key(|row| *row == Row::Overload);
    let mut measured: Vec<Vec<Round>> = Vec::new();
    for _ in 0..options.rounds {
        let mut round: Vec<Round> = Vec::new();
        for row in &rows {
            let rate = |of: Row| {
                let at = rows.iter().position(|row| *row == of)?;
                round.get(at).map(|round| round.rate)
            };
            let measured = hall.measure(*row, rate).await;
            round.push(measured);
        }
        measured.push(round);
    }
    rates(&rows, &measured);
    hall.site.stop();
    hall.ceiling.stop();
    let lines = shares.into_iter().map(|share| Line {
        values: measured
            .iter()
            .map(|round| {
                let of = |row: &Row| &round[rows.iter().position(|known| known == row).unwrap()];
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

/// The service and the ceiling, in this process.
async fn open_hall(directory: &Path, options: &Options) -> Hall {
    let pair = DsaKeypair::random(&mut rand_core::OsRng).unwrap();
    let dsa = dsa::SigningKey::try_from(&pair).unwrap();
    let private = PrivateKey::new(KeypairData::Dsa(pair), "bench").unwrap();
    let dsa_line = private.public_key().to_openssh().unwrap();
    let remembered = match options.verify_each {
        true => 0,
        false => Settings::default().tokens.remembered,
    };
    let accounts = rows::dsa_accounts(&dsa_line);
    let site = Site::start_with(&directory.join("service"), &accounts, remembered).await;
    let users = {
        let mut connection = Connection::open(site.address()).await.unwrap();
        let request = b"GET /api/v2/accesslist/ HTTP/1.1\r\nHost: bench\r\n\r\n";
        let answer = connection.exchange(request).await.unwrap();
        connection.body(&answer).len()
    };
    let lengths = [
        (NOTHING, 0),
        (SMALL, 100),
        (MIDDLE, 20_000),
        (LIST, site.list_bytes()),
        (USERS, users),
    ];
    Hall {
        ceiling: Ceiling::start(directory.join("appended"), &lengths),
        site,
        dsa,
        dsa_line,
        file: directory.join("synced"),
        window: options.window(),
    }
}

/// What every row did, whatever it is compared with.
fn rates(rows: &[Row], measured: &[Vec<Round>]) {
    println!(
        "{:<44} {:>8} {:>8} {:>8}  {:>8} {:>8}  {:>6}  {:>7} {:>5} {:>6}",
        "row", "min /s", "median", "max", "p50 ms", "p99 ms", "errors", "service", "load", "others"
    );
    for (place, row) in rows.iter().enumerate() {
        let rounds: Vec<_> = measured.iter().map(|round| &round[place]).collect();
        let all = |value: fn(&Round) -> f64| {
            Spread::of(&rounds.iter().map(|round| value(round)).collect::<Vec<_>>())
        };
        let mut micros: Vec<_> = rounds.iter().flat_map(|round| round.micros.clone()).collect();
        micros.sort_unstable();
        let Spread { min, median, max } = all(|round| round.rate);
        println!(
            "{:<44} {min:>8.0} {median:>8.0} {max:>8.0}  {:>8.2} {:>8.2}  {:>6}  {:>7.2} {:>5.2} {:>6.2}",
            format!("{row:?}"),
            percentile(&micros, 0.5) / 1e3,
            percentile(&micros, 0.99) / 1e3,
            rounds.iter().map(|round| round.errors).sum::<u64>(),
            all(|round| round.usage.service).median,
            all(|round| round.usage.load).median,
            all(|round| round.usage.others).median,
        );
    }
    println!();
}
