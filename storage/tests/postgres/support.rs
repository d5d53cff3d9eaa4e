//! Nodes on one database, and what their writers were told.

use crate::cluster::Postgres;
use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::{DataType, Feedback};
use beamlive_storage::{
    Batch, CommitError, EngineKind, Order, PostgresSettings, Store, StoreConfig, Table, Tally, Timestamp,
};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

pub(crate) fn settings(url: &str, hold: Duration) -> PostgresSettings {
    PostgresSettings {
        url: url.to_owned(),
        password: None,
        ca_file: None,
        hold,
        node: "test".to_owned(),
    }
}

/// Opens a node.
pub(crate) fn node(url: &str, hold: Duration) -> Store {
    let config = StoreConfig {
        engine: EngineKind::Postgres,
        postgres: Some(settings(url, hold)),
        ..StoreConfig::default()
    };
    Store::open(&config, NOW).unwrap()
}

/// A cluster, unless PostgreSQL is not installed.
pub(crate) fn cluster() -> Option<Postgres> {
    Postgres::start()
}

pub(crate) fn data_type(name: &str) -> DataType {
    DataType {
        acronym: name.to_owned(),
        name: name.to_owned(),
        aliases: Vec::new(),
        metadata: Vec::new(),
    }
}

/// The batch of a writer: a record with a new id, a marker that must be new, and a counter of the
/// writer that is replaced at the revision it saw.
fn batch(writer: u64, number: u64, revision: u64) -> Batch {
    let mut batch = Batch::new();
    let id = batch.allocate(Table::Activity);
    let record = Feedback {
        created: NOW,
        areas: Vec::new(),
        comments: format!("{writer}/{number}"),
    };
    batch.insert(keys::record(Table::Activity, id), &record);
    let counter = counter(writer);
    match revision {
        0 => batch.insert(counter, &data_type(&number.to_string())),
        _ => {
            batch.replace(counter, revision, &data_type(&number.to_string()));
        }
    }
    batch
}

fn counter(writer: u64) -> Key {
    keys::record(Table::DataType, beamlive_storage::ids::IdRef::Known(writer))
}

/// Writes `count` batches, one after the other, each once. Returns how many were acknowledged;
/// fails at an answer that is neither that nor [`CommitError::Away`].
pub(crate) async fn write(store: Store, writer: u64, count: u64) -> u64 {
    let mut acknowledged = 0;
    for number in 1..=count {
        match store
            .reserve()
            .unwrap()
            .commit(batch(writer, number, acknowledged))
            .await
        {
            Ok(_) => acknowledged += 1,
            Err(CommitError::Away(_)) => break,
            Err(error) => panic!("writer {writer}, batch {number}: {error}"),
        }
    }
    acknowledged
}

/// Checks that each writer's batches are there once, its acknowledged ones without a gap, and that
/// ids and the tally fit the rows.
pub(crate) fn check(store: &Store, acknowledged: &BTreeMap<u64, u64>) {
    let rows: Vec<_> = store
        .scan_bytes(&[], &[0xff; 700], Order::Ascending)
        .map(Result::unwrap)
        .collect();
    let tally = rows.iter().find(|(key, _)| key == Tally::key().as_bytes());
    assert!(tally.is_some());
    let (start, end) = keys::below(&Key::of(Table::Activity), None);
    let mut found = BTreeMap::<u64, Vec<u64>>::new();
    let mut ids = Vec::new();
    for row in store.scan::<Feedback>(&start, &end, Order::Ascending) {
        let (key, read) = row.unwrap();
        ids.push(keys::last_id(&key).unwrap());
        let (writer, number) = read.record.comments.split_once('/').unwrap();
        found
            .entry(writer.parse().unwrap())
            .or_default()
            .push(number.parse().unwrap());
    }
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "ids have gaps");
    for (writer, acknowledged) in acknowledged {
        let found = found.remove(writer).unwrap_or_default();
        let expected: Vec<_> = (1..=found.len() as u64).collect();
        assert_eq!(found, expected, "writer {writer}: each once, in order");
        // A batch that was answered by `Away` may be there.
        assert!(
            (*acknowledged..=acknowledged + 1).contains(&(found.len() as u64)),
            "writer {writer}: {acknowledged} acknowledged, {} there",
            found.len()
        );
    }
    assert!(found.is_empty(), "rows of nobody: {found:?}");
}
