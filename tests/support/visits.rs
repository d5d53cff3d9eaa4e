//! The sessions of the admin API, with times as numbers that tests can compare.

use super::{Site, MORNING};
use chrono::DateTime;
use serde_json::Value;
use std::collections::BTreeMap;

/// Microseconds.
pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// One session. Times are microseconds since the tests' morning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub id: u64,
    pub name: String,
    pub project: String,
    pub beamline: String,
    pub url: Option<String>,
    pub created: i64,
    /// Start and end of each stretch, oldest first.
    pub stretches: Vec<(i64, Option<i64>)>,
}

impl Visit {
    /// Reads a session of the admin API.
    pub fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let stretches = row["stretches"].as_array().unwrap();
        Self {
            id: row["id"].as_u64().unwrap(),
            name: text("name"),
            project: text("project"),
            beamline: text("beamline"),
            url: row["url"].as_str().map(str::to_owned),
            created: since_morning(&row["created"]),
            stretches: stretches
                .iter()
                .map(|stretch| {
                    let end = &stretch["end"];
                    (
                        since_morning(&stretch["start"]),
                        (!end.is_null()).then(|| since_morning(end)),
                    )
                })
                .collect(),
        }
    }
}

fn since_morning(time: &Value) -> i64 {
    let time = DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap();
    time.timestamp_micros() - MORNING * SECOND
}

impl Site {
    /// All sessions, oldest first.
    pub async fn visits(&self) -> Vec<Visit> {
        let mut visits: Vec<Visit> = Vec::new();
        loop {
            let before = match visits.last() {
                Some(last) => format!("&before={}", last.id),
                None => String::new(),
            };
            let page = self.admin(&format!("sessions?limit=1000{before}")).await;
            let page = page.as_array().unwrap();
            if page.is_empty() {
                visits.reverse();
                return visits;
            }
            visits.extend(page.iter().map(Visit::of));
        }
    }

    /// The session of a project with this name. There must be exactly one.
    pub async fn visit(&self, project: &str, name: &str) -> Visit {
        let mut visits = self.visits().await;
        visits.retain(|visit| visit.project == project && visit.name == name);
        assert_eq!(visits.len(), 1, "{visits:#?}");
        visits.remove(0)
    }

    /// The stretches of [`Self::visit`].
    pub async fn stretches(&self, project: &str, name: &str) -> Vec<(i64, Option<i64>)> {
        self.visit(project, name).await.stretches
    }

    /// Advances the clock.
    pub fn pass(&self, micros: i64) {
        self.clock.advance(chrono::TimeDelta::microseconds(micros));
    }
}

/// Asserts that on each beamline every stretch ends before the next one starts, that each is
/// longer than zero, and that only the last one is open.
pub fn no_stretches_overlap(visits: &[Visit]) {
    let mut beamlines: BTreeMap<&str, Vec<(i64, Option<i64>)>> = BTreeMap::new();
    for visit in visits {
        beamlines
            .entry(&visit.beamline)
            .or_default()
            .extend(&visit.stretches);
    }
    for (beamline, mut stretches) in beamlines {
        stretches.sort_unstable();
        for pair in stretches.windows(2) {
            let end = pair[0].1.unwrap_or(i64::MAX);
            assert!(end <= pair[1].0, "{beamline}: {pair:?}");
        }
        for (start, end) in stretches {
            assert!(end.is_none_or(|end| start < end), "{beamline}: {start} {end:?}");
        }
    }
}
