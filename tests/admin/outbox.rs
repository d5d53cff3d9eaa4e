//! The answers of `GET /api/admin/outbox` and `POST …/retry`. `tests/proxy.rs` tests the
//! forwarding.

use super::{assert_keys, assert_refuses, assert_refuses_bad_pages, dataset};
use crate::support::{eventually, FakeProxy, Mood, Site};
use chrono::TimeDelta;
use serde_json::{json, Value};

const FIELDS: [&str; 7] = [
    "record",
    "project",
    "directory",
    "created",
    "age_seconds",
    "attempts",
    "last_error",
];

/// A session, two datasets and a report, one minute apart, that all wait for a Data Proxy that is
/// down.
async fn site(proxy: &FakeProxy) -> Site {
    let site = Site::with(|settings| settings.proxy_url = Some(proxy.url())).await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    for name in ["a", "b"] {
        site.clock.advance(TimeDelta::minutes(1));
        assert_eq!(alice.data("BM", &dataset(name)).await.status, 200);
    }
    site.clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        alice
            .report("BM", &json!({"directory": "relative/p"}))
            .await
            .status,
        200
    );
    site
}

fn records(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        format!(
            "{}/{}",
            row["record"]["subject"].as_str().unwrap(),
            row["record"]["id"]
        )
    })
    .collect()
}

#[actix_web::test]
async fn waiting_records_are_shown_newest_first_with_directory_and_age() {
    let proxy = FakeProxy::start(Mood::Bad(503, "")).await;
    let site = site(&proxy).await;
    site.clock.advance(TimeDelta::seconds(30));
    let rows = site.admin("outbox").await;
    assert_keys(&rows, &FIELDS);
    assert_eq!(
        records(&rows),
        ["report/1", "dataset/2", "dataset/1", "session/1"]
    );
    let shown: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["directory"].as_str().unwrap(),
                row["age_seconds"].as_u64().unwrap(),
                row["created"].clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("relative/p", 30, json!("2026-11-23T15:03:00Z")),
            ("/users/alice/day/b", 90, json!("2026-11-23T15:02:00Z")),
            ("/users/alice/day/a", 150, json!("2026-11-23T15:01:00Z")),
            ("alice/day", 210, json!("2026-11-23T15:00:00Z")),
        ]
    );
    for row in rows.as_array().unwrap() {
        assert_eq!(row["project"], "alice");
    }
}

#[actix_web::test]
async fn attempts_and_the_last_error_are_counted() {
    let proxy = FakeProxy::start(Mood::Bad(503, "")).await;
    let site = site(&proxy).await;
    let row = eventually("a first attempt", || async {
        let rows = site.admin("outbox").await;
        rows.as_array()
            .unwrap()
            .iter()
            .find(|row| row["attempts"] != 0)
            .cloned()
    })
    .await;
    assert!(row["attempts"].as_u64().unwrap() >= 1);
    assert_eq!(row["last_error"], "the Data Proxy answered with status 503");
    let untried = site
        .admin("outbox")
        .await
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["attempts"] == 0)
        .cloned();
    assert!(untried.is_none_or(|row| row["last_error"].is_null()));
}

#[actix_web::test]
async fn the_outbox_is_paged_by_record() {
    let proxy = FakeProxy::start(Mood::Bad(503, "")).await;
    let site = site(&proxy).await;
    assert_eq!(records(&site.admin("outbox?limit=1").await), ["report/1"]);
    assert_eq!(
        records(&site.admin("outbox?limit=2&before=report/1").await),
        ["dataset/2", "dataset/1"]
    );
    assert_eq!(records(&site.admin("outbox?before=session/1").await), [""; 0]);
    for before in ["dataset/3", "17", "sample/1", "dataset/"] {
        assert_refuses(&site, &format!("outbox?before={before}"), "before").await;
    }
    assert_refuses_bad_pages(&site, "outbox").await;
}

#[actix_web::test]
async fn a_retry_returns_the_number_of_records_tried() {
    let proxy = FakeProxy::start(Mood::Bad(503, "")).await;
    let site = site(&proxy).await;
    let reply = site.post_admin("outbox/retry", String::new()).await;
    assert_eq!((reply.status, reply.json()), (200, json!({"retried": 4})));
    let entry = &site.admin("activity?limit=1").await[0];
    assert_eq!(
        (&entry["who"], &entry["action"]),
        (&json!("operator"), &json!("retry"))
    );
}

#[actix_web::test]
async fn the_outbox_is_empty_with_the_built_in_proxy() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    alice.data("BM", &dataset("a")).await;
    assert_eq!(site.admin("outbox").await, json!([]));
    assert_eq!(
        site.post_admin("outbox/retry", String::new()).await.json(),
        json!({"retried": 0})
    );
}
