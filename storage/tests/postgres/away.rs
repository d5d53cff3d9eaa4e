//! A database that is away: changes wait for it, for a limited time.

use crate::proxy::Proxy;
use crate::support::{check, cluster, data_type, node, write};
use beamlive_storage::ids::IdRef;
use beamlive_storage::records::DataType;
use beamlive_storage::{keys, Batch, CommitError, EngineError, ReadError, StoreStatus, Table};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_wait_for_a_database_that_comes_back_and_reads_say_that_it_is_away() {
    let Some(cluster) = cluster() else { return };
    let (proxy, url) = Proxy::before(&cluster.database());
    let store = node(&url, Duration::from_secs(20));
    assert_eq!(write(store.clone(), 1, 3).await, 3);
    proxy.cut(true);
    let began = Instant::now();
    let writing = tokio::spawn(write(store.clone(), 2, 5));
    let reader = store.clone();
    let key = keys::record(Table::DataType, IdRef::Known(1));
    let read = move || reader.get::<DataType>(&key);
    let away = tokio::task::spawn_blocking(read.clone()).await.unwrap();
    assert!(
        matches!(away, Err(ReadError::Engine(EngineError::Away(_)))),
        "{away:?}"
    );
    while !matches!(store.status(), StoreStatus::Away { .. }) {
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", store.status());
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!writing.is_finished());
    proxy.cut(false);
    assert_eq!(writing.await.unwrap(), 5);
    let read = tokio::task::spawn_blocking(read).await.unwrap();
    assert_eq!(read.unwrap().unwrap().revision, 3);
    assert_eq!(store.status(), StoreStatus::Writing);
    check(&store, &BTreeMap::from([(1, 3), (2, 5)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_hold_changes_are_refused_and_later_ones_succeed() {
    let Some(cluster) = cluster() else { return };
    let (proxy, url) = Proxy::before(&cluster.database());
    let store = node(&url, Duration::from_millis(500));
    proxy.cut(true);
    let began = Instant::now();
    let batch = |name: &str, id| {
        let mut batch = Batch::new();
        batch.insert(keys::record(Table::DataType, IdRef::Known(id)), &data_type(name));
        batch
    };
    let refused = store.reserve().unwrap().commit(batch("a", 1)).await;
    assert!(matches!(refused, Err(CommitError::Away(_))), "{refused:?}");
    assert!(began.elapsed() >= Duration::from_millis(500));
    let reader = store.clone();
    let key = keys::record(Table::DataType, IdRef::Known(1));
    let read = tokio::task::spawn_blocking(move || reader.get::<DataType>(&key))
        .await
        .unwrap();
    assert!(read.is_err());
    proxy.cut(false);
    let began = Instant::now();
    while store.reserve().unwrap().commit(batch("b", 2)).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(
        store
            .get::<DataType>(&keys::record(Table::DataType, IdRef::Known(1)))
            .unwrap(),
        None
    );
    assert_eq!(store.status(), StoreStatus::Writing);
}

/// Settings of a role that would let the server acknowledge what it may lose.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_cannot_weaken_what_an_acknowledgement_means() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let weak = "ALTER ROLE beamlive SET synchronous_commit = off; \
        ALTER ROLE beamlive SET statement_timeout = '1s'; \
        CREATE TABLE seen (name text, value text); \
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            INSERT INTO seen SELECT name, setting FROM pg_settings \
                WHERE name IN ('synchronous_commit', 'statement_timeout'); \
            RETURN NEW; END $$";
    client.batch_execute(weak).await.unwrap();
    let store = node(&url, Duration::from_secs(10));
    let watch = "CREATE TRIGGER watch AFTER INSERT ON beamlive_store.groups \
        FOR EACH STATEMENT EXECUTE FUNCTION note()";
    client.batch_execute(watch).await.unwrap();
    assert_eq!(write(store, 1, 1).await, 1);
    let rows = client
        .query("SELECT DISTINCT name, value FROM seen ORDER BY name", &[])
        .await
        .unwrap();
    let seen: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = [("statement_timeout", "0"), ("synchronous_commit", "on")];
    assert_eq!(
        seen,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}
