//! What is going on, from two scrapes and the admin API. Pure.

use super::scrape::Scrape;
use beamlive_storage::Timestamp;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What `/health/ready` answers, as far as it is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Readiness {
    status: String,
    version: String,
    store: StoreHealth,
}

#[derive(Debug, Deserialize)]
struct StoreHealth {
    reason: Option<String>,
    advice: Option<String>,
    trouble: Option<String>,
}

/// A session, as the admin API lists it.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    name: String,
    project: String,
    beamline: String,
    datasets: u64,
    reports: u64,
    stretches: Vec<Stretch>,
}

#[derive(Debug, Deserialize)]
struct Stretch {
    start: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
}

/// What is going on.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    pub(super) status: String,
    pub(super) version: String,
    /// What is wrong with the store, and what to do.
    pub(super) trouble: Vec<String>,
    /// Those with a session first.
    pub(super) beamlines: Vec<Beamline>,
    pub(super) requests: Requests,
    pub(super) outbox: Outbox,
    pub(super) store: Store,
    /// Those that do not answer.
    pub(super) roots_down: Vec<String>,
    /// When the certificate ends, in seconds since 1970.
    pub(super) certificate_end: Option<i64>,
}

/// A beamline, and who has it.
#[derive(Debug, Serialize)]
pub(super) struct Beamline {
    pub(super) acronym: String,
    pub(super) session: Option<OpenSession>,
}

/// Who has a beamline.
#[derive(Debug, Serialize)]
pub(super) struct OpenSession {
    pub(super) project: String,
    pub(super) name: String,
    /// For how long, in seconds.
    pub(super) seconds: i64,
    pub(super) datasets: u64,
    pub(super) reports: u64,
}

/// Requests between two scrapes.
#[derive(Debug, Serialize)]
pub(super) struct Requests {
    pub(super) per_second: f64,
    pub(super) failed_per_second: f64,
    /// The 50th and the 99th percentile of their times, in milliseconds.
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) in_flight: f64,
}

/// Directories that wait for their key.
#[derive(Debug, Serialize)]
pub(super) struct Outbox {
    pub(super) up: bool,
    pub(super) waiting: f64,
    pub(super) oldest_seconds: f64,
}

/// The store and its disk.
#[derive(Debug, Serialize)]
pub(super) struct Store {
    pub(super) writes_off: bool,
    pub(super) queued: f64,
    pub(super) batches_per_second: f64,
    pub(super) bytes: Option<f64>,
    pub(super) free_bytes: Option<f64>,
    pub(super) filesystem_bytes: Option<f64>,
}

impl Picture {
    /// What is going on `now`. `before` was scraped `seconds` earlier.
    pub(super) fn of(
        now: &Scrape,
        before: &Scrape,
        seconds: f64,
        readiness: Readiness,
        sessions: Vec<Session>,
        time: Timestamp,
    ) -> Self {
        let value = |name| now.value(name).unwrap_or_default();
        let rate = |name: &str, counts: fn(&str) -> bool| {
            ((now.sum(name, counts) - before.sum(name, counts)) / seconds.max(0.001)).max(0.0)
        };
        const REQUESTS: &str = "beamlive_http_requests_total";
        const LATENCY: &str = "beamlive_http_request_duration_seconds";
        let milliseconds = |share| {
            now.quantile(before, LATENCY, share)
                .map(|seconds| seconds * 1000.0)
        };
        let store = readiness.store;
        let down = now.by_label("beamlive_users_root_up", "root");
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is a number of seconds since 1970"
        )]
        let certificate_end = now
            .value("beamlive_tls_certificate_end_seconds")
            .filter(|end| *end > 0.0)
            .map(|end| end as i64);
        Self {
            status: readiness.status,
            version: readiness.version,
            trouble: [store.reason, store.trouble, store.advice]
                .into_iter()
                .flatten()
                .collect(),
            beamlines: beamlines(now, sessions, time),
            requests: Requests {
                per_second: rate(REQUESTS, |_| true),
                failed_per_second: rate(REQUESTS, |labels| labels.contains("status=\"5")),
                p50_ms: milliseconds(0.5),
                p99_ms: milliseconds(0.99),
                in_flight: value("beamlive_http_requests_in_flight"),
            },
            outbox: Outbox {
                up: now.value("beamlive_data_proxy_up") != Some(0.0),
                waiting: value("beamlive_outbox_depth"),
                oldest_seconds: value("beamlive_outbox_oldest_age_seconds"),
            },
            store: Store {
                writes_off: value("beamlive_store_writes_off") > 0.0,
                queued: value("beamlive_store_queue_depth"),
                batches_per_second: rate("beamlive_store_batches_total", |_| true),
                bytes: now.value("beamlive_store_disk_bytes"),
                free_bytes: now.value("beamlive_store_filesystem_free_bytes"),
                filesystem_bytes: now.value("beamlive_store_filesystem_bytes"),
            },
            roots_down: down
                .into_iter()
                .filter(|(_, up)| *up == 0.0)
                .map(|(root, _)| root)
                .collect(),
            certificate_end,
        }
    }
}

/// All beamlines that have metrics, and those with a session.
fn beamlines(now: &Scrape, sessions: Vec<Session>, time: Timestamp) -> Vec<Beamline> {
    let mut all: Vec<Beamline> = Vec::new();
    for session in sessions {
        let open = session.stretches.iter().find(|stretch| stretch.end.is_none());
        let since = open.map_or(time.seconds(), |stretch| stretch.start.timestamp());
        all.push(Beamline {
            acronym: session.beamline,
            session: Some(OpenSession {
                project: session.project,
                name: session.name,
                seconds: (time.seconds() - since).max(0),
                datasets: session.datasets,
                reports: session.reports,
            }),
        });
    }
    for (acronym, _) in now.by_label("beamlive_open_sessions", "beamline") {
        if !all.iter().any(|other| other.acronym == acronym) {
            all.push(Beamline {
                acronym,
                session: None,
            });
        }
    }
    all.sort_by(|one, other| {
        let key = |beamline: &Beamline| (beamline.session.is_none(), beamline.acronym.clone());
        key(one).cmp(&key(other))
    });
    all
}
