//! PostgreSQL takes the schema and all rows. Skipped if it is not installed.

use super::hostile::{packed_value, worst};
use super::samples::{connection, dataset, facility, key, report, set};
use crate::cluster::Postgres;
use crate::group::Rows;
use crate::ids::{AccessListId, ProjectId};
use crate::keys::{self, Table};
use crate::records::Dataset;
use crate::sql::{project, rebuild_rows, TableChange, CLEAR, IS_CURRENT, SCHEMA};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::convert::Infallible;
use std::sync::OnceLock;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

/// The cluster that these tests share. It ends with the process.
pub(super) fn cluster() -> Option<&'static Postgres> {
    static CLUSTER: OnceLock<Option<Postgres>> = OnceLock::new();
    CLUSTER.get_or_init(Postgres::start).as_ref()
}

pub(super) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// An empty database with the schema.
pub(super) async fn prepared() -> Option<Client> {
    let client = connect(&cluster()?.database()).await;
    client.batch_execute(SCHEMA).await.unwrap();
    Some(client)
}

/// Changes the tables as an engine does.
pub(super) async fn apply(client: &Client, changes: &[TableChange]) {
    for change in changes {
        for (statement, list) in [(change.upsert, &change.rows), (change.remove, &change.removed)] {
            if let Some(list) = list {
                let changed = client
                    .execute(statement, &[list])
                    .await
                    .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
                assert!(changed <= list.as_array().unwrap().len() as u64);
            }
        }
    }
}

async fn number(client: &Client, query: &str) -> i64 {
    let row = client.query_one(query, &[]).await.unwrap();
    row.get(0)
}

async fn text(client: &Client, query: &str) -> Option<String> {
    let row = client.query_one(query, &[]).await.unwrap();
    row.get(0)
}

/// Every row of every table.
async fn everything(client: &Client) -> Vec<String> {
    let mut rows = Vec::new();
    for table in CLEAR.trim_start_matches("TRUNCATE ").split(", ") {
        let query = format!("SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1");
        let found = client.query(&query, &[]).await.unwrap();
        rows.extend(
            found
                .iter()
                .map(|row| format!("{table} {}", row.get::<_, String>(0))),
        );
    }
    rows
}

#[tokio::test]
async fn the_schema_is_made_again_if_something_is_missing() {
    let Some(postgres) = cluster() else { return };
    let client = connect(&postgres.database()).await;
    let is_current = || async { client.query_one(IS_CURRENT, &[]).await.unwrap().get::<_, bool>(0) };
    assert!(!is_current().await, "there is no schema");
    client.batch_execute("CREATE SCHEMA beamlive").await.unwrap();
    assert!(!is_current().await, "there are no tables");
    client.batch_execute(SCHEMA).await.unwrap();
    assert!(is_current().await);

    apply(&client, &project(&facility())).await;
    let drop = "DROP TABLE beamlive.report CASCADE";
    client.batch_execute(drop).await.unwrap();
    assert!(!is_current().await, "a table is missing");
    client.batch_execute(SCHEMA).await.unwrap();
    assert!(is_current().await);
    assert_eq!(number(&client, "SELECT count(*) FROM beamlive.dataset").await, 1);
    for again in ["beamlive.report", "beamlive.report_named"] {
        assert_eq!(number(&client, &format!("SELECT count(*) FROM {again}")).await, 0);
    }

    // Nodes of this version leave alone what newer ones made, and replace what older ones made.
    for (version, current) in [(10, true), (0, false)] {
        let comment = format!("COMMENT ON SCHEMA beamlive IS 'version {version}.'");
        client.batch_execute(&comment).await.unwrap();
        assert_eq!(is_current().await, current, "version {version}");
    }
}

