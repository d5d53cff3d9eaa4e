//! Pure: which row of the outbox is sent next, and what an outcome changes. No clock, no I/O.
//!
//! It holds a window of the outbox: the rows that are due soonest. The others stay in the store.

use super::backoff::Backoff;
use super::circuit::{Circuit, CircuitState};
use super::outbox::{Row, RowId};
use super::proxy::{Blame, ProxyError};
use crate::ask::Unavailable;
use beamlive_storage::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use thiserror::Error;

/// Limits and delays of the forwarder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwarderSettings {
    /// Calls to the Data Proxy at a time.
    pub concurrency: usize,
    /// Rows of the outbox in memory.
    pub window: usize,
    /// Delay after a first failure; it doubles with each further one.
    pub first_backoff: Duration,
    /// Longest delay.
    pub longest_backoff: Duration,
}

impl Default for ForwarderSettings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            window: 1024,
            first_backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(60),
        }
    }
}

/// How a delivery ended.
pub(crate) type Outcome = Result<Success, Failure>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Success {
    /// The key is recorded and the row is removed.
    Delivered,
    /// The row was removed by somebody else. The proxy was not called.
    Gone,
    /// The proxy gave a key, but the row changed too often while it was being recorded.
    Contended,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Failure {
    /// The store could not be read or written. This tells nothing about the proxy.
    #[error(transparent)]
    Store(#[from] Unavailable),
    /// The proxy gave no key.
    #[error("{error}")]
    Proxy {
        error: ProxyError,
        /// The row's revision once the failure is noted in it.
        revision: Option<u64>,
    },
}

/// A row in the window.
#[derive(Debug)]
struct Pending {
    due: Timestamp,
    created: Timestamp,
    revision: u64,
    /// Failures that count for its own backoff.
    failures: u32,
    tried: Option<Timestamp>,
}

#[derive(Debug)]
pub(crate) struct DueQueue {
    concurrency: usize,
    window: usize,
    backoff: Backoff,
    circuit: Circuit,
    waiting: BTreeMap<RowId, Pending>,
    in_flight: BTreeMap<RowId, Pending>,
}

impl DueQueue {
    pub(crate) fn new(settings: ForwarderSettings, random: fastrand::Rng, now: Timestamp) -> Self {
        let concurrency = settings.concurrency.max(1);
        Self {
            concurrency,
            window: settings.window.max(concurrency),
            backoff: Backoff::new(settings.first_backoff, settings.longest_backoff, random),
            circuit: Circuit::new(now),
            waiting: BTreeMap::new(),
            in_flight: BTreeMap::new(),
        }
    }

    pub(crate) fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// How many calls are running.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How many rows the window holds.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.in_flight.len()
    }

    /// When the oldest row of the window was created.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        let rows = self.waiting.values().chain(self.in_flight.values());
        rows.map(|row| row.created).min()
    }

    /// How many rows to read next: none unless half of the window is free. Rows that are not due
    /// make way for others.
    pub(crate) fn page_limit(&self, now: Timestamp) -> Option<usize> {
        let due = self
            .waiting
            .values()
            .filter(|row| self.backoff.is_due(row.due, now));
        let room = self.window.saturating_sub(self.in_flight.len() + due.count());
        (room > 0 && room >= self.window / 2).then_some(room)
    }

    /// Adds rows that are new, or have changed in the store since they were added. Rows that have
    /// failed before wait for their backoff, unless `eager` is set.
    pub(crate) fn add(&mut self, rows: &[Row], eager: bool, now: Timestamp) {
        for row in rows {
            let known = self.waiting.get(&row.id);
            let is_current = known.is_some_and(|known| known.revision >= row.revision);
            if is_current || self.in_flight.contains_key(&row.id) {
                continue;
            }
            let failures = if eager { 0 } else { row.attempts };
            let due = match failures {
                0 => now,
                _ => self.backoff.after(failures, now),
            };
            let pending = Pending {
                due,
                created: row.created,
                revision: row.revision,
                failures,
                tried: None,
            };
            self.waiting.insert(row.id, pending);
        }
        self.trim();
        self.advance_probe();
    }

    /// The next row to send now, if any. To be called until it returns none.
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<RowId> {
        let id = match self.circuit.state() {
            CircuitState::Closed if self.in_flight.len() < self.concurrency => {
                let rows = self.waiting.iter();
                let due = rows.filter(|(_, row)| self.backoff.is_due(row.due, now));
                *due.min_by_key(|(_, row)| row.due)?.0
            }
            CircuitState::Open { probe_at }
                if self.in_flight.is_empty() && self.backoff.is_due(probe_at, now) =>
            {
                // Rows take turns as the probe: one of them may be the reason why the proxy fails.
                let id = *self.waiting.iter().min_by_key(|(_, row)| (row.tried, row.due))?.0;
                self.circuit.probe_started();
                id
            }
            _ => return None,
        };
        let mut row = self.waiting.remove(&id)?;
        row.tried = Some(now);
        self.in_flight.insert(id, row);
        Some(id)
    }

    /// When [`Self::next`] may return a row, if nothing else happens until then.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        match self.circuit.state() {
            CircuitState::Closed if self.in_flight.len() < self.concurrency => {
                self.waiting.values().map(|row| row.due).min()
            }
            CircuitState::Open { probe_at } if self.in_flight.is_empty() && !self.waiting.is_empty() => {
                Some(probe_at)
            }
            _ => None,
        }
    }

    /// A row that [`Self::next`] returned has been dealt with.
    pub(crate) fn finished(&mut self, id: RowId, outcome: &Outcome, now: Timestamp) {
        let Some(mut row) = self.in_flight.remove(&id) else {
            return;
        };
        match outcome {
            Ok(Success::Delivered) => return self.circuit.succeeded(now),
            Ok(Success::Gone) => return self.circuit.inconclusive(now),
            Ok(Success::Contended) => {
                row.due = now;
                self.circuit.succeeded(now);
            }
            Err(Failure::Store(_)) => {
                row.failures = row.failures.saturating_add(1);
                row.due = self.backoff.after(row.failures, now);
                self.circuit.inconclusive(row.due);
            }
            Err(Failure::Proxy { error, revision }) => {
                let blame = error.blame();
                // A probe that fails counts for the circuit's backoff, not for the row's.
                if self.circuit.state() != CircuitState::HalfOpen || blame == Blame::Directory {
                    row.failures = row.failures.saturating_add(1);
                }
                row.due = self.backoff.after(row.failures, now);
                row.revision = revision.unwrap_or(row.revision);
                self.circuit.failed(id, blame, &mut self.backoff, now);
            }
        }
        self.waiting.insert(id, row);
        self.advance_probe();
    }

    /// Makes every row due now.
    pub(crate) fn retry(&mut self, now: Timestamp) {
        for row in self.waiting.values_mut() {
            row.due = now;
            row.failures = 0;
        }
        self.circuit.retry(now);
    }

    /// Lets the next probe start earlier if it may be a new row.
    fn advance_probe(&mut self) {
        if self.waiting.values().any(|row| row.tried.is_none()) {
            self.circuit.new_row_waits(&self.backoff);
        }
    }

    /// Drops the rows that are due last, beyond the size of the window.
    fn trim(&mut self) {
        let excess = self.len().saturating_sub(self.window);
        if excess > 0 {
            let mut rows: Vec<_> = self.waiting.iter().map(|(id, row)| (row.due, *id)).collect();
            rows.sort_unstable();
            for (_, id) in rows.into_iter().rev().take(excess) {
                self.waiting.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests;
