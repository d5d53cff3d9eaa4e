//! What the tables cost. Run with
//! `cargo test --release -p beamlive-storage --lib -- --ignored --nocapture sql::tests::speed`.

use super::database::prepared;
use super::samples::{dataset, key, set};
use crate::group::Rows;
use crate::keys::Table;
use crate::records::Dataset;
use crate::sql::{project, TableChange};
use rmpv::Value as Packed;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Statement};

/// Datasets in a group.
const GROUP: u64 = 32;

/// MxDC's uploads. All of it becomes metadata, so these are longer than real ones.
const UPLOADS: [&str; 7] = [
    include_str!("../../../../tests/fixtures/payloads/data-DATA.json"),
    include_str!("../../../../tests/fixtures/payloads/data-MAD.json"),
    include_str!("../../../../tests/fixtures/payloads/data-RASTER.json"),
    include_str!("../../../../tests/fixtures/payloads/data-SCREEN.json"),
    include_str!("../../../../tests/fixtures/payloads/data-XAS.json"),
    include_str!("../../../../tests/fixtures/payloads/data-XRD.json"),
    include_str!("../../../../tests/fixtures/payloads/data-XRF.json"),
];

fn pack(value: &Value) -> Packed {
    match value {
        Value::Null => Packed::Nil,
        Value::Bool(value) => (*value).into(),
        Value::Number(value) => match value.as_i64() {
            Some(value) => value.into(),
            None => value.as_f64().unwrap().into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => Packed::Array(items.iter().map(pack).collect()),
        Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| (key.as_str().into(), pack(value)));
            Packed::Map(entries.collect())
        }
    }
}

fn uploads() -> Vec<Vec<u8>> {
    let example = |text: &&str| serde_json::from_str::<Value>(text).unwrap()["example"].clone();
    let packed = UPLOADS.iter().map(|text| {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &pack(&example(text))).unwrap();
        bytes
    });
    packed.collect()
}

/// A group of datasets with the ids from `first` on.
fn group(first: u64) -> Rows {
    let mut rows = Rows::new();
    for (id, meta_data) in (first..first + GROUP).zip(uploads().into_iter().cycle()) {
        let record = Dataset {
            meta_data,
            ..dataset()
        };
        set(&mut rows, key(Table::Dataset, id), &record);
    }
    rows
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "measures, so it needs a release build and a quiet machine"]
fn a_dataset_is_projected_in_less_than_fifty_microseconds() {
    let rows = group(1);
    let times = (0..1_000).map(|_| {
        let began = Instant::now();
        assert_eq!(project(&rows).len(), 1);
        began.elapsed()
    });
    let each = median(times.collect()) / GROUP as u32;
    let bytes = uploads().iter().map(Vec::len).sum::<usize>() / UPLOADS.len();
    println!("project: {each:?} for a dataset with {bytes} bytes of metadata");
    assert!(each < Duration::from_micros(50));
}

async fn upsert(client: &Client, statement: &Statement, rows: &TableChange) -> Duration {
    let rows = rows.rows.as_ref().unwrap();
    let began = Instant::now();
    assert_eq!(client.execute(statement, &[rows]).await.unwrap(), GROUP);
    began.elapsed()
}

#[tokio::test]
#[ignore = "measures, so it needs a release build and a quiet machine"]
async fn a_group_of_32_datasets_is_upserted_in_two_milliseconds() {
    let Some(client) = prepared().await else { return };
    let changes: Vec<_> = (0..1_000)
        .map(|n| project(&group(1 + n * GROUP)).remove(0))
        .collect();
    let statement = client.prepare(changes[0].upsert).await.unwrap();
    // Without the commit, whose cost is the disk's.
    client
        .batch_execute("SET synchronous_commit = off")
        .await
        .unwrap();
    for pass in ["inserted", "replaced"] {
        let mut times = Vec::new();
        for change in &changes {
            times.push(upsert(&client, &statement, change).await);
        }
        let middle = median(times.clone());
        times.sort();
        println!(
            "{GROUP} datasets {pass}: {middle:?}, 99 %: {:?}",
            times[times.len() * 99 / 100]
        );
        assert!(middle < Duration::from_millis(2));
    }
}
