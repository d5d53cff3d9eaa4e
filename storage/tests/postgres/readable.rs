//! The tables for people: in step with the rows, and filled again.

use crate::support::{cluster, node, settings, write, NOW};
use beamlive_storage::ids::{BeamlineId, IdRef, ProjectId};
use beamlive_storage::records::{Report, Session, Stretch};
use beamlive_storage::{keys, rebuild_tables, Batch, Table};
use std::time::Duration;

const HOLD: Duration = Duration::from_secs(10);

/// What a person's query says.
async fn ask(url: &str, sql: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client.simple_query(sql).await.unwrap();
    rows.iter()
        .filter_map(|row| match row {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("null").to_owned()),
            _ => None,
        })
        .collect()
}

fn report(score: f64, bytes: usize) -> Report {
    let text = "x".repeat(bytes);
    let details = rmpv::Value::Map(vec![("text".into(), text.as_str().into())]);
    let mut packed = Vec::new();
    rmpv::encode::write_value(&mut packed, &details).unwrap();
    Report {
        project: ProjectId(1),
        beamline: BeamlineId(1),
        name: "day".to_owned(),
        kind: "MX".to_owned(),
        score,
        datasets: Vec::new(),
        sessions: Vec::new(),
        directory_digest: [0; 16],
        key: None,
        address: None,
        details: packed,
        created: NOW,
        modified: NOW,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_are_in_step_with_the_rows_and_can_be_filled_again() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = node(&url, HOLD);
    // A small record, one in pieces, one that is replaced, and one that is removed.
    let mut revisions = Vec::new();
    for (id, bytes) in [(1, 10), (2, 100_000), (3, 10), (4, 50_000)] {
        let mut batch = Batch::new();
        batch.insert(keys::record(Table::Report, IdRef::Known(id)), &report(0.5, bytes));
        store.reserve().unwrap().commit(batch).await.unwrap();
        revisions.push(1);
    }
    let mut batch = Batch::new();
    batch.replace(
        keys::record(Table::Report, IdRef::Known(3)),
        1,
        &report(0.9, 40_000),
    );
    batch.remove(keys::record(Table::Report, IdRef::Known(4)), 1);
    store.reserve().unwrap().commit(batch).await.unwrap();
    let sql = "SELECT id || ' ' || score || ' ' || length(details->>'text') FROM beamlive.report ORDER BY id";
    let expected = ["1 0.5 10", "2 0.5 100000", "3 0.9 40000"];
    assert_eq!(ask(&url, sql).await, expected);
    assert_eq!(ask(&url, "SELECT readable FROM beamlive_store.head").await, ["t"]);

    ask(
        &url,
        "DELETE FROM beamlive.report WHERE id = 2; UPDATE beamlive.report SET score = 7",
    )
    .await;
    let filling = settings(&url, HOLD);
    let writing = tokio::spawn(write(store.clone(), 1, 50));
    tokio::task::spawn_blocking(move || rebuild_tables(&filling, |_, _| {}))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(writing.await.unwrap(), 50);
    assert_eq!(ask(&url, sql).await, expected);
    assert_eq!(ask(&url, "SELECT readable FROM beamlive_store.head").await, ["t"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_may_read_the_tables_and_nothing_else() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = node(&url, HOLD);
    let mut batch = Batch::new();
    let session = Session {
        project: ProjectId(1),
        beamline: BeamlineId(1),
        name: "day".to_owned(),
        survey: beamlive_storage::records::SecureKey([7; 20]),
        key: None,
        created: NOW,
        stretches: 1,
        latest: Stretch {
            start: NOW,
            end: None,
        },
        ended_micros: 0,
    };
    batch.insert(keys::record(Table::Session, IdRef::Known(1)), &session);
    store.reserve().unwrap().commit(batch).await.unwrap();
    let can = |table: &str, what: &str| {
        format!("SELECT has_table_privilege('beamlive_read', 'beamlive.{table}', '{what}')")
    };
    assert_eq!(ask(&url, &can("session", "SELECT")).await, ["t"]);
    assert_eq!(ask(&url, &can("session", "UPDATE")).await, ["f"]);
    let may_use = "SELECT has_schema_privilege('beamlive_read', 'beamlive_store', 'USAGE')";
    assert_eq!(ask(&url, may_use).await, ["f"], "the store has secrets");
    let shown = ask(&url, "SELECT row_to_json(s)::text FROM beamlive.session s").await;
    assert!(
        !shown[0].contains("07070707"),
        "a survey's key is shown: {shown:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_gone_stops_no_change() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = node(&url, HOLD);
    ask(&url, "DROP TABLE beamlive.report CASCADE").await;
    let mut batch = Batch::new();
    batch.insert(keys::record(Table::Report, IdRef::Known(1)), &report(0.5, 10));
    store.reserve().unwrap().commit(batch).await.unwrap();
    assert_eq!(ask(&url, "SELECT readable FROM beamlive_store.head").await, ["f"]);
    let filling = settings(&url, HOLD);
    tokio::task::spawn_blocking(move || rebuild_tables(&filling, |_, _| {}))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ask(&url, "SELECT score FROM beamlive.report").await, ["0.5"]);
    assert_eq!(ask(&url, "SELECT readable FROM beamlive_store.head").await, ["t"]);
}