#[tokio::test]
async fn rows_are_inserted_replaced_and_removed() {
    let Some(client) = prepared().await else { return };
    let mut rows = facility();
    apply(&client, &project(&rows)).await;
    let named = "SELECT concat_ws(' ', id, project, beamline, session, sample, container, name, energy, \
                 start_time AT TIME ZONE 'UTC', meta ->> 'resolution') FROM beamlive.dataset_named";
    assert_eq!(
        text(&client, named).await.unwrap(),
        "1 mx-user BL1 20251009 lyso-12 P-01 lyso-12-a 12.658 2025-10-09 08:53:20.123456 1.5"
    );
    let open = "SELECT concat_ws(' ', beamline, project, session) FROM beamlive.beamline_now";
    assert_eq!(text(&client, open).await.unwrap(), "BL1 mx-user 20251009");
    let shown = everything(&client).await;
    assert_eq!(shown.len(), 18);

    // The same group again, which a database may get when it was away.
    apply(&client, &project(&rows)).await;
    assert_eq!(everything(&client).await, shown);

    let renamed = Dataset {
        name: "renamed".to_owned(),
        sample: None,
        ..dataset()
    };
    set(&mut rows, key(Table::Dataset, 1), &renamed);
    apply(&client, &project(&rows)).await;
    let name = "SELECT name || sample_id IS NULL FROM beamlive.dataset";
    assert!(client.query_one(name, &[]).await.unwrap().get::<_, bool>(0));

    rows.values_mut().for_each(|value| *value = None);
    apply(&client, &project(&rows)).await;
    assert_eq!(everything(&client).await, [""; 0]);
}

#[tokio::test]
async fn the_worst_rows_fail_no_statement() {
    let Some(client) = prepared().await else { return };
    let mut rows = worst();
    apply(&client, &project(&rows)).await;
    assert_eq!(number(&client, "SELECT count(*) FROM beamlive.dataset").await, 3);
    assert_eq!(
        number(&client, "SELECT count(*) FROM beamlive.connection").await,
        3
    );
    let meta = "SELECT concat_ws(' ', meta -> 'max' = '1.7976931348623157e308', meta -> 'min' = '5e-324', \
                meta ->> 'great', length(meta ->> 'text'), attenuation = 1.7976931348623157e308, \
                beam_size = 5e-324, address) FROM beamlive.dataset WHERE id = -1";
    assert_eq!(
        text(&client, meta).await.unwrap(),
        "t t 18446744073709551615 36000 t t ::ffff:10.0.0.1"
    );
    let many = "SELECT jsonb_array_length(details)::bigint FROM beamlive.report";
    assert_eq!(number(&client, many).await, 0xf_fff0);
    rows.values_mut().for_each(|value| *value = None);
    apply(&client, &project(&rows)).await;
    assert_eq!(everything(&client).await, [""; 0]);
}

#[tokio::test]
async fn any_messagepack_is_taken() {
    let Some(client) = prepared().await else { return };
    let mut runner = TestRunner::default();
    let mut rows = Rows::new();
    for id in 1..=1_000 {
        let mut meta_data = Vec::new();
        let value = packed_value().new_tree(&mut runner).unwrap().current();
        rmpv::encode::write_value(&mut meta_data, &value).unwrap();
        let record = Dataset {
            meta_data,
            ..dataset()
        };
        set(&mut rows, key(Table::Dataset, id), &record);
    }
    apply(&client, &project(&rows)).await;
    assert_eq!(
        number(&client, "SELECT count(*) FROM beamlive.dataset").await,
        1_000
    );
    // What is read is what was written.
    let query = "SELECT id, meta FROM beamlive.dataset ORDER BY id";
    let stored = client.query(query, &[]).await.unwrap();
    let sent = project(&rows).remove(0).rows.unwrap();
    let query = "SELECT value -> 'meta' FROM jsonb_array_elements($1)";
    let sent = client.query(query, &[&sent]).await.unwrap();
    assert_eq!(sent.len(), stored.len());
    for (row, sent) in stored.iter().zip(&sent) {
        let meta = row.get::<_, Option<serde_json::Value>>(1).unwrap_or_default();
        assert_eq!(
            meta,
            sent.get::<_, serde_json::Value>(0),
            "{}",
            row.get::<_, i64>(0)
        );
    }
}

