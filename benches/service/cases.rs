//! The rows of the table: what is asked of the service.

use super::reports::Reports;
use super::requests::{post, Requests, Same};
use super::site::{Caller, Site, BEAMLINES};
use beamlive_load::names::uuid;
use beamlive_load::template::Template;
use fastrand::Rng;
use serde_json::{json, Value};
use std::io::Write;

/// The DATA payload of the tests.
pub(crate) const DATA: &str = include_str!("../../tests/fixtures/payloads/data-DATA.json");
/// Entries in a post of connections.
const CONNECTIONS: usize = 1_000;
/// Sessions that a beamline's launches alternate between.
const SESSIONS: usize = 4;

/// One row: an operation at a number of connections.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) operation: &'static str,
    pub(crate) connections: usize,
    /// The status that counts; every other is an error.
    pub(crate) expected: u16,
    pub(crate) requests: MakeRequests,
}

/// Makes the requests of one connection, from its number and how many there are.
pub(crate) type MakeRequests = fn(&Site, usize, usize) -> Box<dyn Requests>;

impl Case {
    /// The requests of all connections.
    pub(crate) fn requests(&self, site: &Site) -> Vec<Box<dyn Requests>> {
        (0..self.connections)
            .map(|connection| (self.requests)(site, connection, self.connections))
            .collect()
    }
}

/// The operations: name, numbers of connections, expected status, requests.
const OPERATIONS: [(&str, &[usize], u16, MakeRequests); 11] = [
    ("launch, close", &[1, 8, 32], 200, |site, connection, of| {
        Launches::boxed(site, connection, of, false)
    }),
    ("launch new sessions", &[32], 200, |site, connection, of| {
        Launches::boxed(site, connection, of, true)
    }),
    ("upload", &[1, 8, 32, 128], 200, |site, connection, _| {
        Box::new(Uploads::new(site, connection, site.caller(connection)))
    }),
    ("report", &[1, 32], 200, |site, connection, _| {
        Reports::small(site, connection)
    }),
    ("report of 1 MB", &[1, 8], 200, |site, connection, _| {
        Reports::large(site, connection)
    }),
    ("samples", &[8, 32, 128], 200, |site, connection, _| {
        Samples::boxed(site, connection, String::new())
    }),
    ("samples, gzip", &[8, 32, 128], 200, |site, connection, _| {
        Samples::boxed(site, connection, "Accept-Encoding: gzip\r\n".to_owned())
    }),
    ("samples, 304", &[8, 32, 128], 304, |site, connection, _| {
        let etag = site.etag_of(connection);
        Samples::boxed(site, connection, format!("If-None-Match: {etag}\r\n"))
    }),
    ("access list", &[8, 32], 200, |_, _, _| {
        Same::get("/api/v2/accesslist/")
    }),
    ("login keys", &[8, 32], 200, |_, _, _| {
        Same::get(&format!("/api/v2/keys/{}", Site::username(0)))
    }),
    ("access list, POST", &[1, 8], 200, |_, _, _| {
        Same::post("/api/v2/accesslist/", &connections())
    }),
];

/// All rows.
pub(crate) fn all() -> Vec<Case> {
    let row = |(operation, connections, expected, requests): (_, &[usize], _, _)| {
        let case = move |connections| Case {
            operation,
            connections,
            expected,
            requests,
        };
        connections.iter().copied().map(case).collect::<Vec<_>>()
    };
    OPERATIONS.into_iter().flat_map(row).collect()
}

/// The row of an operation, at any number of connections.
pub(crate) fn find(operation: &str, connections: usize) -> Case {
    let mut case = all()
        .into_iter()
        .find(|case| case.operation == operation)
        .unwrap_or_else(|| panic!("there is no operation {operation}"));
    case.connections = connections;
    case
}

/// Launches and closes in turn, on all beamlines of this connection.
struct Launches {
    caller: Caller,
    beamlines: Vec<usize>,
    turn: usize,
    /// With new sessions only: part of their names, which makes each unique.
    unique: Option<String>,
}

