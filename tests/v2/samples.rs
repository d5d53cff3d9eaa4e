//! `GET /api/v2/{token}/samples/{beamline}/`

mod listing;
mod transfer;

use crate::support::Client;
use serde_json::Value;

/// The sample list of a client at a beamline.
async fn listed(client: &Client, beamline: &str) -> Vec<Value> {
    let reply = client.samples(beamline).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json().as_array().unwrap().clone()
}
