//! `beamlive verify`.

use super::{done, failed, serve};
use crate::support::{assert_clean, busy_site, engine, until_free};
use beamlive_storage::ids::{BeamlineId, IdRef, ProjectId};
use beamlive_storage::{keys, Batch, Store, StoreConfig, Table, Timestamp};
use tempfile::TempDir;

#[actix_web::test]
async fn a_busy_store_is_clean_until_it_is_damaged() {
    let site = busy_site().await;
    let findings = assert_clean(site.data()).await;
    for table in [
        Table::Stretch,
        Table::Feedback,
        Table::DatasetByIdentity,
        Table::Report,
        Table::AnsweredRequestByTime,
        Table::SecurePath,
        Table::FeedbackCount,
        Table::SkippedIds,
        Table::Outbox,
        Table::Connection,
        Table::ActivityByProject,
        Table::Chunk,
    ] {
        assert!(findings.rows(table) > 0, "{table:?}");
    }
    let directory = site.data().parent().unwrap();
    let said = done(directory, &["verify", "--data", "data"]);
    let datasets = findings.rows(Table::Dataset).to_string();
    let line = said.lines().find(|line| line.starts_with("Dataset ")).unwrap();
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["Dataset", &datasets]
    );
    assert!(said.lines().last().unwrap().starts_with("clean: "), "{said}");

    let store = Store::open(
        &StoreConfig {
            path: site.data().join("store"),
            engine: engine(),
            ..StoreConfig::default()
        },
        Timestamp(0),
    )
    .unwrap();
    let mut batch = Batch::new();
    batch.clear(keys::dataset_by_project(
        BeamlineId(1),
        ProjectId(2),
        IdRef::Known(2),
    ));
    store.reserve().unwrap().commit(batch).await.unwrap();
    store.close().unwrap();
    drop(store);
    until_free(site.data()).await;
    let ended = crate::support::process::run(directory, &["verify", "--data", "data"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .stdout
            .contains("problem: Dataset 2: not in DatasetByProject of 2 at beamline 1\n"),
        "{}",
        ended.stdout
    );
    assert!(ended.stderr.contains("problem"), "{}", ended.stderr);
}

#[test]
fn a_store_in_use_or_a_missing_one_is_refused() {
    let home = TempDir::new().unwrap();
    let said = failed(home.path(), &["verify", "--data", "nothing"]);
    assert!(said.contains("there is no store in nothing/store"), "{said}");
    assert!(!home.path().join("nothing").exists());
    let served = serve(home.path(), &["--data", "data"]);
    let said = failed(home.path(), &["verify", "--data", "data"]);
    assert!(said.contains("stop the service first"), "{said}");
    drop(served);
}
