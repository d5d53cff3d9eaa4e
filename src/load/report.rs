//! What a run came to: one value, told as text, as JSON and as a page.

mod about;
mod chart;
pub mod hdr;
mod html;
mod text;

#[cfg(test)]
mod tests;

use super::books::Findings;
use super::measure::{Counts, Course};
use super::program::Operation;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

pub use html::page;
pub use text::table;

/// Requests above this many ms late on the load generator's own account make a run doubtful.
const LATE_MS: f64 = 5.0;

/// What was run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct About {
    /// The service.
    pub url: String,
    /// When it began, RFC 3339 UTC.
    pub began: String,
    /// The version of this program.
    pub version: String,
    /// The machine that made the load.
    pub machine: String,
    /// What was asked for: names and values.
    pub options: Vec<(String, String)>,
    /// How the loop was: `open at 5/s` or `closed`.
    pub arrivals: String,
}

/// How the books came out.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Everything that was acknowledged is there, once.
    Right(Findings),
    /// Something is not.
    Wrong(Findings),
    /// They were not looked at.
    Unchecked {
        /// Why.
        reason: String,
    },
}

/// One operation, all over.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Which.
    pub operation: Operation,
    /// Requests that were made.
    pub count: u64,
    /// Requests that did not succeed.
    pub failed: u64,
    /// Requests that succeeded, a second.
    pub rate: f64,
    /// Of those that succeeded, in ms from when they were due.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// 99.9th percentile.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// How many came to what.
    pub statuses: BTreeMap<String, u64>,
    /// Percentile and ms, from the shortest to the longest.
    pub percentiles: Vec<(f64, f64)>,
}

/// A part of the run, a second or, of a long run, some.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// When it ended, in seconds from the start.
    pub at_s: f64,
    /// Requests that succeeded, a second, by operation.
    pub rates: BTreeMap<&'static str, f64>,
    /// Requests that failed, a second.
    pub failed: f64,
    /// The highest 99th percentile of any operation, in ms.
    pub p99_ms: f64,
}

/// All of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was run.
    #[serde(flatten)]
    pub about: About,
    /// How long requests came, in seconds.
    pub seconds: f64,
    /// It was ended before its time.
    pub interrupted: bool,
    /// One for each operation that was asked for.
    pub operations: Vec<Row>,
    /// Requests that were due and could not be sent before the end.
    pub unsent: u64,
    /// 99th percentile of how late the load generator itself was, in ms.
    pub generator_late_ms: f64,
    /// How it went over time.
    pub course: Vec<Part>,
    /// The books.
    pub books: Verdict,
    /// What else there is to know, such as what stays.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Of findings.
    #[must_use]
    pub fn of(findings: Findings) -> Self {
        if findings.are_right() {
            Self::Right(findings)
        } else {
            Self::Wrong(findings)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers to look at")]
fn float(count: u64) -> f64 {
    count as f64
}

fn ms(micros: u64) -> f64 {
    float(micros) / 1e3
}

/// Percentiles of a curve: closer together towards the longest.
fn percentiles(latency: &Histogram<u64>) -> Vec<(f64, f64)> {
    if latency.is_empty() {
        return Vec::new();
    }
    latency
        .iter_quantiles(4)
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
        statuses: counts
            .outcomes
            .iter()
            .map(|(outcome, count)| (outcome.to_string(), *count))
            .collect(),
        percentiles: percentiles(&counts.latency),
    }
}

/// Most parts of a course; a chart has no room for more.
const PARTS: usize = 600;
/// Shorter ends of a course are left out: closing all sessions at once is no rate.
const SHORTEST: Duration = Duration::from_millis(250);

fn course(course: &Course) -> Vec<Part> {
    let seconds: Vec<_> = course
        .seconds
        .iter()
        .filter(|second| second.length >= SHORTEST)
        .collect();
    let parts = seconds.chunks(seconds.len().div_ceil(PARTS).max(1));
    let part = |seconds: &[&super::measure::Second]| {
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
    };
    parts.map(part).collect()
}

impl Report {
    /// Of a run whose requests came for `length`.
    #[must_use]
    pub fn new(about: About, measured: &Course, length: Duration, interrupted: bool, books: Verdict) -> Self {
        let seconds = length.as_secs_f64().max(1e-3);
        let rows = measured
            .total
            .operations()
            .filter(|(_, counts)| counts.made() > 0)
            .map(|(operation, counts)| row(operation, counts, seconds));
        Self {
            about,
            seconds,
            interrupted,
            operations: rows.collect(),
            unsent: measured.total.unsent,
            generator_late_ms: ms(measured.total.lateness.value_at_quantile(0.99)),
            course: course(measured),
            books,
            notes: Vec::new(),
        }
    }

    /// What a reader must know before believing the numbers.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
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
                "1 of 100 requests left this machine more than {:.1} ms after it was due although nothing was waited \
                 for: it has too little processor time left to make this load",
                self.generator_late_ms
            ));
        }
        let failed: u64 = self.operations.iter().map(|row| row.failed).sum();
        if failed > 0 {
            warnings.push(format!(
                "{failed} requests did not succeed; they are in no latency"
            ));
        }
        warnings
    }

    /// The same as JSON.
    ///
    /// # Errors
    /// Never for what a run measures.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}
