//! The numbers that Prometheus reads: requests are counted as they are answered, the state of the service is read when
//! it is asked for.
//!
//! Labels come from small sets only: route patterns, methods, statuses, the beamlines of the facility. A raw path
//! holds a token, so it is neither a label nor logged.

mod observe;
mod scrape;
mod text;

pub use observe::{Observe, Pattern, Who};

use crate::proxy::files::Files;
use beamlive_actors::directory::Directory;
use prometheus::{
    exponential_buckets, Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, Opts, Registry, TextEncoder,
};
use std::fmt;

/// What a limit is called that ends something or keeps it out.
const LIMITS: [&str; 6] = [
    "connections",
    "bodies",
    "address",
    "project",
    "slow_head",
    "slow_reader",
];
/// What a route is called that sends files.
const FILE_ROUTES: [&str; 5] = ["raw", "archive", "multi", "frame", "snapshot"];

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It does not parse.
    Malformed,
    /// It was signed too long ago, or in the future.
    Stale,
    /// Its signature is not of the account's key.
    BadSignature,
    /// There is no such account.
    UnknownUser,
    /// The account has no key yet.
    NoKey,
}

impl Refused {
    const ALL: [Self; 5] = [
        Self::Malformed,
        Self::Stale,
        Self::BadSignature,
        Self::UnknownUser,
        Self::NoKey,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Stale => "stale",
            Self::BadSignature => "bad_signature",
            Self::UnknownUser => "unknown_user",
            Self::NoKey => "no_key",
        }
    }
}

/// First bucket of request latencies, in seconds, and how many there are, each twice the one before: 0.5 ms to 16 s.
const FIRST_BUCKET: f64 = 0.0005;
const BUCKETS: usize = 16;

/// What is counted. One per service, not one per process.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    in_flight: IntGauge,
    abandoned: IntCounter,
    verification_failures: IntCounterVec,
    overload: IntCounterVec,
    file_bytes: IntCounterVec,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The counter and the latencies of one kind of request.
#[derive(Debug, Clone)]
struct RequestSeries {
    requests: IntCounter,
    seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        let metrics = Self {
            registry: Registry::new(),
            requests: valid(IntCounterVec::new(
                Opts::new("beamlive_http_requests_total", "Requests answered."),
                &["route", "method", "status"],
            )),
            seconds: valid(
                exponential_buckets(FIRST_BUCKET, 2.0, BUCKETS).and_then(|buckets| {
                    let help = "Time from a request's head to its answer's head, in seconds.";
                    let options =
                        HistogramOpts::new("beamlive_http_request_duration_seconds", help).buckets(buckets);
                    HistogramVec::new(options, &["route", "method", "status"])
                }),
            ),
            in_flight: valid(IntGauge::new(
                "beamlive_http_requests_in_flight",
                "Requests being answered.",
            )),
            abandoned: valid(IntCounter::new(
                "beamlive_http_requests_abandoned_total",
                "Requests that got no answer: the client went away, or the handler panicked.",
            )),
            verification_failures: valid(IntCounterVec::new(
                Opts::new(
                    "beamlive_verification_failures_total",
                    "Tokens refused, by cause.",
                ),
                &["cause"],
            )),
            overload: valid(IntCounterVec::new(
                Opts::new(
                    "beamlive_overload_total",
                    "Connections and requests that were refused or cut off to keep the service going, by limit.",
                ),
                &["limit"],
            )),
            file_bytes: valid(IntCounterVec::new(
                Opts::new(
                    "beamlive_file_bytes_total",
                    "Bytes of files that were sent, by route.",
                ),
                &["route"],
            )),
        };
        // What has not come yet is 0, not unknown: its first time then shows in a rate.
        for limit in LIMITS {
            let _ = metrics.overload.with_label_values(&[limit]);
        }
        for route in FILE_ROUTES {
            let _ = metrics.file_bytes.with_label_values(&[route]);
        }
        for cause in Refused::ALL {
            let _ = metrics.verification_failures.with_label_values(&[cause.label()]);
        }
        let registry = &metrics.registry;
        valid(registry.register(Box::new(metrics.requests.clone())));
        valid(registry.register(Box::new(metrics.seconds.clone())));
        valid(registry.register(Box::new(metrics.in_flight.clone())));
        valid(registry.register(Box::new(metrics.abandoned.clone())));
        valid(registry.register(Box::new(metrics.verification_failures.clone())));
        valid(registry.register(Box::new(metrics.overload.clone())));
        valid(registry.register(Box::new(metrics.file_bytes.clone())));
        metrics
    }

    /// Counts what a limit ended or kept out. `limit` is one of a few, in a word or two: it is a label.
    pub fn overloaded(&self, limit: &'static str) {
        self.overload.with_label_values(&[limit]).inc();
    }

    /// Counts a token that was refused.
    pub fn verification_failed(&self, cause: Refused) {
        self.verification_failures
            .with_label_values(&[cause.label()])
            .inc();
    }

    /// What counts the bytes that one of the routes of the Data Proxy sends. `route` is its name: it is a label.
    #[must_use]
    pub fn file_bytes(&self, route: &'static str) -> IntCounter {
        self.file_bytes.with_label_values(&[route])
    }

    /// Everything in Prometheus' text format: what was counted, and the state of the service now. Looks at the store's
    /// directory, so it is for threads that may block.
    #[must_use]
    pub fn encode(&self, directory: &Directory, files: Option<&Files>) -> String {
        let mut text = self.counted();
        text.push_str(&scrape::Snapshot::of(directory).render());
        if let Some(files) = files {
            text.push_str(&scrape::pictures(&files.pictures));
            text.push_str(&scrape::disks(files.disks()));
        }
        text
    }

    fn counted(&self) -> String {
        let mut bytes = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut bytes) {
            tracing::error!(%error, "the counted numbers could not be encoded");
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// The series of one kind of request.
    fn series(&self, route: &str, method: &str, status: u16) -> RequestSeries {
        let status = status.to_string();
        let labels = [route, method, status.as_str()];
        RequestSeries {
            requests: self.requests.with_label_values(&labels),
            seconds: self.seconds.with_label_values(&labels),
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "names and buckets are constants, and every start makes all of them"
)]
fn valid<T>(made: prometheus::Result<T>) -> T {
    made.expect("a metric is well-formed")
}

#[cfg(test)]
mod tests {
    use super::{Metrics, Refused};

    #[test]
    fn counts_by_small_labels() {
        let metrics = Metrics::new();
        let series = metrics.series("/api/v2/{token}/data/{beamline}", "POST", 200);
        series.requests.inc();
        series.seconds.observe(0.003);
        metrics.verification_failed(Refused::Stale);
        metrics.verification_failed(Refused::Stale);
        let text = metrics.counted();
        for line in [
            "beamlive_http_requests_total{method=\"POST\",route=\"/api/v2/{token}/data/{beamline}\",status=\"200\"} 1",
            "beamlive_http_request_duration_seconds_bucket{method=\"POST\",route=\"/api/v2/{token}/data/{beamline}\",status=\"200\",le=\"0.004\"} 1",
            "beamlive_http_request_duration_seconds_bucket{method=\"POST\",route=\"/api/v2/{token}/data/{beamline}\",status=\"200\",le=\"0.002\"} 0",
            "beamlive_verification_failures_total{cause=\"stale\"} 2",
            "beamlive_verification_failures_total{cause=\"no_key\"} 0",
            "beamlive_http_requests_in_flight 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
