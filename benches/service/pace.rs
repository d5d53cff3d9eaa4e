//! Clients that send requests at a rate, however long the answers take.

use super::load::Round;
use super::requests::Requests;
use beamlive_load::http::Connection;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// When the latency of a request begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// When it was due: the latency for a client at that rate.
    Due,
    /// When it was sent: the time that the service takes. Above the service's capacity, the former
    /// has no bound.
    Sent,
}

/// Sends `rate` requests a second, spread over one connection for each of `requests`. A connection
/// sends its next request when it is due, or later, as soon as it has an answer. 503 is not an
/// error, but does not count as accepted.
pub(crate) async fn run(
    address: SocketAddr,
    requests: Vec<Box<dyn Requests>>,
    rate: f64,
    since: Since,
    window: Duration,
) -> Round {
    let interval = Duration::from_secs_f64(requests.len() as f64 / rate);
    let offset = interval / u32::try_from(requests.len()).unwrap();
    let mut connections = Vec::new();
    for requests in requests {
        connections.push((Connection::open(address).await.unwrap(), requests));
    }
    let from = Instant::now();
    let tasks: Vec<_> = (0..)
        .zip(connections)
        .map(|(number, (connection, requests))| {
            let first = from + offset * number;
            tokio::spawn(ask(connection, requests, first, interval, since, from + window))
        })
        .collect();
    let mut round = Round::default();
    for task in tasks {
        let (micros, errors) = task.await.unwrap();
        round.micros.extend(micros);
        round.errors += errors;
    }
    round.rate = round.micros.len() as f64 / window.as_secs_f64();
    round
}

async fn ask(
    mut connection: Connection,
    mut requests: Box<dyn Requests>,
    mut due: Instant,
    interval: Duration,
    since: Since,
    until: Instant,
) -> (Vec<u32>, u64) {
    let (mut micros, mut errors) = (Vec::new(), 0);
    let mut request = Vec::new();
    while due < until && Instant::now() < until {
        request.clear();
        requests.next(&mut request);
        tokio::time::sleep_until(due.into()).await;
        let began = match since {
            Since::Due => due,
            Since::Sent => Instant::now(),
        };
        let response = connection.exchange(&request).await.unwrap();
        let ended = Instant::now();
        match response.status {
            200 if ended < until => micros.push((ended - began).as_micros() as u32),
            200 | 503 => {}
            _ => errors += 1,
        }
        due += interval;
    }
    (micros, errors)
}
