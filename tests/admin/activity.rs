//! `GET /api/admin/activity`

use super::{assert_keys, assert_paged, assert_refuses, dataset};
use crate::support::{for_address, plain, FakeProxy, Mood, Reply, Site};
use reqwest::Method;
use serde_json::{json, Value};

const FIELDS: [&str; 8] = [
    "id", "time", "who", "address", "action", "record", "project", "note",
];

/// `who: action subject/id project` of all entries after those of the facility file, oldest first.
fn log_lines(rows: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows = rows.as_array().unwrap().iter().rev();
    let lines = rows.map(|row| {
        let record = format!("{}/{}", text(&row["record"]["subject"]), row["record"]["id"]);
        format!(
            "{}: {} {record} {}",
            text(&row["who"]),
            text(&row["action"]),
            text(&row["project"])
        )
    });
    lines
        .skip_while(|line| line != "operator: apply facility/null -")
        .skip(1)
        .collect()
}

#[actix_web::test]
async fn entries_show_who_did_what_to_which_record() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    alice.data("BM", &dataset("a")).await;
    alice.report("BM", &json!({"directory": "/users/alice/p"})).await;
    let mut noted = dataset("a");
    noted["sample_id"] = json!(99);
    for id in [1, 77] {
        noted["id"] = json!(id);
        alice.data("BM", &noted).await;
    }
    let claim = json!({"directory": "/users/alice/p", "id": 1, "data_id": [99]});
    alice.report("BM", &claim).await;
    bob.launch("BM", "night").await;
    bob.close("BM", "night").await;
    bob.close("BM", "night").await;
    site.admin_request(Method::DELETE, "projects/bob/key", plain)
        .await;
    assert_eq!(
        log_lines(&site.admin("activity").await),
        [
            "alice: register key project/2 alice",
            "bob: register key project/3 bob",
            "alice: session launched session/1 alice",
            "alice: dataset updated dataset/1 alice",
            "alice: dataset uploaded dataset/2 alice",
            "alice: report updated report/1 alice",
            "bob: session ended session/1 alice",
            "bob: session launched session/2 bob",
            "bob: session closed session/2 bob",
            "operator: reset key project/3 bob",
        ]
    );
    // An upload without a note has no entry. Its record shows who made it.
    for path in ["data/1", "reports/1"] {
        let row = site.admin(path).await;
        let shown = ["project", "address", "created"].map(|field| row[field].as_str().unwrap().to_owned());
        assert_eq!(shown[..2], ["alice", "127.0.0.1"], "{path}");
        assert!(
            shown[2].starts_with("2026-11-23T15:00:00"),
            "{path}: {}",
            shown[2]
        );
    }
    let rows = site.admin("activity").await;
    assert_keys(&rows, &FIELDS);
    for row in rows.as_array().unwrap() {
        // Events at a beamline have different times, so the microseconds differ.
        assert!(
            row["time"].as_str().unwrap().starts_with("2026-11-23T15:00:00"),
            "{row}"
        );
        assert!(
            row["address"] == "127.0.0.1" || row["action"] == "create",
            "{row}"
        );
    }
}

#[actix_web::test]
async fn entries_are_filtered_by_project() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    bob.launch("BM", "night").await;
    let rows = site.admin("activity?project=alice").await;
    let actions: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        ["session ended", "session launched", "register key"],
        "bob's action on her session is included"
    );
    assert_refuses(&site, "activity?project=nobody", "project").await;
    for path in ["activity", "activity?project=alice"] {
        assert_paged(&site, path).await;
    }
}

#[actix_web::test]
async fn the_address_is_the_callers_behind_a_trusted_proxy() {
    let site = Site::with(|settings| settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()]).await;
    let alice = site.client("alice").await;
    let launch = site.http.post(alice.url("launch/BM/day"));
    assert_eq!(Reply::of(for_address(launch, &["10.45.0.9"])).await.status, 200);
    assert_eq!(site.admin("activity").await[0]["address"], "10.45.0.9");
}

#[actix_web::test]
async fn oddities_of_an_upload_are_noted() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (field, value, noted) in [
        ("sample_id", json!(3), "sample"),
        ("id", json!(99), "99"),
        (
            "start_time",
            json!("2026-11-23T14:30:00Z"),
            "ends before it starts",
        ),
    ] {
        let mut upload = dataset("odd");
        upload[field] = value;
        upload["uuid"] = json!(field);
        assert_eq!(alice.data("BM", &upload).await.status, 200);
        let note = site.admin("activity?limit=1").await[0]["note"].clone();
        assert!(note.as_str().unwrap().contains(noted), "{field}: {note}");
    }
}

#[actix_web::test]
async fn secrets_are_not_shown() {
    let proxy = FakeProxy::start(Mood::Bad(500, "")).await;
    let site = Site::with(|settings| settings.proxy_url = Some(proxy.url())).await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    alice.data("BM", &dataset("a")).await;
    site.post_admin("outbox/retry", String::new()).await;
    let text = site.admin_reply("activity").await.text();
    let key = alice.public.split(' ').nth(1).unwrap();
    for secret in [
        site.admin_token().as_str(),
        alice.token().rsplit(':').next().unwrap(),
        key,
    ] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert!(
        text.contains("SHA256:"),
        "a key is shown as its fingerprint: {text}"
    );
    assert!(text.contains("\"retry\""), "{text}");
}
