//! The number of rows of a dataset. A store has millions of datasets, so every row matters.

use super::*;
use crate::support::{FakeProxy, Mood};
use beamlive_storage::{keys, Order, Table};
use std::collections::BTreeMap;

/// The numbers of rows of each table, without the table of last ids.
fn rows(site: &Site) -> BTreeMap<Table, i64> {
    let store = &site.app().directory.services().store;
    let mut rows = BTreeMap::new();
    for key in store.scan_keys(&[], &keys::successor(&[u8::MAX]), Order::Ascending) {
        let table = Table::of(&key.unwrap()).unwrap();
        *rows.entry(table).or_default() += i64::from(table != Table::Counter);
    }
    rows
}

/// The tables with other numbers of rows than `before`, and the differences.
fn added(site: &Site, before: &BTreeMap<Table, i64>) -> Vec<(Table, i64)> {
    let mut more = rows(site);
    for (table, count) in before {
        *more.entry(*table).or_default() -= count;
    }
    more.into_iter().filter(|(_, more)| *more != 0).collect()
}

#[actix_web::test]
async fn a_dataset_costs_its_record_and_four_rows() {
    let proxy = FakeProxy::start(Mood::Bad(500, "")).await;
    let url = proxy.url();
    for external in [None, Some(url)] {
        let (directory, is_external) = match external {
            None => (Table::SecurePath, false),
            Some(_) => (Table::Outbox, true),
        };
        let site = Site::with(|settings| settings.proxy_url = external).await;
        let alice = site.client("alice").await;
        alice.launch("BM", "day").await;
        let before = rows(&site);
        let sent = body(json!({"uuid": "u-1"}));
        let id = upload(&alice, sent.clone()).await;
        let expected = [
            (Table::Dataset, 1),
            (Table::DatasetByProject, 1),
            (Table::DatasetBySession, 1),
            (Table::DatasetByIdentity, 1),
            (directory, 1),
        ];
        assert_eq!(added(&site, &before), expected);
        upload(&alice, sent.clone()).await;
        upload(&alice, body(json!({"id": id}))).await;
        assert_eq!(added(&site, &before), expected, "an update adds nothing");
        // The note of an upload is in the log, and in the index by project.
        let before = rows(&site);
        upload(&alice, body(json!({"uuid": "u-1", "sample_id": 99}))).await;
        let noted = [(Table::Activity, 1), (Table::ActivityByProject, 1)];
        assert_eq!(added(&site, &before), noted);
        if is_external {
            let before = rows(&site);
            proxy.set(Mood::Good);
            crate::support::eventually("all keys are given", || async {
                site.post_admin("outbox/retry", String::new()).await;
                (site.admin("outbox").await == json!([])).then_some(())
            })
            .await;
            let given: BTreeMap<_, _> = added(&site, &before).into_iter().collect();
            assert_eq!(
                given[&Table::Outbox],
                -2,
                "the rows of the session and of the dataset"
            );
            assert_eq!(given[&Table::SecureKey], 2);
        }
    }
}
