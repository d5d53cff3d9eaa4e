//! How much time the shadow adds. Run it alone, in a release build: docs/PERFORMANCE.md says how.

use super::upstream::{answer, Act, Upstream};
use crate::support::process::{beamlive, Served};
use crate::support::Service;
use beamlive_load::http::Connection;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CONNECTIONS: u32 = 16;
const RATE: u32 = 1000;
const SECONDS: u32 = 5;
const ROUNDS: usize = 5;

/// The latencies of an open loop at [`RATE`], each from when its request was due.
async fn latencies(address: SocketAddr) -> Vec<Duration> {
    let began = Instant::now() + Duration::from_millis(50);
    let mut tasks = Vec::new();
    for first in 0..CONNECTIONS {
        tasks.push(actix_web::rt::spawn(async move {
            let mut connection = Connection::open(address).await.unwrap();
            let request = b"GET /api/v2/accesslist/ HTTP/1.1\r\nHost: mx\r\n\r\n";
            let mut took = Vec::new();
            for number in (first..RATE * SECONDS).step_by(usize::try_from(CONNECTIONS).unwrap()) {
                let due = began + Duration::from_secs(1) / RATE * number;
                tokio::time::sleep_until(due.into()).await;
                // The timer ticks once a millisecond: its lateness is not the server's.
                let sent = Instant::now();
                let response = connection.exchange(request).await.unwrap();
                assert_eq!(response.status, 200);
                took.push(sent.elapsed());
            }
            took
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    let rate = f64::from(RATE * SECONDS) / began.elapsed().as_secs_f64();
    assert!(rate > 0.98 * f64::from(RATE), "only {rate:.0}/s");
    all.sort();
    all
}

/// A percentile of the latencies, in ms.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100].as_secs_f64() * 1e3
}

#[actix_web::test]
#[ignore = "a measurement"]
async fn a_thousand_requests_a_second_pass_with_less_than_a_millisecond_more() {
    let said = answer(
        "200 OK",
        "Content-Type: application/json\r\n",
        r#"["alice","bob"]"#,
    );
    let upstream = Upstream::start(move |_| Act::Say(said.clone()));
    let service = Service::start();
    let place = TempDir::new().unwrap();
    let copies = format!("http://{}", service.address());
    let (upstream_url, common) = (upstream.url(), ["shadow", "--listen", "127.0.0.1:0"]);
    let arguments = [&common[..], &["--upstream", &upstream_url, "--service", &copies]].concat();
    let mut shadow = Served::start(beamlive(place.path(), &arguments));
    let through: SocketAddr = shadow.url.trim_start_matches("http://").parse().unwrap();
    let mut added = Vec::new();
    for round in 0..ROUNDS {
        let direct = latencies(upstream.address).await;
        let passed = latencies(through).await;
        let of = |percent| (percentile(&direct, percent), percentile(&passed, percent));
        let (half, slow) = (of(50), of(99));
        println!(
            "round {round}: p50 {:.3} ms direct, {:.3} ms through; p99 {:.2} ms, {:.2} ms",
            half.0, half.1, slow.0, slow.1
        );
        added.push(half.1 - half.0);
    }
    let ended = shadow.stop("TERM");
    println!("{}", ended.stdout);
    let all = (0..ROUNDS).fold(0, |all, _| all + u64::from(RATE * SECONDS));
    assert!(
        ended.stdout.contains(&format!("{all} requests, ")),
        "{}",
        ended.stdout
    );
    added.sort_by(f64::total_cmp);
    println!("added at the median, in ms, of {ROUNDS} rounds: {added:.3?}");
    assert!(added[ROUNDS / 2] < 1.0, "{added:?}");
}
