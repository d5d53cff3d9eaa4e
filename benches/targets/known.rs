//! The memory of a beamline and a session that are known but idle.

use super::super::apart::Apart;
use super::super::load;
use super::super::requests::{post, Requests};
use super::super::site::{public_key, Caller, Site};
use super::{Line, Target};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Sessions of each beamline.
const SESSIONS: usize = 10;
const CONNECTIONS: usize = 64;
/// Until an idle service has finished its writes.
const IDLE: Duration = Duration::from_secs(15);

/// Launches every session of its beamlines once, then the first ones again.
struct Launches {
    caller: Caller,
    beamlines: Vec<usize>,
    turn: usize,
}

impl Requests for Launches {
    fn next(&mut self, out: &mut Vec<u8>) {
        let beamline = self.beamlines[self.turn / SESSIONS % self.beamlines.len()];
        let session = self.turn % SESSIONS;
        self.turn += 1;
        let token = self.caller.token();
        post(
            out,
            format_args!("/api/v2/{token}/launch/K{beamline:05}/day-{session}/"),
            b"",
        );
    }
}

/// Launches ten sessions on each of `beamlines` beamlines, and measures the memory.
pub(crate) async fn run(directory: &Path, beamlines: usize) -> Vec<Line> {
    let acronyms = (0..beamlines).map(|number| json!({"acronym": format!("K{number:05}")}));
    let facility = json!({
        "project": [{"username": Site::username(0), "key": public_key(0)}],
        "beamline": acronyms.collect::<Vec<_>>(),
    });
    let service = Apart::start(&directory.join("known"), Some(&facility));
    let before = service.resident_kib();
    let wanted = beamlines * SESSIONS;
    let mut requests: Vec<_> = (0..CONNECTIONS)
        .map(|connection| Launches {
            caller: Caller::new(0),
            beamlines: (connection..beamlines).step_by(CONNECTIONS).collect(),
            turn: 0,
        })
        .collect();
    requests.retain(|launches| !launches.beamlines.is_empty());
    let each = wanted.div_ceil(requests.len());
    let launched = load::times(service.address, requests, each).await;
    println!(
        "{launched} launches of {wanted} sessions on {beamlines} beamlines, {:.0} KiB resident",
        service.resident_kib() - before
    );
    tokio::time::sleep(IDLE).await;
    let known = (beamlines + wanted) as f64;
    let cost = (service.resident_kib() - before) / known;
    vec![Line {
        operation: format!("known: {beamlines} beamlines, {wanted} sessions"),
        against: "KiB resident for each of both, idle",
        target: Target::AtMost(1.0),
        values: vec![cost],
    }]
}
