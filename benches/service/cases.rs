//! What is asked of the service: one row of the table each.

use super::reports::Reports;
use super::site::{Caller, Site, BEAMLINES};
use beamlive::load::random::Random;
use serde_json::{json, Value};
use std::fmt::Write;

/// The DATA payload of the tests.
pub(crate) const DATA: &str = include_str!("../../tests/fixtures/payloads/data-DATA.json");
/// Entries that an access-list client posts every minute.
const CONNECTIONS: usize = 1_000;
/// Names that a beamline's launches alternate between.
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

/// The requests of one connection.
pub(crate) trait Requests: Send {
    /// Writes the next one, whole.
    fn next(&mut self, out: &mut Vec<u8>);
}

impl Case {
    /// The requests of connection number `connection`.
    pub(crate) fn requests(&self, site: &Site, connection: usize) -> Box<dyn Requests> {
        (self.requests)(site, connection, self.connections)
    }
}

/// All rows.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut rows = |operation, connections: &[usize], expected, requests| {
        cases.extend(connections.iter().map(|&connections| Case {
            operation,
            connections,
            expected,
            requests,
        }));
    };
    rows("launch, close", &[1, 8, 32], 200, |site, connection, of| {
        Launches::boxed(site, connection, of, false)
    });
    rows("launch new sessions", &[32], 200, |site, connection, of| {
        Launches::boxed(site, connection, of, true)
    });
    rows("upload", &[1, 8, 32, 128], 200, |site, connection, _| {
        Box::new(Uploads::new(site, connection))
    });
    rows("report", &[1, 32], 200, |site, connection, _| {
        Reports::boxed(site, connection)
    });
    rows("report of 1 MB", &[1, 8], 200, |site, connection, _| {
        Reports::large(site, connection)
    });
    rows("samples", &[8, 32, 128], 200, |site, connection, _| {
        Samples::boxed(site, connection, Form::Full)
    });
    rows("samples, gzip", &[8, 32, 128], 200, |site, connection, _| {
        Samples::boxed(site, connection, Form::Gzip)
    });
    rows("samples, 304", &[8, 32, 128], 304, |site, connection, _| {
        Samples::boxed(site, connection, Form::Known)
    });
    rows("access list", &[8, 32], 200, |_, _, _| Box::new(Access::get()));
    rows("login keys", &[8, 32], 200, |_, _, _| Box::new(Access::keys()));
    rows("access list, POST", &[1, 8], 200, |_, _, _| {
        Box::new(Access::post())
    });
    cases
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

/// The row of uploads at `connections`, for the growth table.
pub(crate) fn uploads(connections: usize) -> Case {
    Case {
        operation: "upload",
        connections,
        expected: 200,
        requests: |site, connection, _| Box::new(Uploads::new(site, connection)),
    }
}

/// A POST with an unsigned or already signed path, without its body.
pub(crate) fn post(out: &mut Vec<u8>, path: std::fmt::Arguments<'_>, length: usize) {
    out.extend_from_slice(b"POST ");
    let _ = std::io::Write::write_fmt(out, path);
    let _ = std::io::Write::write_fmt(
        out,
        format_args!(" HTTP/1.1\r\nHost: bench\r\nContent-Length: {length}\r\n\r\n"),
    );
}

/// Launches and closes in turn, on every beamline that is this connection's.
struct Launches {
    caller: Caller,
    beamlines: Vec<usize>,
    turn: usize,
    /// Part of the names of new sessions, so that no name comes twice.
    fresh: Option<String>,
}

impl Launches {
    fn boxed(site: &Site, connection: usize, connections: usize, fresh: bool) -> Box<dyn Requests> {
        Box::new(Self {
            caller: site.caller(connection),
            beamlines: (connection % BEAMLINES..BEAMLINES).step_by(connections).collect(),
            turn: 0,
            fresh: fresh.then(|| format!("{}-{connection}", site.unique())),
        })
    }
}

impl Requests for Launches {
    fn next(&mut self, out: &mut Vec<u8>) {
        let (launch, action) = match (&self.fresh, self.turn % 2) {
            (None, 1) => (self.turn / 2, "close"),
            (None, _) => (self.turn / 2, "launch"),
            (Some(_), _) => (self.turn, "launch"),
        };
        self.turn += 1;
        let beamline = self.beamlines[launch % self.beamlines.len()];
        let number = launch / self.beamlines.len();
        let token = self.caller.token();
        match &self.fresh {
            Some(fresh) => post(
                out,
                format_args!("/api/v2/{token}/{action}/B{beamline:02}/new-{fresh}-{number}/"),
                0,
            ),
            None => {
                let name = number % SESSIONS;
                post(
                    out,
                    format_args!("/api/v2/{token}/{action}/B{beamline:02}/day-{name}/"),
                    0,
                );
            }
        }
    }
}

