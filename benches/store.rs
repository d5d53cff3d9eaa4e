//! Durable commits a second on the real store: each writer waits for the receipt of a batch before
//! it submits the next one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark that can't go on may panic, and its numbers are rounded"
)]

#[path = "service/figures.rs"]
mod figures;

use beamlive_actors::secure_path;
use beamlive_load::{machine, names};
use beamlive_storage::ids::{BeamlineId, IdRef, ProjectId, SessionId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{identity, DataType, Dataset, SecureKey, Subject};
use beamlive_storage::{Batch, EngineKind, Store, StoreConfig, Timestamp};
use clap::Parser;
use fastrand::Rng;
use figures::{percentile, Spread};
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const WRITERS: [usize; 4] = [1, 8, 32, 128];
const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

/// Durable commits a second.
#[derive(Debug, Parser)]
struct Options {
    /// One short round, to see that it runs.
    #[arg(long)]
    quick: bool,
    /// Rounds, interleaved over all rows.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The engine.
    #[arg(long, env = "BEAMLIVE_STORE__ENGINE", default_value = "sled")]
    engine: EngineKind,
    /// Seconds a row takes in a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is committed.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// One record of 30 bytes.
    Record,
    /// What an upload writes: a dataset of 600 bytes, its indexes, its identity, the path of its
    /// key.
    Upload,
}

fn main() {
    let mut options = Options::parse();
    if options.quick {
        (options.rounds, options.seconds) = (1, 0.1);
    }
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!("{}, {}", machine::describe(), machine::load());
    let syncs = append_and_sync(directory.path(), if options.quick { 20 } else { 500 });
    println!(
        "append of 4 KiB + fdatasync: p50 {:.0} µs, p99 {:.0} µs\n",
        syncs.0, syncs.1
    );
    let config = StoreConfig {
        path: directory.path().join("store"),
        engine: options.engine,
        ..StoreConfig::default()
    };
    let store = Store::open(&config, NOW).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let rows: Vec<_> = [Kind::Record, Kind::Upload]
        .into_iter()
        .flat_map(|kind| WRITERS.map(|writers| (kind, writers)))
        .collect();
    let mut rates = vec![Vec::new(); rows.len()];
    let mut groups = vec![Vec::new(); rows.len()];
    for _ in 0..options.rounds {
        for (row, (kind, writers)) in rows.iter().enumerate() {
            let before = store.metrics();
            let (commits, seconds) = runtime.block_on(run(&store, *kind, *writers, options.seconds));
            let after = store.metrics();
            rates[row].push(commits as f64 / seconds);
            let synced = (after.groups - before.groups).max(1);
            groups[row].push((after.batches - before.batches) as f64 / synced as f64);
        }
    }
    println!(
        "{:<8} {:>7}   {:>9} {:>9} {:>9}   {:>12}",
        "batch", "writers", "min", "median", "max", "batches/sync"
    );
    for (row, (kind, writers)) in rows.iter().enumerate() {
        let Spread { min, median, max } = Spread::of(&rates[row]);
        println!(
            "{:<8} {writers:>7}   {min:>9.0} {median:>9.0} {max:>9.0}   {:>12.1}",
            format!("{kind:?}").to_lowercase(),
            Spread::of(&groups[row]).median,
        );
    }
    println!("\n{}", machine::load());
    store.close().unwrap();
}

/// Median and 99th percentile of one append with its sync, in µs: the disk without a store.
fn append_and_sync(directory: &Path, times: usize) -> (f64, f64) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join("append"))
        .unwrap();
    let mut micros: Vec<_> = (0..times)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed().as_micros() as u32
        })
        .collect();
    micros.sort_unstable();
    (percentile(&micros, 0.5), percentile(&micros, 0.99))
}

/// Commits for about `seconds`. Returns how many are durable, and after how many seconds.
async fn run(store: &Store, kind: Kind, writers: usize, seconds: f64) -> (u64, f64) {
    // Another seed in each run, so that uuids are unique.
    let seed = store.counter(Table::Dataset).unwrap() << 8;
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(seconds);
    let writers: Vec<_> = (0..writers)
        .map(|writer| tokio::spawn(write(store.clone(), kind, seed + writer as u64, until)))
        .collect();
    let mut commits = 0;
    for writer in writers {
        commits += writer.await.unwrap();
    }
    (commits, began.elapsed().as_secs_f64())
}

async fn write(store: Store, kind: Kind, seed: u64, until: Instant) -> u64 {
    let mut random = Rng::with_seed(seed);
    let mut commits = 0;
    while Instant::now() < until {
        let batch = match kind {
            Kind::Record => record(),
            Kind::Upload => upload(seed % 32, &mut random),
        };
        store.reserve().unwrap().commit(batch).await.unwrap();
        commits += 1;
    }
    commits
}

fn record() -> Batch {
    let mut batch = Batch::new();
    let id = IdRef::Slot(batch.allocate(Table::DataType));
    let record = DataType {
        acronym: "DATA".to_owned(),
        name: "Diffraction".to_owned(),
        aliases: Vec::new(),
        metadata: Vec::new(),
    };
    batch.insert(keys::record(Table::DataType, id), &record);
    batch
}

fn upload(place: u64, random: &mut Rng) -> Batch {
    let (project, beamline, session) = (ProjectId(place), BeamlineId(place), SessionId(place));
    let uuid = names::uuid(random);
    let mut key = SecureKey([0; 20]);
    random.fill(&mut key.0);
    let record = Dataset {
        project,
        beamline,
        session: Some(session),
        sample: None,
        group: Some("native".to_owned()),
        name: "A1-s2_xtal".to_owned(),
        kind: "DATA".to_owned(),
        filename: Some("A1-s2_xtal_{:05d}.cbf".to_owned()),
        frames: "1-1800".to_owned(),
        num_frames: 1800,
        energy: 12.6581,
        exposure: Some(0.2),
        attenuation: Some(0.0),
        beam_size: Some(50.0),
        start_time: NOW,
        end_time: NOW,
        uuid: Some(uuid.clone()),
        directory_digest: [7; 16],
        key: Some(key),
        address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        meta_data: vec![0x5a; 300],
        created: NOW,
        modified: NOW,
    };
    let mut batch = Batch::new();
    let id = IdRef::Slot(batch.allocate(Table::Dataset));
    batch.insert(keys::dataset(id), &record);
    batch.point(keys::dataset_by_project(beamline, project, id), session);
    batch.mark(keys::index(Table::DatasetBySession, session, id));
    let identity = identity(&uuid, &record.name, &record.directory_digest);
    let by_identity = keys::dataset_by_identity(project, &identity);
    batch.require_absent(by_identity.clone());
    batch.point(by_identity, id);
    let directory = "/users/alice/A1-s2_xtal/data";
    let record = Some((Subject::Dataset, id));
    secure_path::open_for(&mut batch, record, Some(project), directory, key, NOW);
    batch
}
