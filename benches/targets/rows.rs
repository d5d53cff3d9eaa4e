//! The rows that are measured in every round, in turn: of the service, of the ceiling, of the disk
//! and of the processor.

use super::super::cases::{self, Uploads};
use super::super::ceiling::cases::Layer;
use super::super::ceiling::server::Ceiling;
use super::super::load::{self, Round};
use super::super::pace::{self, Since};
use super::super::requests::Requests;
use super::super::site::{public_key, Caller, Site, BEAMLINES};
use beamlive::config::Settings;
use beamlive_actors::key::{self, PublicKey};
use beamlive_client::key::Key;
use serde_json::{json, Value};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Clients with DSA keys, and as many polite clients.
const CLIENTS: usize = 8;
/// Uploads a second that polite clients send, over as many connections as there are DSA clients.
const POLITE_RATE: f64 = 200.0;
/// Connections of an overload; more than the service has places in its queues.
const CROWD: usize = 1_024;
/// The rate of an overload, as a multiple of the capacity.
const OVERLOAD: f64 = 2.0;

/// One row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Row {
    /// An operation of the service, by its name in the table of `service`, and connections.
    Service(&'static str, usize),
    /// A layer of the ceiling, and connections.
    Ceiling(Layer, usize),
    /// An append of 500 bytes with its sync, alone.
    Sync,
    /// Verifications on one thread.
    Verify(Signature),
    /// Uploads of clients with DSA keys.
    DsaUploads,
    /// Uploads of polite clients.
    Polite(Beside),
    /// Uploads at twice the rate of [`PEAK`] in this round.
    Overload,
    /// As `Service`, while guesses keep the check of passwords at its bound.
    Guessed(&'static str, usize),
}

/// The row whose rate is the service's capacity.
pub(crate) const PEAK: Row = Row::Service("upload", 128);

/// Who else uploads while the polite clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    Nobody,
    /// The clients with DSA keys, as fast as they can.
    Dsa,
    /// As many clients with Ed25519 keys, at the rate of those in this round.
    Ed25519,
}

/// A kind of signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Ed25519,
    Dsa,
}

/// What rows are measured with.
pub(crate) struct Setup {
    pub(crate) site: Site,
    pub(crate) ceiling: Ceiling,
    /// The key of all accounts with DSA keys.
    pub(crate) dsa: Key,
    /// Where an append is measured.
    pub(crate) file: PathBuf,
    pub(crate) window: Duration,
}

/// The account of a client with a DSA key.
pub(crate) fn dsa_account(number: usize) -> String {
    format!("d{:02}", number % CLIENTS)
}

/// All of these accounts, for a facility file.
pub(crate) fn dsa_accounts(key: &Key) -> Vec<Value> {
    let line = key.public_line().unwrap();
    (0..CLIENTS)
        .map(|number| json!({"username": dsa_account(number), "key": line}))
        .collect()
}

impl Setup {
    /// Measures a row. `rate` returns the rate of another row in this round, in requests a second.
    pub(crate) async fn measure(&self, row: Row, rate: impl Fn(Row) -> Option<f64>) -> Round {
        match row {
            Row::Service(operation, connections) => {
                let case = cases::find(operation, connections);
                self.site.open_sessions().await;
                load::measure(&self.site, &case, self.window).await
            }
            Row::Ceiling(layer, connections) => {
                let case = layer.case(connections);
                let requests = case.requests(&self.site);
                load::run(self.ceiling.address, requests, case.expected, self.window, || {
                    (0, 0)
                })
                .await
            }
            Row::Sync => self.syncs(),
            Row::Verify(signature) => self.verifications(signature),
            Row::DsaUploads => {
                load::run(self.site.address(), self.dsa_uploads(), 200, self.window, || {
                    (0, 0)
                })
                .await
            }
            Row::Polite(beside) => {
                self.site.open_sessions().await;
                let polite = pace::run(
                    self.site.address(),
                    self.uploads(BEAMLINES - CLIENTS..BEAMLINES),
                    POLITE_RATE,
                    Since::Due,
                    self.window,
                );
                match beside {
                    Beside::Nobody => polite.await,
                    Beside::Dsa => {
                        let (address, window) = (self.site.address(), self.window);
                        let flood = load::run(address, self.dsa_uploads(), 200, window, || (0, 0));
                        tokio::join!(polite, flood).0
                    }
                    Beside::Ed25519 => {
                        let rate = rate(Row::DsaUploads).unwrap().max(1.0);
                        let requests = self.uploads(0..CLIENTS);
                        let (address, window) = (self.site.address(), self.window);
                        let flood = pace::run(address, requests, rate, Since::Due, window);
                        tokio::join!(polite, flood).0
                    }
                }
            }
            Row::Guessed(operation, connections) => {
                let case = cases::find(operation, connections);
                self.site.open_sessions().await;
                let measured = load::measure(&self.site, &case, self.window);
                let (address, window) = (self.site.address(), self.window);
                let (made, began) = (GUESSES.load(Ordering::Relaxed), Instant::now());
                let flood = load::run(address, guesses(), 401, window, || (0, 0));
                let (mut measured, flood) = tokio::join!(measured, flood);
                // Each connection has made one more, which it did not send.
                let made = GUESSES.load(Ordering::Relaxed) - made;
                let answered = f64::from(made) - Settings::default().jwt.checks as f64;
                let rate = answered / began.elapsed().as_secs_f64();
                println!("{operation}: beside {rate:.1} guesses a second");
                measured.errors += flood.errors;
                measured
            }
            Row::Overload => {
                self.site.open_sessions().await;
                // A very short round may have a peak of 0.
                let rate = rate(PEAK).unwrap().max(1.0) * OVERLOAD;
                let requests = self.uploads(0..CROWD);
                pace::run(self.site.address(), requests, rate, Since::Sent, self.window).await
            }
        }
    }

