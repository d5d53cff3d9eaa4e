//! `POST /api/v2/{token}/report/{beamline}/`

mod datasets;
mod fields;

use super::{id_of, note};
use crate::support::{Client, Reply, Site};
use serde_json::{json, Value};

/// A body as the analysis server sends it.
fn body(changes: Value) -> Value {
    let mut body = json!({
        "directory": "/users/alice/day/process", "title": "Lysozyme", "kind": "MX Native Analysis", "score": 0.87,
        "details": [{"title": "Quality", "content": [{"kind": "table", "data": [["Score", 0.87]]}]}],
        "data_id": [],
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn upload(client: &Client, body: Value) -> u64 {
    id_of(&client.report("BM", &body).await)
}

async fn refused(client: &Client, body: Value) -> Vec<String> {
    let reply = client.report("BM", &body).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "invalid");
    reply.fields()
}

async fn record(site: &Site, id: u64) -> Value {
    site.admin(&format!("reports/{id}")).await
}

async fn count(site: &Site) -> usize {
    site.admin("reports?limit=1000").await.as_array().unwrap().len()
}
