//! Counts outcomes and latencies of requests: per operation, and per second.

use crate::program::{Operation, Outcome};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// The requests of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    /// Latencies of the requests that succeeded, in µs from when they were due.
    pub(crate) latency: Histogram<u64>,
    pub(crate) outcomes: BTreeMap<Outcome, u64>,
}

/// The requests of all operations.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// In the order of [`Operation::ALL`].
    counts: Vec<Counts>,
    /// How late the load generator itself was, in µs: between when a request was due and when it
    /// was sent, where it had no answer to wait for.
    pub(crate) lateness: Histogram<u64>,
    /// Requests that were due but not sent before the end, because the program waited for answers.
    pub(crate) unsent: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            latency: histogram(),
            outcomes: BTreeMap::new(),
        }
    }
}

/// A histogram of three significant digits that grows as needed.
fn histogram() -> Histogram<u64> {
    // Fails for more than five digits only.
    Histogram::new(3).unwrap_or_else(|_| unreachable!())
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            counts: Operation::ALL.iter().map(|_| Counts::default()).collect(),
            lateness: histogram(),
            unsent: 0,
        }
    }
}

impl Counts {
    /// Requests that were made.
    pub(crate) fn made(&self) -> u64 {
        self.outcomes.values().sum()
    }

    /// Requests that did not succeed.
    pub(crate) fn failed(&self) -> u64 {
        self.made() - self.latency.len()
    }

    fn merge(&mut self, other: &Self) {
        add(&mut self.latency, &other.latency);
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += count;
        }
    }
}

fn add(to: &mut Histogram<u64>, from: &Histogram<u64>) {
    // A growing histogram takes every value.
    let _ = to.add(from);
}

impl Tally {
    pub(crate) fn operations(&self) -> impl Iterator<Item = (Operation, &Counts)> {
        Operation::ALL.into_iter().zip(&self.counts)
    }

    /// Counts a request; `took` is its time from when it was due.
    pub(crate) fn count(&mut self, operation: Operation, outcome: Outcome, took: Duration) {
        if let Some(counts) = self.counts.get_mut(operation as usize) {
            *counts.outcomes.entry(outcome).or_default() += 1;
            if outcome.is_success() {
                record(&mut counts.latency, took);
            }
        }
    }

    pub(crate) fn count_lateness(&mut self, late: Duration) {
        record(&mut self.lateness, late);
    }

    /// Adds another tally.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (counts, other) in self.counts.iter_mut().zip(&other.counts) {
            counts.merge(other);
        }
        add(&mut self.lateness, &other.lateness);
        self.unsent += other.unsent;
    }
}

fn record(latency: &mut Histogram<u64>, time: Duration) {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    // A growing histogram takes every value.
    let _ = latency.record(micros);
}

/// The tally that the programs of one thread share. It is taken once a second.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Tally>>);

impl Recorder {
    /// Calls `count` with the tally.
    pub(crate) fn with(&self, count: impl FnOnce(&mut Tally)) {
        count(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes the tally, and leaves an empty one.
    pub(crate) fn take(&self) -> Tally {
        let mut taken = Tally::default();
        self.with(|tally| std::mem::swap(tally, &mut taken));
        taken
    }
}

/// One second of the run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Second {
    /// When it ended, from the start.
    pub(crate) at: Duration,
    /// Its exact length.
    pub(crate) length: Duration,
    /// The operations that were asked for.
    pub(crate) operations: Vec<(Operation, Slice)>,
}

/// One operation in one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    /// 99th percentile in µs.
    pub(crate) p99: u64,
}

/// A whole run, in total and second by second.
#[derive(Debug, Default)]
pub(crate) struct TimeSeries {
    pub(crate) total: Tally,
    pub(crate) seconds: Vec<Second>,
    at: Duration,
}

impl TimeSeries {
    /// Adds what was counted until `at`.
    pub(crate) fn add(&mut self, tally: &Tally, at: Duration) {
        self.total.merge(tally);
        let slice = |counts: &Counts| Slice {
            succeeded: counts.latency.len(),
            failed: counts.failed(),
            p99: counts.latency.value_at_quantile(0.99),
        };
        let operations = tally.operations().filter(|(_, counts)| counts.made() > 0);
        self.seconds.push(Second {
            at,
            length: at.saturating_sub(self.at),
            operations: operations
                .map(|(operation, counts)| (operation, slice(counts)))
                .collect(),
        });
        self.at = at;
    }
}