    fn uploads(&self, connections: std::ops::Range<usize>) -> Vec<Box<dyn Requests>> {
        connections
            .map(|connection| -> Box<dyn Requests> {
                Box::new(Uploads::new(&self.site, connection, self.site.caller(connection)))
            })
            .collect()
    }

    fn dsa_uploads(&self) -> Vec<Box<dyn Requests>> {
        (0..CLIENTS)
            .map(|number| -> Box<dyn Requests> {
                let caller = Caller::with(&dsa_account(number), self.dsa.clone());
                Box::new(Uploads::new(&self.site, number, caller))
            })
            .collect()
    }

    fn syncs(&self) -> Round {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)
            .unwrap();
        repeated(self.window, || {
            file.write_all(&[7; 500]).unwrap();
            file.sync_data().unwrap();
        })
    }

    fn verifications(&self, signature: Signature) -> Round {
        let (mut caller, line) = match signature {
            Signature::Ed25519 => (self.site.caller(0), public_key(0)),
            Signature::Dsa => (
                Caller::with(&dsa_account(0), self.dsa.clone()),
                self.dsa.public_line().unwrap(),
            ),
        };
        let key = PublicKey::parse(&line).unwrap();
        let token = beamlive::auth::token::Token::parse(caller.token()).unwrap();
        let message = token.message();
        repeated(self.window, || {
            assert!(key::verify(Some(&key), &message, &token.signature));
        })
    }
}

/// Guesses of passwords: as many at once as the service checks or lets wait.
fn guesses() -> Vec<Box<dyn Requests>> {
    (0..Settings::default().jwt.checks)
        .map(|number| -> Box<dyn Requests> { Box::new(Guesses(number)) })
        .collect()
}

/// How many were made. Each comes from an address of its own, so that none is delayed.
static GUESSES: AtomicU32 = AtomicU32::new(0);

/// The guesses of one connection, by its number.
struct Guesses(usize);

impl Requests for Guesses {
    fn next(&mut self, out: &mut Vec<u8>) {
        let made = GUESSES.fetch_add(1, Ordering::Relaxed);
        let [_, network, subnet, host] = made.to_be_bytes();
        let body = format!("username={}&password=guess-{made}", Site::username(self.0));
        write!(
            out,
            "POST /api/v3/auth/ HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: 10.{network}.{subnet}.{host}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    }
}

/// Repeats `work` during `window`, at least once.
fn repeated(window: Duration, mut work: impl FnMut()) -> Round {
    let until = Instant::now() + window;
    let mut micros = Vec::new();
    loop {
        let began = Instant::now();
        work();
        let ended = Instant::now();
        micros.push((ended - began).as_micros() as u32);
        if ended >= until {
            break;
        }
    }
    let total: f64 = micros.iter().map(|micros| f64::from(*micros)).sum();
    Round {
        rate: micros.len() as f64 * 1e6 / total.max(1.0),
        micros,
        ..Round::default()
    }
}
