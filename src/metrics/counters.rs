//! Counters and latencies, and the registry that they are read from.

use prometheus::core::Collector;
use prometheus::{
    exponential_buckets, register_histogram_vec_with_registry, register_int_counter_vec_with_registry,
    register_int_counter_with_registry, register_int_gauge_with_registry, Histogram, HistogramVec,
    IntCounter, IntCounterVec, IntGauge, Registry, TextEncoder,
};
use std::fmt;
use std::time::Duration;

/// The limits that refuse or end something.
const LIMITS: [&str; 6] = [
    "connections",
    "bodies",
    "address",
    "project",
    "slow_head",
    "slow_reader",
];
/// The routes that send files.
const FILE_ROUTES: [&str; 5] = ["raw", "archive", "multi", "frame", "snapshot"];

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It does not parse.
    Malformed,
    /// It was signed too long ago, or too far in the future.
    Stale,
    /// Its signature does not match the account's key.
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

/// Buckets of request latencies: 16, each twice the one before, from 0.5 ms to 16 s.
const FIRST_BUCKET: f64 = 0.0005;
const BUCKETS: usize = 16;

/// Counters and latencies. One set per service, not per process. Clones count in the same set.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    pub(super) seconds: HistogramVec,
    /// Requests being answered.
    pub(super) in_flight: IntGauge,
    /// Requests that got no answer.
    pub(super) abandoned: IntCounter,
    verification_failures: IntCounterVec,
    overload: IntCounterVec,
    file_bytes: IntCounterVec,
    handshakes_failed: IntCounter,
    certificate_end: IntGauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The counter and the latencies of one route, method and status.
#[derive(Debug, Clone)]
pub(super) struct RequestSeries {
    requests: IntCounter,
    seconds: Histogram,
}

impl RequestSeries {
    /// Counts a request that took `elapsed`.
    pub(super) fn count(&self, elapsed: Duration) {
        self.requests.inc();
        self.seconds.observe(elapsed.as_secs_f64());
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Counters at 0.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        let request_labels = ["route", "method", "status"];
        let metrics = Self {
            requests: valid(register_int_counter_vec_with_registry!(
                "beamlive_http_requests_total",
                "Requests answered.",
                &request_labels,
                registry
            )),
            seconds: valid(register_histogram_vec_with_registry!(
                "beamlive_http_request_duration_seconds",
                "Time from a request's head to its answer's head, in seconds.",
                &request_labels,
                valid(exponential_buckets(FIRST_BUCKET, 2.0, BUCKETS)),
                registry
            )),
            in_flight: valid(register_int_gauge_with_registry!(
                "beamlive_http_requests_in_flight",
                "Requests being answered.",
                registry
            )),
            abandoned: valid(register_int_counter_with_registry!(
                "beamlive_http_requests_abandoned_total",
                "Requests that got no answer: the client went away, or the handler panicked.",
                registry
            )),
            verification_failures: valid(register_int_counter_vec_with_registry!(
                "beamlive_verification_failures_total",
                "Tokens refused, by cause.",
                &["cause"],
                registry
            )),
            overload: valid(register_int_counter_vec_with_registry!(
                "beamlive_overload_total",
                "Connections and requests that were refused or cut off to keep the service going, by limit.",
                &["limit"],
                registry
            )),
            file_bytes: valid(register_int_counter_vec_with_registry!(
                "beamlive_file_bytes_total",
                "Bytes of files that were sent, by route.",
                &["route"],
                registry
            )),
            handshakes_failed: valid(register_int_counter_with_registry!(
                "beamlive_tls_handshakes_failed_total",
                "Connections whose client did not speak TLS as it must here.",
                registry
            )),
            certificate_end: valid(register_int_gauge_with_registry!(
                "beamlive_tls_certificate_end_seconds",
                "When the certificate in use ends, in seconds since 1970; 0 without TLS.",
                registry
            )),
            registry,
        };
        // Series begin at 0, so that their first event shows in a rate.
        for limit in LIMITS {
            let _ = metrics.overload.with_label_values(&[limit]);
        }
        for route in FILE_ROUTES {
            let _ = metrics.file_bytes.with_label_values(&[route]);
        }
        for cause in Refused::ALL {
            let _ = metrics.verification_failures.with_label_values(&[cause.label()]);
        }
        metrics
    }

    /// Adds the metrics of `collector` to what is encoded.
    pub fn register(&self, collector: impl Collector + 'static) {
        valid(self.registry.register(Box::new(collector)));
    }

    /// Counts a connection or request that was refused or cut off. `limit` is a label.
    pub fn overloaded(&self, limit: &'static str) {
        self.overload.with_label_values(&[limit]).inc();
    }

    /// Counts a token that was refused.
    pub fn verification_failed(&self, cause: Refused) {
        self.verification_failures
            .with_label_values(&[cause.label()])
            .inc();
    }

    /// Counts a connection whose handshake of TLS failed.
    pub fn handshake_failed(&self) {
        self.handshakes_failed.inc();
    }

    /// The gauge of when the certificate in use ends.
    #[must_use]
    pub fn certificate_end(&self) -> IntGauge {
        self.certificate_end.clone()
    }

    /// The counter of the bytes that a route of the Data Proxy sends. `route` is a label.
    #[must_use]
    pub fn file_bytes(&self, route: &'static str) -> IntCounter {
        self.file_bytes.with_label_values(&[route])
    }

    /// All metrics in Prometheus' text format. Collectors read the store's directory, so this
    /// blocks.
    #[must_use]
    pub fn encode(&self) -> String {
        let encoded = TextEncoder::new().encode_to_string(&self.registry.gather());
        encoded.unwrap_or_else(|error| {
            tracing::error!(%error, "the metrics could not be encoded");
            String::new()
        })
    }

    /// The series of one route, method and status.
    pub(super) fn series(&self, route: &str, method: &str, status: u16) -> RequestSeries {
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
pub(super) fn valid<T>(made: prometheus::Result<T>) -> T {
    made.expect("a metric is well-formed")
}

#[cfg(test)]
mod tests {
    use super::{Metrics, Refused};
    use std::time::Duration;

    #[test]
    fn counts_by_small_labels() {
        let metrics = Metrics::new();
        let series = metrics.series("/api/v2/{token}/data/{beamline}", "POST", 200);
        series.count(Duration::from_millis(3));
        metrics.verification_failed(Refused::Stale);
        metrics.verification_failed(Refused::Stale);
        let text = metrics.encode();
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
