//! Connections that end at any byte, and servers that are killed: each batch takes effect once.

use crate::dice::Dice;
use crate::proxy::Proxy;
use crate::support::{check, cluster, node, write};
use beamlive_storage::verify::{self, Rules};
use beamlive_storage::Store;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;

const HOLD: Duration = Duration::from_secs(30);
const WRITERS: u64 = 6;
const BATCHES: u64 = 25;

/// Starts the writers of the nodes: each on one of them.
fn start(nodes: &[Store], batches: u64) -> JoinSet<(u64, u64)> {
    let mut writers = JoinSet::new();
    for writer in 1..=WRITERS {
        let store = nodes[writer as usize % nodes.len()].clone();
        writers.spawn(async move { (writer, write(store, writer, batches).await) });
    }
    writers
}

/// The sum over all rows is the one that the groups have kept.
fn assert_sum(url: &str) {
    let store = Store::open_snapshot(&crate::support::settings(url, HOLD)).unwrap();
    let rules = Rules {
        joinable_micros: 0,
        deepest: 4,
    };
    let findings = verify::verify(&store, rules, |_, _| {}).unwrap();
    let sums: Vec<_> = findings
        .problems
        .kept()
        .iter()
        .filter(|problem| problem.contains("sum"))
        .collect();
    assert!(sums.is_empty(), "{sums:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_batch_takes_effect_once_although_connections_are_cut_at_any_byte() {
    let Some(cluster) = cluster() else { return };
    let direct = cluster.database();
    let (proxy, url) = Proxy::before(&direct);
    let mut dice = Dice::new();
    let nodes = [node(&url, HOLD), node(&url, HOLD)];
    let mut writers = start(&nodes, BATCHES);
    let mut acknowledged = BTreeMap::new();
    let mut every = tokio::time::interval(Duration::from_millis(40));
    loop {
        tokio::select! {
            done = writers.join_next() => match done {
                Some(done) => acknowledged.extend([done.unwrap()]),
                None => break,
            },
            _ = every.tick() => proxy.cut_after(dice.roll(6_000)),
        }
    }
    assert!(proxy.cuts() > 10, "only {} cuts", proxy.cuts());
    assert!(
        acknowledged.values().all(|count| *count == BATCHES),
        "{acknowledged:?}"
    );
    proxy.cut_after(u64::MAX);
    check(&node(&direct, HOLD), &acknowledged);
    assert_sum(&direct);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_refused_when_the_server_is_killed() {
    let Some(mut cluster) = cluster() else { return };
    let url = cluster.database();
    let nodes = [node(&url, HOLD), node(&url, HOLD)];
    let mut writers = start(&nodes, 400);
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        cluster = tokio::task::spawn_blocking(move || {
            cluster.kill();
            cluster.restart();
            cluster
        })
        .await
        .unwrap();
    }
    let mut acknowledged = BTreeMap::new();
    while let Some(done) = writers.join_next().await {
        acknowledged.extend([done.unwrap()]);
    }
    assert!(
        acknowledged.values().all(|count| *count == 400),
        "{acknowledged:?}"
    );
    check(&nodes[0], &acknowledged);
    assert_sum(&url);
}