#[tokio::test]
async fn a_rebuild_makes_the_same_tables() {
    let Some(client) = prepared().await else { return };
    let mut rows = facility();
    set(
        &mut rows,
        keys::connection(AccessListId(2), ProjectId(3), "x"),
        &connection(),
    );
    for id in 2..=700 {
        set(&mut rows, key(Table::Dataset, id), &dataset());
        set(&mut rows, key(Table::Report, id), &report());
    }
    apply(&client, &project(&rows)).await;
    let before = everything(&client).await;
    client
        .batch_execute("DELETE FROM beamlive.dataset WHERE id > 5; UPDATE beamlive.report SET score = 9")
        .await
        .unwrap();
    assert_ne!(everything(&client).await, before);

    client.batch_execute(CLEAR).await.unwrap();
    let scan = rows
        .iter()
        .map(|(key, value)| Ok((key.clone(), value.clone().unwrap())));
    let get = |key: &[u8]| Ok::<_, Infallible>(rows.get(key).cloned().flatten());
    for piece in rebuild_rows(scan, get) {
        apply(&client, &project(&piece.unwrap())).await;
    }
    assert_eq!(everything(&client).await, before);
}

#[tokio::test]
async fn readers_read_these_tables_and_change_nothing() {
    let Some(client) = prepared().await else { return };
    client
        .batch_execute("CREATE TABLE beamlive.other (secret text); SET ROLE beamlive_read")
        .await
        .unwrap();
    for table in CLEAR.trim_start_matches("TRUNCATE ").split(", ") {
        assert_eq!(number(&client, &format!("SELECT count(*) FROM {table}")).await, 0);
    }
    for view in ["beamline_now", "stretch_hours", "dataset_named", "report_named"] {
        assert_eq!(
            number(&client, &format!("SELECT count(*) FROM beamlive.{view}")).await,
            0
        );
    }
    for refused in [
        "SELECT * FROM beamlive.other",
        "DELETE FROM beamlive.dataset",
        "UPDATE beamlive.project SET name = ''",
        "CREATE TABLE beamlive.mine (id bigint)",
        CLEAR,
    ] {
        let error = client.batch_execute(refused).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{refused}");
    }
}

#[tokio::test]
async fn a_service_that_may_not_create_roles_makes_the_tables_and_grants_later() {
    // Roles belong to a cluster, so this test has its own.
    let Some(mut postgres) = Postgres::start() else {
        return;
    };
    let admin = connect(&postgres.url()).await;
    admin
        .batch_execute("CREATE ROLE service LOGIN; GRANT CREATE ON DATABASE postgres TO service")
        .await
        .unwrap();
    let client = connect(&postgres.url().replace("beamlive@", "service@")).await;
    client.batch_execute(SCHEMA).await.unwrap();
    apply(&client, &project(&facility())).await;
    admin
        .batch_execute("CREATE ROLE beamlive_read NOLOGIN")
        .await
        .unwrap();
    let may = "SELECT has_table_privilege('beamlive_read', 'beamlive.dataset', 'SELECT')::int::bigint";
    assert_eq!(number(&client, may).await, 0);
    client.batch_execute(SCHEMA).await.unwrap();
    assert_eq!(number(&client, may).await, 1);
    postgres.stop();
}

#[tokio::test]
async fn what_was_committed_outlives_a_kill_of_the_server() {
    let Some(mut postgres) = Postgres::start() else {
        return;
    };
    let url = postgres.database();
    let client = connect(&url).await;
    client.batch_execute(SCHEMA).await.unwrap();
    apply(&client, &project(&facility())).await;
    let before = everything(&client).await;
    postgres.kill();
    assert!(client.batch_execute("SELECT 1").await.is_err());
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
    postgres.restart();
    assert_eq!(everything(&connect(&url).await).await, before);
}
