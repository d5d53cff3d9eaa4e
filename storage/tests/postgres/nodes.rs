//! What nodes learn of each other.

use crate::support::{cluster, data_type, node};
use beamlive_storage::ids::IdRef;
use beamlive_storage::shared::Changes;
use beamlive_storage::{keys, Batch, Key, Store, Table};
use std::time::Duration;

const HOLD: Duration = Duration::from_secs(10);

fn key(id: u64) -> Key {
    keys::record(Table::DataType, IdRef::Known(id))
}

async fn declare(store: &Store, ids: impl IntoIterator<Item = u64>) {
    let mut batch = Batch::new();
    for id in ids {
        batch.insert(key(id), &data_type(&id.to_string()));
    }
    store.reserve().unwrap().commit(batch).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_learns_which_rows_another_has_changed() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let (here, there) = (node(&url, HOLD), node(&url, HOLD));
    let log = there.shared().unwrap();
    let start = log.news(0).unwrap().groups;
    let woken = log.woken();
    declare(&here, [1, 2]).await;
    tokio::time::timeout(Duration::from_secs(5), woken.notified())
        .await
        .expect("a notification");
    let news = log.news(start).unwrap();
    assert_eq!(news.groups, start + 1);
    let Changes::Keys(mut keys) = news.changes else {
        panic!("the keys are known");
    };
    keys.sort();
    assert_eq!(keys, [key(1).as_bytes(), key(2).as_bytes()]);
    // Its own changes are no news.
    declare(&there, [3]).await;
    let news = log.news(news.groups).unwrap();
    assert_eq!(
        (news.groups, news.changes),
        (start + 2, Changes::Keys(Vec::new()))
    );
    // Changes of tables that nobody keeps in memory have no keys.
    let mut batch = Batch::new();
    batch.mark(Key::of(Table::SessionByProject));
    here.reserve().unwrap().commit(batch).await.unwrap();
    assert_eq!(log.news(start + 2).unwrap().changes, Changes::Keys(Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_missed_too_much_reads_everything_again() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let (here, there) = (node(&url, HOLD), node(&url, HOLD));
    let log = there.shared().unwrap();
    let start = log.news(0).unwrap().groups;
    declare(&here, 1..=3_000).await;
    assert_eq!(
        log.news(start).unwrap().changes,
        Changes::Unknown,
        "too many keys"
    );
    // A position that the database has not reached, as after a failover that lost groups.
    assert_eq!(log.news(start + 100).unwrap().changes, Changes::Unknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_entries_of_the_log_are_removed() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = node(&url, HOLD);
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let old = "INSERT INTO beamlive_store.groups (number, node, sequence) \
        SELECT number, gen_random_uuid(), 1 FROM generate_series(-100100, -99990) AS number";
    client.batch_execute(old).await.unwrap();
    let log = store.shared().unwrap();
    let groups = i64::try_from(log.news(0).unwrap().groups).unwrap();
    let row = client
        .query_one("SELECT min(number) FROM beamlive_store.groups", &[])
        .await;
    assert_eq!(row.unwrap().get::<_, i64>(0), groups - 100_000);
}
