//! `beamlive shadow`: MxLIVE's traffic passed on, and copied.

mod copies;
mod day;
mod process;
mod speed;
mod tunnel;
mod upstream;

use crate::support::Site;
use beamlive::shadow::{Report, Row, Running, Settings};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A rehearsal before the server at `upstream`, with `service` for the copies.
async fn shadow(upstream: &str, service: &str, change: impl FnOnce(&mut Settings)) -> Running {
    beamlive::proxy::install_crypto();
    let mut settings = Settings::new(upstream.parse().unwrap(), service.parse().unwrap());
    change(&mut settings);
    Running::start(settings).await.unwrap()
}

/// The same, with a service that has the tests' facility and its clock.
async fn before(upstream: &str, site: &Site) -> Running {
    let clock = Arc::new(site.clock.clone());
    shadow(upstream, &site.url(), |settings| settings.clock = clock).await
}

fn url(shadow: &Running) -> String {
    format!("http://{}", shadow.address())
}

/// An address at which nothing listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Sends bytes, and returns everything that comes until the server ends the connection, or
/// `length` bytes have come.
async fn send(address: SocketAddr, bytes: &[u8], length: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reads, mut writes) = stream.split();
    let write = async {
        writes.write_all(bytes).await.unwrap();
    };
    let mut all = Vec::new();
    let read = async {
        let mut piece = vec![0; 64 * 1024];
        while all.len() < length {
            match reads.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(read) => all.extend_from_slice(&piece[..read]),
            }
        }
    };
    tokio::join!(write, read);
    all
}

/// Asserts that the sums of a report agree with each other and with those of its routes.
fn assert_sums(report: &Report) {
    let sum = |of: fn(&Row) -> u64| report.routes.iter().map(of).sum::<u64>();
    let explained = sum(|row| row.explained.iter().map(|counted| counted.count).sum());
    let dropped = sum(|row| row.dropped.iter().map(|counted| counted.count).sum());
    assert_eq!(sum(|row| row.requests), report.requests);
    assert_eq!(sum(|row| row.copied), report.copied);
    assert_eq!((explained, dropped), (report.explained, report.dropped));
    assert_eq!(
        report.copied,
        report.same + report.explained + report.different,
        "{}",
        report.text()
    );
    assert_eq!(
        report.requests,
        report.copied + report.dropped + report.waiting + report.not_copied,
        "{}",
        report.text()
    );
}

/// The row of a route.
fn row<'r>(report: &'r Report, method: &str, route: &str) -> &'r Row {
    let row = report
        .routes
        .iter()
        .find(|row| row.method == method && row.route == route);
    row.unwrap_or_else(|| panic!("no {method} {route} in\n{}", report.text()))
}
