//! `POST /api/v2/{token}/data/{beamline}/`

mod fields;
mod identity;
mod meta_data;
mod no_numbers;
mod place;
mod rows;
mod times;

use super::{id_of, note};
use crate::support::{Client, Reply, Site};
use serde_json::{json, Value};

/// A body with only the required fields.
fn minimal() -> Value {
    json!({"directory": "/users/alice/day/lys", "type": "DATA", "name": "lys-1", "energy": 12.6581, "exposure": 0.5})
}

/// The minimal body with changed or added fields.
fn body(changes: Value) -> Value {
    let mut body = minimal();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The minimal body without some fields.
fn without(names: &[&str]) -> Value {
    let mut body = minimal();
    body.as_object_mut()
        .unwrap()
        .retain(|name, _| !names.contains(&name.as_str()));
    body
}

/// Uploads a body, which must be accepted, and returns the record's id.
async fn upload(client: &Client, body: Value) -> u64 {
    id_of(&client.data("BM", &body).await)
}

/// Uploads a body, which must be refused, and returns the named fields.
async fn refused(client: &Client, body: Value) -> Vec<String> {
    let reply = client.data("BM", &body).await;
    assert_eq!(reply.status, 400, "{body}: {}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "invalid");
    reply.fields()
}

/// A record as the admin API shows it.
async fn record(site: &Site, id: u64) -> Value {
    site.admin(&format!("data/{id}")).await
}

/// How many datasets there are.
async fn count(site: &Site) -> usize {
    site.admin("data?limit=1000").await.as_array().unwrap().len()
}
