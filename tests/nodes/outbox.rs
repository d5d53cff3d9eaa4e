//! One node sends the outbox of all.

use super::Nodes;
use crate::support::{dataset_in, eventually, Client, FakeProxy, Mood};
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::time::Duration;

const HOLD: Duration = Duration::from_secs(5);

/// Two nodes that send directories to `proxy`, and their clients. The first node sends.
async fn start(proxy: &FakeProxy) -> (Nodes, [Client; 2]) {
    let url = proxy.url();
    let nodes = Nodes::start(HOLD, |settings| {
        settings.proxy_url = Some(url.clone());
        settings.proxy.timeout_seconds = 1;
    })
    .await;
    eventually("a node that sends", || async {
        (elsewhere(&nodes, 1).await == json!("node-a")).then_some(())
    })
    .await;
    assert_eq!(elsewhere(&nodes, 0).await, Value::Null);
    let clients = nodes.clients("alice").await;
    (nodes, clients)
}

/// Which other node sends, as a node says.
async fn elsewhere(nodes: &Nodes, node: usize) -> Value {
    let ready = nodes.sites[node].get("/health/ready").await;
    assert_eq!(ready.status, 200);
    let forwarder = ready.json()["forwarder"].clone();
    assert_eq!(forwarder["up"], true, "{forwarder}");
    forwarder["elsewhere"].clone()
}

async fn upload(clients: &[Client; 2], from: usize, to: usize) {
    for number in from..to {
        let directory = format!("/users/alice/{number}");
        let reply = clients[number % 2].data("BM", &dataset_in(&directory)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

async fn drained(nodes: &Nodes, node: usize) {
    eventually("an empty outbox", || async {
        (nodes.sites[node].admin("outbox").await == json!([])).then_some(())
    })
    .await;
}

/// How often each directory was sent.
fn sent(proxy: &FakeProxy) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    for (directory, _) in proxy.given() {
        *sent.entry(directory).or_default() += 1;
    }
    sent
}

#[actix_web::test]
async fn each_directory_of_both_nodes_is_sent_once() {
    let proxy = FakeProxy::start(Mood::Good).await;
    let (nodes, clients) = start(&proxy).await;
    upload(&clients, 0, 40).await;
    drained(&nodes, 1).await;
    let sent = sent(&proxy);
    assert_eq!(sent.len(), 40);
    assert!(sent.values().all(|times| *times == 1), "{sent:?}");
    let other = nodes.sites[1].get("/metrics").await.text();
    assert!(other.contains("beamlive_outbox_elsewhere 1"), "{other}");
    assert!(other.contains("beamlive_outbox_delivered_total 0"), "{other}");
}

#[actix_web::test]
async fn another_node_takes_over_when_the_one_that_sends_stops() {
    let proxy = FakeProxy::start(Mood::Good).await;
    let (mut nodes, clients) = start(&proxy).await;
    upload(&clients, 0, 4).await;
    nodes.sites[0].stop().await;
    let began = std::time::Instant::now();
    eventually("the next node", || async {
        (elsewhere(&nodes, 1).await == Value::Null).then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(10), "a term is longer");
    let there = [clients[1].clone(), clients[1].clone()];
    upload(&there, 4, 8).await;
    drained(&nodes, 1).await;
    assert!(sent(&proxy).values().all(|times| *times == 1));
    assert_eq!(sent(&proxy).len(), 8);
}

#[actix_web::test]
async fn another_node_takes_over_when_the_one_that_sends_is_lost() {
    let proxy = FakeProxy::start(Mood::Good).await;
    let (nodes, clients) = start(&proxy).await;
    nodes.engines[0].set_away(true);
    let there = [clients[1].clone(), clients[1].clone()];
    upload(&there, 0, 4).await;
    actix_web::rt::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(sent(&proxy).len(), 0, "the lost one may still be sending");
    // A term passes, for both nodes.
    nodes.sites[0].clock.skip(Duration::from_secs(20));
    nodes.sites[1].clock.skip(Duration::from_secs(20));
    drained(&nodes, 1).await;
    assert_eq!(elsewhere(&nodes, 1).await, Value::Null);
    // The lost one is back, and leaves the outbox to the other.
    nodes.engines[0].set_away(false);
    eventually("the first node to follow", || async {
        (elsewhere(&nodes, 0).await == json!("node-b")).then_some(())
    })
    .await;
    upload(&clients, 4, 8).await;
    drained(&nodes, 1).await;
    assert!(sent(&proxy).values().all(|times| *times == 1));
    assert_eq!(sent(&proxy).len(), 8);
}

#[actix_web::test]
async fn an_operator_can_ask_any_node_for_a_retry() {
    let proxy = FakeProxy::start(Mood::Bad(404, "no")).await;
    let (nodes, clients) = start(&proxy).await;
    upload(&clients, 0, 2).await;
    eventually("the failures", || async {
        let rows = nodes.sites[1].admin("outbox").await;
        rows.as_array()
            .unwrap()
            .iter()
            .all(|row| row["attempts"].as_u64().unwrap() >= 1)
            .then_some(())
    })
    .await;
    proxy.set(Mood::Good);
    let began = std::time::Instant::now();
    let retried = nodes.sites[1].post_admin("outbox/retry", String::new()).await;
    assert_eq!(retried.json(), json!({"retried": 2}));
    eventually("the keys", || async { (sent(&proxy).len() == 2).then_some(()) }).await;
    // Without it, the manual clock never lets a failed row become due.
    assert!(began.elapsed() < Duration::from_secs(10));
}
