//! The results of a run, as they are written as JSON.

use crate::about::About;
use crate::audit::Findings;
use crate::measure::{Counts, Second, TimeSeries};
use crate::program::Operation;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Lateness of the load generator itself above which the results are doubtful, in ms.
const LATE_MS: f64 = 5.0;
/// Most points of a curve over time; a chart has no room for more.
const MAX_POINTS: usize = 600;
/// A shorter last second is left out: the closes at the end of a run are no rate.
const SHORTEST: Duration = Duration::from_millis(250);

/// The result of the audit.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Every acknowledged record is there, once.
    Right(Findings),
    Wrong(Findings),
    Unchecked {
        reason: String,
    },
}

/// One operation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) operation: Operation,
    /// Requests that were made.
    pub(crate) count: u64,
    pub(crate) failed: u64,
    /// Requests that succeeded, a second.
    pub(crate) rate: f64,
    /// Latencies of those that succeeded, in ms from when they were due.
    pub(crate) p50_ms: f64,
    pub(crate) p90_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
    /// Requests by outcome.
    pub(crate) statuses: BTreeMap<String, u64>,
    /// Percentiles and their ms, from the shortest to the longest.
    pub(crate) percentiles: Vec<(f64, f64)>,
}

/// A part of the run: a second, or several of a long run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Part {
    /// When it ended, in seconds from the start.
    pub(crate) at_s: f64,
    /// Requests that succeeded, a second, by operation.
    pub(crate) rates: BTreeMap<&'static str, f64>,
    /// Requests that failed, a second.
    pub(crate) failed: f64,
    /// The highest 99th percentile of any operation, in ms.
    pub(crate) p99_ms: f64,
}

/// All results.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Results {
    #[serde(flatten)]
    pub(crate) about: About,
    /// How long requests were sent, in seconds.
    pub(crate) seconds: f64,
    /// The run ended before its time.
    pub(crate) interrupted: bool,
    /// The operations that were asked for.
    pub(crate) operations: Vec<Row>,
    /// Requests that were due and could not be sent before the end.
    pub(crate) unsent: u64,
    /// 99th percentile of the load generator's own lateness, in ms.
    pub(crate) generator_late_ms: f64,
    /// The run over time.
    pub(crate) series: Vec<Part>,
    /// The audit.
    pub(crate) audit: Verdict,
    /// More to know, such as what remains of the run.
    pub(crate) notes: Vec<String>,
}

impl Verdict {
    pub(crate) fn of(findings: Findings) -> Self {
        if findings.are_right() {
            Self::Right(findings)
        } else {
            Self::Wrong(findings)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers to look at")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

fn ms(micros: u64) -> f64 {
    float(micros) / 1e3
}

/// The points of a curve, which are denser towards the longest latency.
fn percentiles(latency: &Histogram<u64>) -> Vec<(f64, f64)> {
    if latency.is_empty() {
        return Vec::new();
    }
    let points = latency.iter_quantiles(4);
    points
        .map(|value| {
            (
                value.quantile_iterated_to() * 100.0,
                ms(value.value_iterated_to()),
            )
        })
        .collect()
}

fn row(operation: Operation, counts: &Counts, seconds: f64) -> Row {
    let at = |quantile| ms(counts.latency.value_at_quantile(quantile));
    let outcomes = counts.outcomes.iter();
    Row {
        operation,
        count: counts.made(),
        failed: counts.failed(),
        rate: float(counts.latency.len()) / seconds,
        p50_ms: at(0.5),
        p90_ms: at(0.9),
        p99_ms: at(0.99),
        p999_ms: at(0.999),
        max_ms: ms(counts.latency.max()),
        statuses: outcomes
            .map(|(outcome, count)| (outcome.to_string(), *count))
            .collect(),
        percentiles: percentiles(&counts.latency),
    }
}

fn part(seconds: &[&Second]) -> Part {
    let length: f64 = seconds.iter().map(|second| second.length.as_secs_f64()).sum();
    let mut part = Part {
        at_s: seconds.last().map_or(0.0, |second| second.at.as_secs_f64()),
        rates: BTreeMap::new(),
        failed: 0.0,
        p99_ms: 0.0,
    };
    for (operation, slice) in seconds.iter().flat_map(|second| &second.operations) {
        *part.rates.entry(operation.name()).or_default() += float(slice.succeeded) / length;
        part.failed += float(slice.failed) / length;
        part.p99_ms = part.p99_ms.max(ms(slice.p99));
    }
    part
}

impl Results {
    /// The results of a run whose requests were sent for `length`.
    pub(crate) fn new(
        about: About,
        measured: &TimeSeries,
        length: Duration,
        interrupted: bool,
        audit: Verdict,
    ) -> Self {
        let length = length.as_secs_f64().max(1e-3);
        let made = measured
            .total
            .operations()
            .filter(|(_, counts)| counts.made() > 0);
        let seconds = measured.seconds.iter();
        let seconds: Vec<_> = seconds.filter(|second| second.length >= SHORTEST).collect();
        let parts = seconds.chunks(seconds.len().div_ceil(MAX_POINTS).max(1));
        Self {
            about,
            seconds: length,
            interrupted,
            operations: made
                .map(|(operation, counts)| row(operation, counts, length))
                .collect(),
            unsent: measured.total.unsent,
            generator_late_ms: ms(measured.total.lateness.value_at_quantile(0.99)),
            series: parts.map(part).collect(),
            audit,
            notes: Vec::new(),
        }
    }

    /// Requests that did not succeed.
    pub(crate) fn failed(&self) -> u64 {
        self.operations.iter().map(|row| row.failed).sum()
    }

    /// What a reader must know about the numbers.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.interrupted {
            warnings.push("ended before its time".to_owned());
        }
        if self.unsent > 0 {
            warnings.push(format!(
                "{} requests were due and not sent before the end: the service did not keep up with the rate",
                self.unsent
            ));
        }
        if self.generator_late_ms > LATE_MS {
            warnings.push(format!(
                "1 of 100 requests left this machine more than {:.1} ms after it was due, although the program had \
                 no answer to wait for: this machine has too little processor time left to make this load",
                self.generator_late_ms
            ));
        }
        let failed = self.failed();
        if failed > 0 {
            warnings.push(format!(
                "{failed} requests did not succeed; they are in no latency"
            ));
        }
        warnings
    }
}
