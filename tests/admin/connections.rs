//! `GET /api/admin/connections`

use super::{assert_keys, assert_refuses, assert_refuses_bad_pages};
use crate::support::facilities::access_list;
use crate::support::{for_address, Reply, Site};
use reqwest::Method;
use serde_json::{json, Value};

const FIELDS: [&str; 7] = ["list", "project", "name", "status", "created", "end", "history"];

/// Connections a, b and two named c, with the same time, at "home", and d/e at a list with a slash
/// in its name.
async fn site() -> Site {
    let site = Site::with(|settings| settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()]).await;
    site.apply(&access_list("nx/far", "10.45.0.0/24", &["bob"], ""))
        .await;
    let entry = |project: &str, name: &str, minute: u8| json!({"project": project, "name": name, "status": "Connected", "date": format!("2026-11-23 09:{minute:02}:00")});
    for (address, entries) in [
        (
            "127.0.0.1",
            json!([
                entry("alice", "a", 1),
                entry("bob", "b", 3),
                entry("alice", "c", 2),
                entry("bob", "c", 2)
            ]),
        ),
        ("10.45.0.1", json!([entry("alice", "d/e", 4)])),
    ] {
        let request = site.request(Method::POST, "/api/v2/accesslist/").json(&entries);
        assert_eq!(Reply::of(for_address(request, &[address])).await.status, 200);
    }
    site
}

fn named(rows: &Value) -> Vec<String> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        format!(
            "{}/{}/{}",
            text(row, "list"),
            text(row, "project"),
            text(row, "name")
        )
    })
    .collect()
}

#[actix_web::test]
async fn connections_are_listed_newest_first_and_by_list() {
    let site = site().await;
    let rows = site.admin("connections").await;
    assert_keys(&rows, &FIELDS);
    let all = named(&rows);
    assert_eq!(all[..2], ["nx/far/alice/d/e", "home/bob/b"]);
    assert_eq!((all.len(), all[4].as_str()), (5, "home/alice/a"));
    assert_eq!(named(&site.admin("connections?list=home").await), all[1..]);
    assert_eq!(named(&site.admin("connections?list=nx/far").await), all[..1]);
    assert_eq!(named(&site.admin("connections?list=").await), all);
    assert_refuses(&site, "connections?list=nowhere", "list").await;
}

#[actix_web::test]
async fn a_page_starts_after_the_named_connection() {
    let site = site().await;
    let all = named(&site.admin("connections").await);
    let (mut paged, mut query) = (Vec::new(), "limit=1".to_owned());
    loop {
        let page = named(&site.admin(&format!("connections?{query}")).await);
        let Some(last) = page.last() else { break };
        query = format!("limit=1&before={last}");
        paged.extend(page);
    }
    assert_eq!(paged, all);
    for before in ["home/alice/zzz", "nowhere/alice/a", "home/nobody/a", "home", "17"] {
        assert_refuses(&site, &format!("connections?before={before}"), "before").await;
    }
    assert_refuses_bad_pages(&site, "connections").await;
}
