//! SIGTERM under load: acknowledged records are stored, and no answer is interrupted.

use super::kept::{Answer, Kept};
use super::{dataset, upload_head};
use crate::support::process::{beamlive, Served};
use crate::support::raw::RawRequest;
use crate::support::{Client, FACILITY};
use beamlive_actors::clock::{Clock, ManualClock, SystemClock};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

const CLIENTS: usize = 24;
/// Answers before the signal.
const ENOUGH: usize = 400;

/// The answers to one client.
#[derive(Default)]
struct Outcome {
    ids: Vec<u64>,
    sessions: Vec<String>,
    /// The last answer had `Connection: close`.
    last: bool,
    /// The error, if the connection ended otherwise.
    torn: Option<String>,
}

fn start(home: &Path) -> (Served, SocketAddr) {
    let served = Served::start(beamlive(
        home,
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--facility",
            "facility.toml",
            "--data",
            "d",
        ],
    ));
    let address = served.url.trim_start_matches("http://").parse().unwrap();
    (served, address)
}

/// Uploads and launches, each after the answer to the one before, until the service ends the
/// connection.
fn work(number: usize, address: SocketAddr, client: &Client, answers: &AtomicUsize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut kept = match Kept::open(address) {
        Ok(kept) => kept,
        Err(error) => panic!("{error}"),
    };
    for round in 0.. {
        let name = format!("c{number}-{round}");
        let launches = round % 4 == 3;
        let request = if launches {
            let beamline = if number.is_multiple_of(2) { "BM" } else { "ID" };
            let head = format!(
                "POST /api/v2/{}/launch/{beamline}/{name}/ HTTP/1.1\r\n",
                client.token()
            );
            format!("{head}Host: x\r\nContent-Length: 0\r\n\r\n").into_bytes()
        } else {
            let body = serde_json::to_vec(&dataset(&name)).unwrap();
            [upload_head(client, Some(body.len())).as_bytes(), &body].concat()
        };
        match kept.ask(&request) {
            Answer::Whole(reply) => {
                assert_eq!(reply.status, 200, "{}", reply.text());
                answers.fetch_add(1, Ordering::Relaxed);
                if launches {
                    outcome.sessions.push(name);
                } else {
                    outcome.ids.push(reply.json()["id"].as_u64().unwrap());
                }
                if reply.head.to_ascii_lowercase().contains("\r\nconnection: close") {
                    outcome.last = true;
                    return outcome;
                }
            }
            Answer::Closed => return outcome,
            Answer::Torn(how) => {
                outcome.torn = Some(how);
                return outcome;
            }
        }
    }
    outcome
}

fn admin(address: SocketAddr, home: &Path, path: &str) -> Vec<Value> {
    let token = std::fs::read_to_string(home.join("d/admin.token")).unwrap();
    let request = RawRequest::get(format!("/api/admin/{path}"))
        .header("Authorization", format!("Bearer {}", token.trim()));
    let reply = crate::support::raw::exchange(address, &request.bytes(), false).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json().as_array().unwrap().clone()
}

/// All ids, highest first, page by page.
fn ids(address: SocketAddr, home: &Path) -> BTreeSet<u64> {
    let mut ids = BTreeSet::new();
    let mut path = "data?limit=1000".to_owned();
    loop {
        let page = admin(address, home, &path);
        ids.extend(page.iter().map(|row| row["id"].as_u64().unwrap()));
        if page.len() < 1000 {
            return ids;
        }
        let lowest = ids.first().unwrap();
        path = format!("data?limit=1000&before={lowest}");
    }
}

#[test]
fn a_stop_under_load_interrupts_no_answer_and_loses_no_write() {
    let home = TempDir::new().unwrap();
    std::fs::write(home.path().join("facility.toml"), FACILITY).unwrap();
    let (mut served, address) = start(home.path());
    let clock = ManualClock::at(SystemClock.now());
    let clients: Vec<Client> = ["alice", "bob"]
        .iter()
        .map(|user| Client::of_service(served.url.clone(), user, clock.clone()))
        .collect();
    for client in &clients {
        let form = serde_urlencoded::to_string([("public", &client.public)]).unwrap();
        let request = RawRequest::post(format!("/api/v2/{}/project/", client.token()), form);
        let reply = crate::support::raw::exchange(address, &request.bytes(), false).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let answers = AtomicUsize::new(0);
    let mut idle = Kept::open(address).unwrap();
    idle.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert_eq!(idle.reply().status, 200);
    let (outcomes, ended) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (client, answers) = (&clients[number % 2], &answers);
                scope.spawn(move || work(number, address, client, answers))
            })
            .collect();
        while answers.load(Ordering::Relaxed) < ENOUGH {
            assert!(threads.iter().any(|thread| !thread.is_finished()));
            std::thread::yield_now();
        }
        let ended = served.stop("TERM");
        let outcomes: Vec<Outcome> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        (outcomes, ended)
    });
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let torn: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.torn.as_ref())
        .collect();
    assert!(torn.is_empty(), "{} of {CLIENTS}: {torn:?}", torn.len());
    let last = outcomes.iter().filter(|outcome| outcome.last).count();
    assert_eq!(last, CLIENTS, "each active client is told the last answer");
    assert!(
        matches!(idle.receive(), Answer::Closed),
        "the idle connection is closed"
    );

    let (_served, address) = start(home.path());
    let kept = ids(address, home.path());
    for id in outcomes.iter().flat_map(|outcome| &outcome.ids) {
        assert!(kept.contains(id), "dataset {id} was acknowledged");
    }
    let sessions = admin(address, home.path(), "sessions?limit=1000");
    let names: BTreeSet<&str> = sessions.iter().map(|row| row["name"].as_str().unwrap()).collect();
    for name in outcomes.iter().flat_map(|outcome| &outcome.sessions) {
        assert!(names.contains(name.as_str()), "session {name} was acknowledged");
    }
}