impl Launches {
    fn boxed(site: &Site, connection: usize, connections: usize, is_new: bool) -> Box<dyn Requests> {
        Box::new(Self {
            caller: site.caller(connection),
            beamlines: (connection % BEAMLINES..BEAMLINES).step_by(connections).collect(),
            turn: 0,
            unique: is_new.then(|| format!("{}-{connection}", site.unique())),
        })
    }
}

impl Requests for Launches {
    fn next(&mut self, out: &mut Vec<u8>) {
        let (launch, action) = match (&self.unique, self.turn % 2) {
            (None, 1) => (self.turn / 2, "close"),
            (None, _) => (self.turn / 2, "launch"),
            (Some(_), _) => (self.turn, "launch"),
        };
        self.turn += 1;
        let beamline = Site::beamline(self.beamlines[launch % self.beamlines.len()]);
        let number = launch / self.beamlines.len();
        let session = match &self.unique {
            Some(unique) => format!("new-{unique}-{number}"),
            None => format!("day-{}", number % SESSIONS),
        };
        let token = self.caller.token();
        post(
            out,
            format_args!("/api/v2/{token}/{action}/{beamline}/{session}/"),
            b"",
        );
    }
}

/// Uploads of the same dataset, each with another uuid and directory.
pub(crate) struct Uploads {
    caller: Caller,
    beamline: String,
    body: Template,
    random: Rng,
}

impl Uploads {
    const UUID: &'static str = "00000000-0000-4000-8000-000000000000";
    const NUMBER: &'static str = "0000000000000000";

    /// Uploads of `caller`. The service ignores the sample when it is another account's.
    pub(crate) fn new(site: &Site, connection: usize, caller: Caller) -> Self {
        let mut example = serde_json::from_str::<Value>(DATA).unwrap()["example"].take();
        let directory = "/users/alpha/CMCF-20261123/native/CLS-0042/A1";
        example["uuid"] = json!(Self::UUID);
        example["directory"] = json!(format!("{directory}/{}", Self::NUMBER));
        example["sample_id"] = json!(site.sample_of(connection));
        let body = rmp_serde::to_vec(&example).unwrap();
        Self {
            caller,
            beamline: Site::beamline(connection),
            body: Template::new(body, &[Self::UUID.as_bytes(), Self::NUMBER.as_bytes()]),
            random: Rng::with_seed(site.unique()),
        }
    }
}

impl Requests for Uploads {
    fn next(&mut self, out: &mut Vec<u8>) {
        let uuid = uuid(&mut self.random);
        let number = format!("{:016x}", self.random.u64(..));
        self.body.fill(0, uuid.as_bytes()).fill(1, number.as_bytes());
        let (token, beamline) = (self.caller.token(), &self.beamline);
        post(
            out,
            format_args!("/api/v2/{token}/data/{beamline}/"),
            self.body.bytes(),
        );
    }
}

/// The sample list of one project.
struct Samples {
    caller: Caller,
    beamline: String,
    headers: String,
}

impl Samples {
    fn boxed(site: &Site, connection: usize, headers: String) -> Box<dyn Requests> {
        Box::new(Self {
            caller: site.caller(connection),
            beamline: Site::beamline(connection),
            headers,
        })
    }
}

impl Requests for Samples {
    fn next(&mut self, out: &mut Vec<u8>) {
        let token = self.caller.token();
        let (beamline, headers) = (&self.beamline, &self.headers);
        write!(
            out,
            "GET /api/v2/{token}/samples/{beamline}/ HTTP/1.1\r\nHost: bench\r\n{headers}\r\n"
        )
        .unwrap();
    }
}

/// The body of a post of connections.
fn connections() -> Vec<u8> {
    let entries: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            json!({
                "project": Site::username(number),
                "name": format!("D-host-{number:04}-ABCDEF"),
                "status": "Connected",
                "date": "2026-11-23 12:00:00",
            })
        })
        .collect();
    rmp_serde::to_vec(&entries).unwrap()
}
