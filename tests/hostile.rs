//! Requests of hostile or broken clients, by endpoint.
//!
//! Each table of requests runs against a service in its own process. Every request is refused (4xx)
//! with a reason, or has no effect where the contract says so. Nothing is stored, nothing panics,
//! memory stays within a bound, and valid requests work afterwards.

mod access;
mod admin;
mod bodies;
mod download;
mod parsers;
mod signed;
mod sockets;
mod survey;
mod targets;
mod upgrade;
mod uploads;

use crate::support::raw::{RawReply, RawRequest};
use crate::support::{Service, FACILITY};
use serde_json::Value;

const MIB: u64 = 1024;
/// The minimum number of rows in a table.
const FEWEST: usize = 15;

/// The expected answer to a request.
#[derive(Debug, Clone)]
enum Outcome {
    /// A 4xx with a reason in JSON.
    Refused,
    /// This status with a reason in JSON.
    Status(u16),
    /// A 400 that names these fields and no others.
    Names(Vec<String>),
    /// A 4xx with an HTML page.
    Page,
    /// A 4xx or a closed connection, because the request is not HTTP.
    NoHttp,
    /// A 200 without any effect, as in the contract.
    Harmless,
}

impl Outcome {
    fn names(fields: &[&str]) -> Self {
        Self::Names(fields.iter().map(|field| (*field).to_owned()).collect())
    }
}

/// Runs one table of requests.
struct Table {
    service: Service,
    rows: usize,
    batches: u64,
    stored: Vec<(String, Value)>,
    resident: u64,
}

impl Table {
    /// Records the state before the first row.
    fn begin(service: Service) -> Self {
        let stored = stored(&service);
        let batches = service.metric("beamlive_store_batches_total");
        service.forget_peak();
        Self {
            rows: 0,
            batches,
            stored,
            resident: service.resident_kib(),
            service,
        }
    }

    /// Sends one request and checks its answer.
    fn row(&mut self, name: &str, request: &RawRequest, outcome: &Outcome) {
        self.rows += 1;
        let reply = self.service.exchange(&request.bytes());
        check(name, reply, outcome);
    }

    /// Checks that the rows had no effect, and that memory grew by less than `bound` MiB at its
    /// peak.
    fn end(self, bound: u64) -> Service {
        let Self {
            service,
            rows,
            batches,
            stored: before,
            resident,
        } = self;
        let grown = service.peak_kib().saturating_sub(resident);
        println!("{rows} rows; memory grew by {} MiB at its peak", grown / MIB);
        assert!(rows >= FEWEST, "only {rows} rows");
        assert!(
            grown < bound * MIB,
            "memory grew by {} MiB at its peak, more than {bound}",
            grown / MIB
        );
        assert_eq!(
            service.metric("beamlive_store_batches_total"),
            batches,
            "something was written"
        );
        assert_eq!(stored(&service), before);
        unharmed(&service);
        service
    }
}

/// Everything that the admin API shows.
fn stored(service: &Service) -> Vec<(String, Value)> {
    let lists = [
        "sessions",
        "data",
        "reports",
        "connections",
        "activity",
        "outbox",
        "feedback",
    ];
    let projects = [
        "projects/alice",
        "projects/bob",
        "projects/carol_3-x",
        "projects/staff",
    ];
    let lists = lists.map(|list| format!("{list}?limit=1000")).into_iter();
    lists
        .chain(projects.map(str::to_owned))
        .map(|path| (path.clone(), service.admin(&path)))
        .collect()
}

/// Asserts that no actor was lost, nothing panicked, and writes are on.
fn unharmed(service: &Service) {
    assert_eq!(service.respawns(), 0);
    let log = service.log();
    let panic = log.lines().find(|line| line.contains("panicked at"));
    assert_eq!(panic, None);
    assert_eq!(service.send(&RawRequest::get("/health/ready")).status, 200);
    let apply = RawRequest::post("/api/admin/apply?dry_run=true", FACILITY);
    let changes = service.send(&service.as_admin(apply)).json();
    assert_eq!(
        (&changes["created"], &changes["updated"]),
        (&Value::from(0), &Value::from(0)),
        "{changes}"
    );
}

fn check(name: &str, reply: Option<RawReply>, outcome: &Outcome) {
    let Some(reply) = reply else {
        assert!(
            matches!(outcome, Outcome::NoHttp),
            "{name}: no answer, instead of {outcome:?}"
        );
        return;
    };
    let answer = format!(
        "{name}: {} {}",
        reply.status,
        reply.text().chars().take(300).collect::<String>()
    );
    let refused = (400..500).contains(&reply.status);
    let explained = || {
        let json: Value =
            serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {answer}"));
        let error = &json["error"];
        assert!(
            error["code"].is_string() && error["message"].is_string(),
            "{answer}"
        );
        assert!(
            reply.body.len() < 64 * 1024,
            "{name}: an explanation of {} bytes",
            reply.body.len()
        );
    };
    match outcome {
        Outcome::Refused => {
            assert!(refused, "{answer}");
            explained();
        }
        Outcome::Status(status) => {
            assert_eq!(reply.status, *status, "{answer}");
            explained();
        }
        Outcome::Names(fields) => {
            assert_eq!(reply.status, 400, "{answer}");
            explained();
            assert_eq!(&reply.fields(), fields, "{answer}");
        }
        Outcome::Page => {
            assert!(refused, "{answer}");
            assert!(reply.head.contains("text/html"), "{answer}");
        }
        Outcome::NoHttp => {
            assert!(refused, "{answer}");
            explained();
        }
        Outcome::Harmless => assert_eq!(reply.status, 200, "{answer}"),
    }
}
