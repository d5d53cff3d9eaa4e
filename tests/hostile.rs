//! What a hostile, broken or mistaken client may send, endpoint by endpoint.
//!
//! Each table runs against a service in a process of its own. Whatever is sent is refused with a 4xx that says why, or
//! is harmless where the contract says so; nothing of it is stored; no actor is lost and nothing panics; memory stays
//! within a bound; and a good request works afterwards.

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
/// Fewest rows of a table.
const FEWEST: usize = 15;

/// What must come of a request.
#[derive(Debug, Clone)]
enum Outcome {
    /// A 4xx, explained in JSON.
    Refused,
    /// Exactly this status, explained in JSON.
    Status(u16),
    /// A 400 that names exactly these fields.
    Names(Vec<String>),
    /// A 4xx with a page for people.
    Page,
    /// No HTTP: a 4xx, or the connection closed.
    NoHttp,
    /// 200, as the contract says, and nothing comes of it.
    Harmless,
}

impl Outcome {
    fn names(fields: &[&str]) -> Self {
        Self::Names(fields.iter().map(|field| (*field).to_owned()).collect())
    }
}

/// One table, while it is gone through.
struct Table {
    service: Service,
    rows: usize,
    batches: u64,
    stored: Vec<(String, Value)>,
    resident: u64,
}

impl Table {
    /// Remembers what there is before the first row.
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

    /// Sends one request, and checks its answer.
    fn row(&mut self, name: &str, request: &RawRequest, outcome: &Outcome) {
        self.rows += 1;
        let reply = self.service.exchange(&request.bytes());
        check(name, reply, outcome);
    }

    /// Checks that nothing has come of all the rows. Memory, at its peak, grew by less than `bound` MiB.
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
        assert!(rows >= FEWEST, "{rows} rows are no table");
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

/// All that an operator can see.
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

/// No actor was lost, nothing panicked, and writes are on.
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
    let told = format!(
        "{name}: {} {}",
        reply.status,
        reply.text().chars().take(300).collect::<String>()
    );
    let refused = (400..500).contains(&reply.status);
    let explained = || {
        let json: Value =
            serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {told}"));
        let error = &json["error"];
        assert!(
            error["code"].is_string() && error["message"].is_string(),
            "{told}"
        );
        assert!(
            reply.body.len() < 64 * 1024,
            "{name}: an explanation of {} bytes",
            reply.body.len()
        );
    };
    match outcome {
        Outcome::Refused => {
            assert!(refused, "{told}");
            explained();
        }
        Outcome::Status(status) => {
            assert_eq!(reply.status, *status, "{told}");
            explained();
        }
        Outcome::Names(fields) => {
            assert_eq!(reply.status, 400, "{told}");
            explained();
            assert_eq!(&reply.fields(), fields, "{told}");
        }
        Outcome::Page => {
            assert!(refused, "{told}");
            assert!(reply.head.contains("text/html"), "{told}");
        }
        Outcome::NoHttp => {
            assert!(refused, "{told}");
            explained();
        }
        Outcome::Harmless => assert_eq!(reply.status, 200, "{told}"),
    }
}
