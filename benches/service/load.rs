//! Connections that ask and wait, for a while, and what came of it.

use super::cases::{Case, Requests};
use super::site::Site;
use super::usage::{Meter, Usage};
use beamlive::load::client::Connection;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Longest time that connections ask without being counted, so that all of them are at work when counting starts.
const WARM_UP: Duration = Duration::from_millis(300);

/// One row in one round.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Requests answered as they should be, a second.
    pub(crate) rate: f64,
    /// How long each of them took, in µs.
    pub(crate) micros: Vec<u32>,
    /// Other answers, and broken connections; also those while warming up.
    pub(crate) errors: u64,
    /// Batches that the writer made durable with one sync, on average.
    pub(crate) batches_per_sync: f64,
    /// Who used the processors.
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
    let mut connections = Vec::new();
    for connection in 0..case.connections {
        let opened = Connection::open(site.address()).await.unwrap();
        connections.push((opened, case.requests(site, connection)));
    }
    let from = Instant::now() + WARM_UP.min(window);
    let counted = Window {
        from,
        until: from + window,
    };
    let (address, expected) = (site.address(), case.expected);
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|(connection, requests)| tokio::spawn(ask(address, connection, requests, expected, counted)))
        .collect();
    tokio::time::sleep_until(from.into()).await;
    let (meter, before) = (Meter::start(), site.store().metrics());
    tokio::time::sleep_until(counted.until.into()).await;
    let (usage, after) = (meter.stop(), site.store().metrics());
    let mut round = Round {
        batches_per_sync: (after.batches - before.batches) as f64
            / (after.groups - before.groups).max(1) as f64,
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

/// Asks and waits until the window closes; the times of the answers in it, in µs, and the number of errors.
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
        let answer = connection.exchange(&request).await;
        let ended = Instant::now();
        match answer {
            Ok(answer) if answer.status == expected => {
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
