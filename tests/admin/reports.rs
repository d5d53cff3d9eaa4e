//! `GET /api/admin/reports`

use super::{assert_keys, assert_paged, assert_refuses, dataset, ids};
use crate::support::Site;
use serde_json::json;

const FIELDS: [&str; 12] = [
    "id", "project", "beamline", "name", "kind", "score", "data_id", "url", "details", "created", "modified",
    "address",
];

/// 1, 2, 4: alice's; 3: bob's.
async fn site() -> Site {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    for (client, name) in [(&alice, "a"), (&alice, "b"), (&bob, "c"), (&alice, "d")] {
        let report = json!({"directory": format!("/users/{name}"), "title": name});
        assert_eq!(client.report("BM", &report).await.status, 200);
    }
    site
}

#[actix_web::test]
async fn a_report_is_shown_with_every_field() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for name in ["a", "b"] {
        alice.data("BM", &dataset(name)).await;
    }
    let details =
        json!([{"title": "Quality", "content": [{"kind": "table", "data": [["", 1], [null, 0.5]]}]}]);
    let upload = json!({
        "directory": "/users/alice/secret", "title": "MX analysis", "kind": "MX", "score": 0.875,
        "data_id": [2, null, 1, 77], "details": details
    });
    assert_eq!(alice.report("BM", &upload).await.json(), json!({"id": 1}));
    let mut row = site.admin("reports/1").await;
    assert_eq!(row["url"].take().as_str().unwrap().len(), 40);
    row["data_id"]
        .as_array_mut()
        .unwrap()
        .sort_by_key(|id| id.as_u64());
    assert_eq!(
        row,
        json!({
            "id": 1, "project": "alice", "beamline": "BM", "name": "MX analysis", "kind": "MX", "score": 0.875,
            "data_id": [1, 2], "url": null, "details": details,
            "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z",
            "address": "127.0.0.1"
        })
    );
    assert!(!site.admin_reply("reports/1").await.text().contains("secret"));
}

#[actix_web::test]
async fn reports_are_filtered_by_project() {
    let site = site().await;
    assert_eq!(ids(&site, "reports").await, [4, 3, 2, 1]);
    assert_eq!(ids(&site, "reports?project=alice").await, [4, 2, 1]);
    assert_eq!(ids(&site, "reports?project=bob").await, [3]);
    assert_eq!(ids(&site, "reports?project=staff").await, [0; 0]);
    assert_refuses(&site, "reports?project=nobody", "project").await;
    assert_keys(&site.admin("reports").await, &FIELDS);
}

#[actix_web::test]
async fn reports_are_paged_newest_first_and_found_by_id() {
    let site = site().await;
    for path in ["reports", "reports?project=alice"] {
        assert_paged(&site, path).await;
    }
    assert_eq!(site.admin("reports/3").await["name"], "c");
    for id in ["0", "5", "c"] {
        assert_eq!(
            site.admin_reply(&format!("reports/{id}")).await.status,
            404,
            "{id}"
        );
    }
}
