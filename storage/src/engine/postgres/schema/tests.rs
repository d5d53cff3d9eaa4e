#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::cluster;
use crate::engine::postgres::background::{prepare, Background};
use crate::engine::postgres::PostgresSettings;
use std::sync::Arc;

const NEXT: &str = "ALTER TABLE beamlive_store.nodes ADD COLUMN IF NOT EXISTS note text";

/// The steps that a build of the next version has.
fn next(compatible: i32) -> Vec<Migration> {
    let [first] = MIGRATIONS else {
        panic!("this test knows one step")
    };
    let first = Migration { ..*first };
    let (version, sql) = (first.version + 1, NEXT);
    vec![
        first,
        Migration {
            version,
            compatible,
            sql,
        },
    ]
}

fn database(cluster: &cluster::Postgres) -> (Arc<Background>, Arc<Connector>) {
    let settings = PostgresSettings {
        url: cluster.database(),
        password: None,
        ca_file: None,
        hold: Duration::from_secs(1),
        node: "test".to_owned(),
    };
    prepare(&settings).unwrap()
}

#[test]
fn nodes_of_two_versions_run_during_an_upgrade() {
    let Some(cluster) = cluster::Postgres::start() else {
        return;
    };
    let (background, connector) = database(&cluster);
    let upgrade = |steps: &[Migration]| background.wait(upgrade(&connector, steps));
    upgrade(MIGRATIONS).unwrap();
    upgrade(MIGRATIONS).unwrap();
    upgrade(&next(1)).unwrap();
    // A node of the version before restarts, and leaves the schema as it is.
    upgrade(MIGRATIONS).unwrap();
    let (client, _) = background.wait(connector.client(Messages::default())).unwrap();
    let found = background.wait(version(&client)).unwrap();
    assert_eq!(found, Some((2, 1)));
    background
        .wait(client.batch_execute("SELECT note FROM beamlive_store.nodes"))
        .unwrap();
}

#[test]
fn a_schema_that_this_build_cannot_use_is_refused_and_unchanged() {
    let Some(cluster) = cluster::Postgres::start() else {
        return;
    };
    let (background, connector) = database(&cluster);
    background.wait(upgrade(&connector, &next(2))).unwrap();
    let refused = background.wait(upgrade(&connector, MIGRATIONS));
    assert!(
        matches!(
            refused,
            Err(SchemaError::Newer {
                found: 2,
                compatible: 2
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn many_nodes_may_create_the_schema_at_once() {
    let Some(cluster) = cluster::Postgres::start() else {
        return;
    };
    let (background, connector) = database(&cluster);
    let created = background.wait(futures_util::future::join_all(
        (0..8).map(|_| upgrade(&connector, MIGRATIONS)),
    ));
    for outcome in created {
        outcome.unwrap();
    }
}

#[test]
fn a_step_that_fails_leaves_the_schema_as_it_was() {
    let Some(cluster) = cluster::Postgres::start() else {
        return;
    };
    let (background, connector) = database(&cluster);
    background.wait(upgrade(&connector, MIGRATIONS)).unwrap();
    let mut steps = next(1);
    steps.push(Migration {
        version: 3,
        compatible: 1,
        sql: "SELECT nothing_of_this_name",
    });
    assert!(background.wait(upgrade(&connector, &steps)).is_err());
    let (client, _) = background.wait(connector.client(Messages::default())).unwrap();
    assert_eq!(background.wait(version(&client)).unwrap(), Some((1, 1)));
}
