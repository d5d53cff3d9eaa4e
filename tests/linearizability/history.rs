//! What was called, when, and what came of it.

use beamlive_storage::Timestamp;
use serde_json::Value;

/// What a client asks of one beamline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Launch { project: &'static str, name: String },
    Close { project: &'static str, name: String },
}

/// What it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The URL of the session's survey tells which session it is.
    Launched {
        survey: String,
        duration: String,
    },
    Closed {
        duration: String,
    },
    /// Never launched.
    NotFound,
}

/// One call. Its times are places in the one order in which calls and answers were seen.
#[derive(Debug, Clone)]
pub struct Call {
    pub op: Op,
    pub called: u64,
    /// None when the service died first: it has happened, or never will.
    pub answered: Option<(u64, Answer)>,
    /// The service's time, if it stood still meanwhile.
    pub now: Option<Timestamp>,
}

/// What there is, once nothing is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Project and name, in the order in which they were made.
    pub sessions: Vec<(String, String)>,
    /// The oldest first: whose, by its place in `sessions`, and from when to when.
    pub stretches: Vec<(usize, Timestamp, Option<Timestamp>)>,
}

impl Seen {
    /// What the admin API's list of sessions says of one beamline.
    pub fn of(rows: &[Value], beamline: &str) -> Self {
        let mut rows: Vec<_> = rows.iter().filter(|row| row["beamline"] == beamline).collect();
        rows.sort_by_key(|row| row["id"].as_u64().unwrap());
        let mut seen = Self {
            sessions: Vec::new(),
            stretches: Vec::new(),
        };
        for (place, row) in rows.into_iter().enumerate() {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            seen.sessions.push((text("project"), text("name")));
            for stretch in row["stretches"].as_array().unwrap() {
                let end = &stretch["end"];
                seen.stretches.push((
                    place,
                    time(&stretch["start"]),
                    (!end.is_null()).then(|| time(end)),
                ));
            }
        }
        seen.stretches.sort_by_key(|(_, start, _)| *start);
        seen
    }
}

fn time(value: &Value) -> Timestamp {
    let time = chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap();
    time.to_utc().into()
}
