//! The cost of a body: parsed and checked from MessagePack, and converted from JSON to MessagePack.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that can't go on may panic"
)]

use beamlive::wire::msgpack::MAX_DEPTH;
use beamlive::wire::{access, dataset, json, report};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::records::DataType;
use beamlive_storage::Versioned;
use criterion::{Criterion, Throughput};
use serde_json::{json, Value};
use std::hint::black_box;
use std::time::Duration;

const DATASETS: [(&str, &str); 8] = [
    ("DATA", include_str!("../tests/fixtures/payloads/data-DATA.json")),
    (
        "DATA-reupload",
        include_str!("../tests/fixtures/payloads/data-DATA-reupload.json"),
    ),
    ("MAD", include_str!("../tests/fixtures/payloads/data-MAD.json")),
    (
        "RASTER",
        include_str!("../tests/fixtures/payloads/data-RASTER.json"),
    ),
    (
        "SCREEN",
        include_str!("../tests/fixtures/payloads/data-SCREEN.json"),
    ),
    ("XAS", include_str!("../tests/fixtures/payloads/data-XAS.json")),
    ("XRD", include_str!("../tests/fixtures/payloads/data-XRD.json")),
    ("XRF", include_str!("../tests/fixtures/payloads/data-XRF.json")),
];
const REPORTS: [(&str, &str); 3] = [
    ("MX", include_str!("../tests/fixtures/payloads/report-MX.json")),
    (
        "SCREEN",
        include_str!("../tests/fixtures/payloads/report-SCREEN.json"),
    ),
    (
        "reupload",
        include_str!("../tests/fixtures/payloads/report-reupload.json"),
    ),
];
const CONNECTIONS: &str = include_str!("../tests/fixtures/payloads/accesslist-post.json");
const DATA_TYPES: [&str; 7] = ["SCREEN", "DATA", "XRD", "RASTER", "XAS", "XRF", "MAD"];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    datasets(&mut criterion);
    reports(&mut criterion);
    connections(&mut criterion);
    json_bodies(&mut criterion);
    criterion.final_summary();
}

/// The body of a payload file.
fn example(file: &str) -> Value {
    serde_json::from_str::<Value>(file).unwrap()["example"].take()
}

fn msgpack(body: &Value) -> Vec<u8> {
    rmp_serde::to_vec(body).unwrap()
}

/// A report of about a megabyte: 40,000 rows of a plot.
fn large_report() -> Value {
    let rows: Vec<_> = (0..40_000_u32)
        .map(|row| json!([row, f64::from(row).sqrt(), f64::from(row) / 7.0]))
        .collect();
    json!({"directory": "/users/alpha/proc/1", "title": "plot", "details": [{"kind": "lineplot", "data": rows}]})
}

fn datasets(criterion: &mut Criterion) {
    let mut catalog = Catalog::default();
    for (id, acronym) in (1..).zip(DATA_TYPES) {
        let record = DataType {
            acronym: acronym.to_owned(),
            name: acronym.to_owned(),
            aliases: Vec::new(),
            metadata: Vec::new(),
        };
        catalog.data_types.put(id, Versioned { revision: 1, record });
    }
    let zone = chrono_tz::America::Regina;
    let mut group = criterion.benchmark_group("dataset");
    for (name, file) in DATASETS {
        let bytes = msgpack(&example(file));
        assert!(dataset::parse(&bytes, &catalog, zone).is_ok(), "{name}");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| dataset::parse(black_box(&bytes), &catalog, zone));
        });
    }
    group.finish();
}

fn reports(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("report");
    let examples = REPORTS.map(|(name, file)| (name, example(file)));
    for (name, body) in examples.into_iter().chain([("1 MB", large_report())]) {
        let bytes = msgpack(&body);
        assert!(report::parse(&bytes).is_ok(), "{name}");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| report::parse(black_box(&bytes))));
    }
    group.finish();
}

fn connections(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("connections");
    let one = example(CONNECTIONS)[0].take();
    for count in [1, 1_000] {
        let entries: Vec<_> = (0..count)
            .map(|number| {
                let mut entry = one.clone();
                entry["name"] = json!(format!("D-host-{number:04}-ABCDEF"));
                entry
            })
            .collect();
        let bytes = msgpack(&json!(entries));
        assert_eq!(access::parse(&bytes).unwrap().len(), count);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(count.to_string(), |bencher| {
            bencher.iter(|| access::parse(black_box(&bytes)));
        });
    }
    group.finish();
}

fn json_bodies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("json to msgpack");
    let files = [DATASETS[0], DATASETS[7], REPORTS[0]];
    let examples = files.map(|(name, file)| (name, example(file)));
    for (name, body) in examples.into_iter().chain([("1 MB", large_report())]) {
        let text = serde_json::to_vec(&body).unwrap();
        assert!(json::to_msgpack(&text, MAX_DEPTH).is_ok(), "{name}");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| json::to_msgpack(black_box(&text), MAX_DEPTH));
        });
    }
    group.finish();
}
