//! Clients that send a request as soon as they have an answer, and what is measured of them.

use super::cases::Case;
use super::requests::Requests;
use super::site::Site;
use super::usage::{Meter, Usage};
use beamlive_load::http::Connection;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Longest time before counting starts, so that all connections are at work by then.
const WARM_UP: Duration = Duration::from_millis(300);

/// One row in one round.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Requests with the expected status, a second.
    pub(crate) rate: f64,
    /// Their latencies in µs.
    pub(crate) micros: Vec<u32>,
    /// Other statuses, and broken connections; also those before counting starts.
    pub(crate) errors: u64,
    /// Batches that the writer made durable with one sync, on average.
    pub(crate) batches_per_sync: f64,
    /// Syncs of the writer.
    pub(crate) syncs: u64,
    /// Processors that were busy.
    pub(crate) usage: Usage,
}

/// When to count.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: Instant,
    until: Instant,
}

/// Runs a row for `window`.
pub(crate) async fn measure(site: &Site, case: &Case, window: Duration) -> Round {
    let requests = case.requests(site);
    run(site.address(), requests, case.expected, window, || site.written()).await
}

/// Sends `requests` to `address`, each on its own connection, for `window`. `written` returns how
/// many batches are durable so far, and with how many syncs.
pub(crate) async fn run(
    address: SocketAddr,
    requests: Vec<Box<dyn Requests>>,
    expected: u16,
    window: Duration,
    written: impl Fn() -> (u64, u64),
) -> Round {
    let mut connections = Vec::new();
    for requests in requests {
        connections.push((Connection::open(address).await.unwrap(), requests));
    }
    let from = Instant::now() + WARM_UP.min(window);
    let counted = Window {
        from,
        until: from + window,
    };
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|(connection, requests)| tokio::spawn(ask(address, connection, requests, expected, counted)))
        .collect();
    tokio::time::sleep_until(from.into()).await;
    let (meter, before) = (Meter::start(), written());
    tokio::time::sleep_until(counted.until.into()).await;
    let (usage, after) = (meter.stop(), written());
    let mut round = Round {
        batches_per_sync: (after.0 - before.0) as f64 / (after.1 - before.1).max(1) as f64,
        syncs: after.1 - before.1,
        usage,
        ..Round::default()
    };
    for task in tasks {
        let (micros, errors) = task.await.unwrap();
        round.micros.extend(micros);
        round.errors += errors;
    }
    round.rate = round.micros.len() as f64 / window.as_secs_f64();
    round
}

/// Sends requests until the window closes. Returns the latencies in it in µs, and the errors.
async fn ask(
    address: SocketAddr,
    mut connection: Connection,
    mut requests: Box<dyn Requests>,
    expected: u16,
    window: Window,
) -> (Vec<u32>, u64) {
    let mut request = Vec::new();
    let (mut micros, mut errors) = (Vec::new(), 0);
    loop {
        request.clear();
        requests.next(&mut request);
        let began = Instant::now();
        if began >= window.until {
            return (micros, errors);
        }
        let response = connection.exchange(&request).await;
        let ended = Instant::now();
        match response {
            Ok(response) if response.status == expected => {
                if began >= window.from && ended < window.until {
                    micros.push((ended - began).as_micros() as u32);
                }
            }
            Ok(_) => errors += 1,
            Err(_) => {
                errors += 1;
                connection = Connection::open(address).await.unwrap();
            }
        }
    }
}

/// Sends `times` of each of `requests`, each on its own connection. Returns how many were answered
/// with 200.
pub(crate) async fn times<R: Requests + 'static>(
    address: SocketAddr,
    requests: Vec<R>,
    times: usize,
) -> usize {
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|mut requests| {
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await.unwrap();
                let (mut request, mut good) = (Vec::new(), 0);
                for _ in 0..times {
                    request.clear();
                    requests.next(&mut request);
                    good += usize::from(connection.exchange(&request).await.unwrap().status == 200);
                }
                good
            })
        })
        .collect();
    let mut good = 0;
    for task in tasks {
        good += task.await.unwrap();
    }
    good
}