/// Uploads of the same dataset, each with a uuid and a directory of its own.
pub(crate) struct Uploads {
    caller: Caller,
    beamline: usize,
    body: Vec<u8>,
    uuid_at: usize,
    directory_at: usize,
    random: Random,
}

impl Uploads {
    const UUID: &'static str = "00000000-0000-4000-8000-000000000000";
    const NUMBER: &'static str = "0000000000000000";

    pub(crate) fn new(site: &Site, connection: usize) -> Self {
        Self::of(site, connection, site.caller(connection))
    }

    /// Uploads of any program; the sample is ignored when it is not its own.
    pub(crate) fn of(site: &Site, connection: usize, caller: Caller) -> Self {
        let mut example = serde_json::from_str::<Value>(DATA).unwrap()["example"].take();
        example["uuid"] = json!(Self::UUID);
        example["directory"] = json!(format!(
            "/users/alpha/CMCF-20261123/native/CLS-0042/A1/{}",
            Self::NUMBER
        ));
        example["sample_id"] = json!(site.sample_of(connection));
        let body = rmp_serde::to_vec(&example).unwrap();
        let place = |text: &str| {
            body.windows(text.len())
                .position(|window| window == text.as_bytes())
                .unwrap()
        };
        Self {
            caller,
            beamline: connection % BEAMLINES,
            uuid_at: place(Self::UUID),
            directory_at: place(Self::NUMBER),
            random: Random::new(site.unique()),
            body,
        }
    }
}

impl Requests for Uploads {
    fn next(&mut self, out: &mut Vec<u8>) {
        let uuid = self.random.uuid();
        self.body[self.uuid_at..][..uuid.len()].copy_from_slice(uuid.as_bytes());
        let number = format!("{:016x}", self.random.draw());
        self.body[self.directory_at..][..number.len()].copy_from_slice(number.as_bytes());
        let token = self.caller.token();
        post(
            out,
            format_args!("/api/v2/{token}/data/B{:02}/", self.beamline),
            self.body.len(),
        );
        out.extend_from_slice(&self.body);
    }
}

/// How a sample list is asked for.
enum Form {
    Full,
    Gzip,
    Known,
}

/// The sample list of one project, again and again.
struct Samples {
    caller: Caller,
    beamline: usize,
    headers: String,
}

impl Samples {
    fn boxed(site: &Site, connection: usize, form: Form) -> Box<dyn Requests> {
        let mut headers = "Host: bench\r\n".to_owned();
        match form {
            Form::Full => {}
            Form::Gzip => headers.push_str("Accept-Encoding: gzip\r\n"),
            Form::Known => {
                let _ = write!(headers, "If-None-Match: {}\r\n", site.etag_of(connection));
            }
        }
        Box::new(Self {
            caller: site.caller(connection),
            beamline: connection % BEAMLINES,
            headers,
        })
    }
}

impl Requests for Samples {
    fn next(&mut self, out: &mut Vec<u8>) {
        let token = self.caller.token();
        let (beamline, headers) = (self.beamline, &self.headers);
        let _ = std::io::Write::write_fmt(
            out,
            format_args!("GET /api/v2/{token}/samples/B{beamline:02}/ HTTP/1.1\r\n{headers}\r\n"),
        );
    }
}

/// The same unsigned request, again and again.
struct Access(Vec<u8>);

impl Access {
    fn get() -> Self {
        Self(b"GET /api/v2/accesslist/ HTTP/1.1\r\nHost: bench\r\n\r\n".to_vec())
    }

    fn keys() -> Self {
        let user = Site::username(0);
        let request = format!("GET /api/v2/keys/{user} HTTP/1.1\r\nHost: bench\r\n\r\n");
        Self(request.into_bytes())
    }

    fn post() -> Self {
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
        let body = rmp_serde::to_vec(&entries).unwrap();
        let mut request = Vec::new();
        post(&mut request, format_args!("/api/v2/accesslist/"), body.len());
        request.extend_from_slice(&body);
        Self(request)
    }
}

impl Requests for Access {
    fn next(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}
