//! What noting costs: datasets with five rows each. One case per process, for its peak of memory:
//! `cargo test --release -p beamlive-storage --test store -- --ignored --nocapture NAME`, with
//! `importing::speed::rows::engine_1_EngineKind__Sled::noted_2_true` as the name, for example.
//! `BEAMLIVE_SPEED` is the number of datasets, `BEAMLIVE_SPEED_BATCH` that of those in a batch,
//! `BEAMLIVE_SPEED_CACHE` the cache in MiB.

use crate::support::NOW;
use beamlive_storage::ids::{BeamlineId, IdRef, ProjectId, SessionId};
use beamlive_storage::records::{Dataset, SecureKey, SecurePath, Subject};
use beamlive_storage::{keys, Batch, EngineKind, Import, Receipt, Store, StoreConfig, Table};
use rstest::rstest;
use std::collections::VecDeque;
use std::time::Instant;
use tempfile::TempDir;

/// Batches that wait for the writer.
const WAITING: usize = 8;
const ROWS: u64 = 5;

/// The number in the environment variable `name`, or `otherwise`.
fn given(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// A dataset of an earlier server, which keeps its id.
fn dataset(batch: &mut Batch, id: u64) {
    let (beamline, project) = (BeamlineId(1 + id % 3), ProjectId(1 + id / 500 % 800));
    let (session, key) = (SessionId(1 + id / 50), SecureKey(random()));
    let record = Dataset {
        project,
        beamline,
        session: Some(session),
        sample: None,
        group: Some("native".to_owned()),
        name: format!("A1-s{id}_xtal"),
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
        uuid: Some(format!("{:032x}", u128::from_be_bytes(random()))),
        directory_digest: random(),
        key: Some(key),
        address: None,
        meta_data: format!("{:300}", id * 7919).into_bytes(),
        created: NOW,
        modified: NOW,
    };
    let (number, id) = (id, IdRef::Known(id));
    let identity = record.identity().unwrap();
    batch.insert(keys::dataset(id), &record);
    batch.point(keys::dataset_by_project(beamline, project, id), session);
    batch.mark(keys::index(Table::DatasetBySession, session, id));
    batch.point(keys::dataset_by_identity(project, &identity), id);
    batch.insert(
        keys::secure_path(&key),
        &SecurePath {
            record: number.into(),
            subject: Some(Subject::Dataset),
            project: Some(project),
            directory: format!("/users/mx{}/A1-s{number}_xtal/data", project.0),
            created: NOW,
        },
    );
}

fn fill(store: &Store, datasets: u64) {
    let size = given("BEAMLIVE_SPEED_BATCH", 200);
    let mut receipts = VecDeque::new();
    let wait = |receipt: Receipt| futures_executor::block_on(receipt).unwrap();
    for first in (1..=datasets).step_by(size as usize) {
        let mut batch = Batch::new();
        let last = (first + size - 1).min(datasets);
        batch.raise(Table::Dataset, last);
        for id in first..=last {
            dataset(&mut batch, id);
        }
        if receipts.len() == WAITING {
            receipts.pop_front().map(wait);
        }
        receipts.push_back(store.reserve().unwrap().commit(batch));
    }
    receipts.into_iter().for_each(|receipt| drop(wait(receipt)));
}

/// Seconds of processor time that this process has taken.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    // User and system time, in hundredths.
    fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .sum::<f64>()
        / 100.0
}

/// The greatest memory of this process so far, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[rstest]
#[ignore = "takes minutes"]
fn rows(
    #[values(EngineKind::Sled, EngineKind::Fjall)] engine: EngineKind,
    #[values(false, true)] noted: bool,
) {
    let datasets = given("BEAMLIVE_SPEED", 1_000_000);
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = StoreConfig {
        path: directory.path().to_owned(),
        engine,
        cache_bytes: given("BEAMLIVE_SPEED_CACHE", 16) * 1024 * 1024,
        ..StoreConfig::default()
    };
    let report = |what: &str, began: Instant| {
        let seconds = began.elapsed().as_secs_f64();
        let size = size_of_files(directory.path());
        println!(
            "{engine}, noted {noted}: {what} {:.0} rows/s, {seconds:.0} s, {:.0} s of the processor, peak {} MiB, {size} MiB on disk",
            (datasets * ROWS) as f64 / seconds,
            processor_seconds(),
            peak()
        );
    };
    let began = Instant::now();
    if noted {
        let import = Import::open(&config, NOW).unwrap();
        fill(import.store(), datasets);
        report("written", began);
        println!("undo file: {} MiB", size_of_files(&directory.path().join("undo")));
        let began = Instant::now();
        import.abandon().unwrap();
        report("undone", began);
    } else {
        let store = Store::open(&config, NOW).unwrap();
        fill(&store, datasets);
        report("written", began);
        store.close().unwrap();
    }
}

/// What the files below `path` take, in MiB.
fn size_of_files(path: &std::path::Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    if path.is_dir() {
        std::fs::read_dir(path)
            .unwrap()
            .map(|entry| size_of_files(&entry.unwrap().path()))
            .sum()
    } else {
        path.metadata()
            .map_or(0, |found| found.blocks() * 512 / 1024 / 1024)
    }
}
