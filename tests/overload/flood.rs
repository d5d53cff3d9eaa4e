//! A flood from one address hardly affects a client at another.

use super::{counted, median};
use crate::support::{Client, KeyKind, Site};
use beamlive::config::Quota;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// Below this, differences of p99 are noise.
const FLOOR: Duration = Duration::from_millis(10);
const PHASE: Duration = Duration::from_millis(700);
const ROUNDS: usize = 3;
const ATTEMPTS: usize = 3;
const FLOODERS: usize = 32;

/// Requests for samples with pauses, for one phase. Returns how long each took.
async fn polite(client: &Client) -> Vec<Duration> {
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < PHASE {
        let asked = Instant::now();
        let reply = client.samples("BM").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    times
}

/// Slow signatures over many connections, as fast as they are answered, until `polite` ends.
/// Returns the statuses.
async fn flooded<T>(urls: &[String], polite: impl Future<Output = T>) -> (T, Vec<u16>) {
    let (done, statuses) = (Cell::new(false), RefCell::new(Vec::new()));
    let flood = join_all((0..FLOODERS).map(|number| {
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
        let http = reqwest::Client::builder().local_address(address).build().unwrap();
        let (done, statuses, url) = (&done, &statuses, &urls[number % urls.len()]);
        async move {
            while !done.get() {
                let status = http.get(url).send().await.unwrap().status().as_u16();
                statuses.borrow_mut().push(status);
                // Clients and service share the processors, so each client waits for its answers.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }));
    let polite = async {
        let result = polite.await;
        done.set(true);
        result
    };
    let (result, _) = futures_util::future::join(polite, flood).await;
    (result, statuses.into_inner())
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// Each of three attempts has three quiet and three flooded phases in turn. In one of them, the p99
/// of the polite client during the flood is at most three times the larger of its quiet p99 and
/// 10 ms. In every attempt most of the flood is refused, and the polite client never is.
///
/// The bound compares times on a shared machine, so it is not deterministic: a busy machine may
/// spoil an attempt, and the test fails only if all are spoiled. `./check` runs it alone.
#[actix_web::test]
async fn a_flood_of_slow_signatures_is_refused_while_another_client_is_served() {
    let mut site = Site::new().await;
    let alice = site.client_with("alice", KeyKind::Dsa).await;
    let quota = Quota {
        per_second: 200,
        burst: 200,
    };
    site.restart_with(|settings| settings.limits.rate.per_address = Some(quota))
        .await;
    let alice = alice.at(&site);
    let mallory = Client::new(&site, "alice", KeyKind::Dsa);
    let urls = [mallory.url("samples/BM/"), mallory.url("samples/ID/")];
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let (mut quiet, mut noisy, mut statuses) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            quiet.extend(polite(&alice).await);
            let (times, answers) = flooded(&urls, polite(&alice)).await;
            noisy.extend(times);
            statuses.extend(answers);
        }
        let refused = statuses.iter().filter(|status| **status == 429).count();
        assert!(
            refused * 10 > statuses.len() * 6,
            "{refused} of {}",
            statuses.len()
        );
        assert!(statuses.iter().all(|status| matches!(status, 405 | 429)));
        assert!(counted(&site, "address").await > 0);
        let (before, during) = (p99(quiet.clone()), p99(noisy.clone()));
        if during <= 3 * before.max(FLOOR) {
            return;
        }
        seen.push((before, during, median(quiet), median(noisy)));
    }
    panic!("quiet and flooded p99, and medians: {seen:?}");
}
