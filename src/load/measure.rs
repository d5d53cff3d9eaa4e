//! Counts what came of requests, and how long they took: per operation, and per second.

use super::program::{Operation, Outcome};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// What came of the requests of one operation.
#[derive(Debug, Clone)]
pub struct Counts {
    /// How long those took that succeeded, in µs, from when they were due.
    pub latency: Histogram<u64>,
    /// How many came to what.
    pub outcomes: BTreeMap<Outcome, u64>,
}

/// Of every operation, in the order of [`Operation::ALL`].
#[derive(Debug, Clone)]
pub struct Tally {
    counts: Vec<Counts>,
    /// How long after they were due requests were sent although nothing was waited for, in µs: how late the load
    /// generator itself was.
    pub lateness: Histogram<u64>,
    /// How many were due and could not be sent before the end, for those before them were not answered.
    pub unsent: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            latency: histogram(),
            outcomes: BTreeMap::new(),
        }
    }
}

/// Three digits, from 1 µs to as long as it takes.
fn histogram() -> Histogram<u64> {
    // Fails only for other bounds than these.
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
    #[must_use]
    pub fn made(&self) -> u64 {
        self.outcomes.values().sum()
    }

    /// Requests that were made and did not succeed.
    #[must_use]
    pub fn failed(&self) -> u64 {
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
    // A histogram that grows by itself takes every value of another one.
    let _ = to.add(from);
}

impl Tally {
    /// What is counted of an operation.
    pub fn operations(&self) -> impl Iterator<Item = (Operation, &Counts)> {
        Operation::ALL.into_iter().zip(&self.counts)
    }

    fn of(&mut self, operation: Operation) -> Option<&mut Counts> {
        let place = Operation::ALL.iter().position(|other| *other == operation)?;
        self.counts.get_mut(place)
    }

    /// Enters a request that took so long from when it was due.
    pub fn enter(&mut self, operation: Operation, outcome: Outcome, took: Duration) {
        if let Some(counts) = self.of(operation) {
            *counts.outcomes.entry(outcome).or_default() += 1;
            if outcome.is_success() {
                record(&mut counts.latency, took);
            }
        }
    }

    /// Enters how late the load generator was.
    pub fn enter_lateness(&mut self, late: Duration) {
        record(&mut self.lateness, late);
    }

    /// Adds what another one has counted.
    pub fn merge(&mut self, other: &Self) {
        for (counts, other) in self.counts.iter_mut().zip(&other.counts) {
            counts.merge(other);
        }
        add(&mut self.lateness, &other.lateness);
        self.unsent += other.unsent;
    }
}

fn record(latency: &mut Histogram<u64>, time: Duration) {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    // A histogram that grows by itself takes every value.
    let _ = latency.record(micros);
}

/// Where the programs of one thread enter what they see. Nobody else waits for it but who takes it, once a second.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Tally>>);

impl Recorder {
    /// Enters something.
    pub fn with(&self, enter: impl FnOnce(&mut Tally)) {
        enter(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was entered since the last time.
    #[must_use]
    pub fn take(&self) -> Tally {
        let fresh = Tally::default();
        std::mem::replace(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), fresh)
    }
}

/// One second of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Second {
    /// When it ended, from the start.
    pub at: Duration,
    /// How long it was.
    pub length: Duration,
    /// By operation: succeeded, failed, and the 50th and 99th percentile in µs.
    pub operations: Vec<(Operation, Slice)>,
}

/// One operation in one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slice {
    /// Requests that succeeded.
    pub succeeded: u64,
    /// Requests that did not.
    pub failed: u64,
    /// Half took at most so long, in µs.
    pub p50: u64,
    /// 99 of 100 took at most so long, in µs.
    pub p99: u64,
}

/// All of a run.
#[derive(Debug, Default)]
pub struct Course {
    /// All together.
    pub total: Tally,
    /// One after the other.
    pub seconds: Vec<Second>,
    at: Duration,
}

impl Course {
    /// Enters what was counted up to `at`.
    pub fn enter(&mut self, tally: &Tally, at: Duration) {
        self.total.merge(tally);
        let operations = tally.operations().filter(|(_, counts)| counts.made() > 0);
        let slice = |counts: &Counts| Slice {
            succeeded: counts.latency.len(),
            failed: counts.failed(),
            p50: counts.latency.value_at_quantile(0.5),
            p99: counts.latency.value_at_quantile(0.99),
        };
        let second = Second {
            at,
            length: at.saturating_sub(self.at),
            operations: operations
                .map(|(operation, counts)| (operation, slice(counts)))
                .collect(),
        };
        self.at = at;
        self.seconds.push(second);
    }
}
