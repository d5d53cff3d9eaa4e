//! Overload, slow clients, and a stop under load.

mod bounds;
mod flood;
mod kept;
mod rates;
mod shutdown;
mod slow;

use crate::support::raw::RawReply;
use crate::support::{dataset, Client, Reply, Site};
use serde_json::json;
use std::time::Duration;

/// The maximum median time until a refusal.
const QUICKLY: Duration = Duration::from_millis(50);

/// The head of an upload with a body of `length` bytes, or with a chunked body.
fn upload_head(client: &Client, length: Option<usize>) -> String {
    let length = length.map_or("Transfer-Encoding: chunked".to_owned(), |length| {
        format!("Content-Length: {length}")
    });
    format!(
        "POST /api/v2/{}/data/BM/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n",
        client.token()
    )
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The metric of how often a limit refused or ended something.
async fn counted(site: &Site, limit: &str) -> u64 {
    let text = site.get("/metrics").await.text();
    let name = format!("beamlive_overload_total{{limit=\"{limit}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.map_or(0, |value| value.parse().unwrap())
}

fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], code);
    let retry: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&retry), "{retry}");
}

fn assert_raw_refused(reply: &RawReply, status: u16, code: &str) {
    assert_eq!(
        (reply.status, &reply.json()["error"]["code"]),
        (status, &json!(code))
    );
    assert!(
        reply.head.to_ascii_lowercase().contains("\r\nretry-after: "),
        "{}",
        reply.head
    );
}
