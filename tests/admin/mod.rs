//! `/api/admin/…`, one file per resource.

mod activity;
mod apply;
mod backup;
mod connections;
mod data;
mod feedback;
mod ids;
mod outbox;
mod projects;
mod reports;
mod retention;
mod samples;
mod sessions;
mod token;

use crate::support::Site;
use serde_json::{json, Value};
use std::collections::BTreeSet;

/// A dataset as a client uploads it.
fn dataset(name: &str) -> Value {
    json!({
        "name": name, "type": "DATA", "directory": format!("/users/alice/day/{name}"), "energy": 12.658,
        "exposure": 0.5, "frames": "1-4", "end_time": "2026-11-23T14:00:00Z"
    })
}

/// Names of a JSON object's fields.
fn keys(row: &Value) -> BTreeSet<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Asserts that rows have these fields and no others.
fn assert_keys(rows: &Value, fields: &[&str]) {
    let fields: BTreeSet<_> = fields.iter().copied().collect();
    let rows = rows.as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(keys(row), fields, "{row}");
    }
}

/// Ids of the rows at an admin path, in their order.
async fn ids(site: &Site, path: &str) -> Vec<u64> {
    let rows = site.admin(path).await;
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_u64().unwrap())
        .collect()
}

/// Asserts the common rules of all lists that are paged by ids. `path` has at least three rows.
async fn assert_paged(site: &Site, path: &str) {
    let all = ids(site, path).await;
    assert!(all.len() >= 3, "{path}: {all:?}");
    assert!(all.is_sorted_by(|a, b| a > b), "{path}: newest first: {all:?}");
    let join = |more: String| format!("{path}{}{more}", if path.contains('?') { "&" } else { "?" });
    assert_eq!(ids(site, &join("limit=2".to_owned())).await, all[..2], "{path}");
    assert_eq!(
        ids(site, &join(format!("limit=1000&before={}", all[1]))).await,
        all[2..],
        "{path}"
    );
    assert_eq!(
        ids(site, &join(format!("before={}", all.last().unwrap()))).await,
        [0; 0],
        "{path}"
    );
    assert_eq!(
        ids(site, &join(format!("before={}", u64::MAX))).await,
        all,
        "{path}"
    );
    // The pages together contain every row once.
    let (mut paged, mut more) = (Vec::new(), "limit=1".to_owned());
    loop {
        let page = ids(site, &join(more)).await;
        let Some(last) = page.last() else { break };
        more = format!("limit=1&before={last}");
        paged.extend(page);
    }
    assert_eq!(paged, all, "{path}");
    assert_refuses_bad_pages(site, path).await;
}

/// Asserts that wrong parameters are refused and named.
async fn assert_refuses_bad_pages(site: &Site, path: &str) {
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("before=last", "before"),
        ("befor=1", "befor"),
    ] {
        let path = format!("{path}{}{query}", if path.contains('?') { "&" } else { "?" });
        let reply = site.admin_reply(&path).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (400, vec![field.to_owned()]),
            "{path}: {}",
            reply.text()
        );
    }
}

/// Asserts that a filter with this value is refused and named.
async fn assert_refuses(site: &Site, path: &str, field: &str) {
    let reply = site.admin_reply(path).await;
    assert_eq!(
        (reply.status, reply.fields()),
        (400, vec![field.to_owned()]),
        "{path}: {}",
        reply.text()
    );
}
