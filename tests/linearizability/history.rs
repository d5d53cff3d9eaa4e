//! The calls, their times and their answers.

use beamlive_storage::Timestamp;
use serde_json::Value;

/// A request for one beamline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Launch { project: &'static str, name: String },
    Close { project: &'static str, name: String },
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The survey identifies the session.
    Launched {
        survey: String,
        duration: String,
    },
    Closed {
        duration: String,
    },
    /// The session was never launched.
    NotFound,
}

/// One call. Its times are positions in the sequence of all calls and answers.
#[derive(Debug, Clone)]
pub struct Call {
    pub op: Op,
    pub called: u64,
    /// `None` if the service was killed first. Then the call took effect before the restart or
    /// never.
    pub answered: Option<(u64, Answer)>,
    /// The time of the service, if it did not change during the call.
    pub now: Option<Timestamp>,
}

/// The sessions and stretches when no call is running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Project and name, in the order of creation.
    pub sessions: Vec<(String, String)>,
    /// From old to new: the index of the session in `sessions`, start and end.
    pub stretches: Vec<(usize, Timestamp, Option<Timestamp>)>,
}

impl Seen {
    /// The sessions of one beamline in a list of the admin API.
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
