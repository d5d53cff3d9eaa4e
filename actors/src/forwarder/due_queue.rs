//! Pure: which row of the outbox is sent next, and what an outcome changes. No clock, no I/O.
//!
//! It holds a window of the outbox: the rows that are due soonest. The others stay in the store.

use super::backoff::{is_due, Backoff};
use super::circuit::Circuit;
use super::outbox::{Row, RowId};
use super::proxy::ProxyError;
use super::status::ForwarderStatus;
use crate::ask::Unavailable;
use beamlive_storage::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
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
    /// Longest time that a call takes.
    pub call_timeout: Duration,
}

impl Default for ForwarderSettings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            window: 1024,
            first_backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(60),
            call_timeout: Duration::from_secs(30),
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
    /// Another process sends the outbox now. The proxy was not called.
    Elsewhere,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(transparent)]
pub(crate) enum Failure {
    /// The store could not be read or written.
    Store(#[from] Unavailable),
    /// The proxy gave no key.
    Proxy(#[from] ProxyError),
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
    in_flight: bool,
}

#[derive(Debug)]
pub(crate) struct DueQueue {
    concurrency: usize,
    window: usize,
    backoff: Backoff,
    circuit: Circuit,
    rows: BTreeMap<RowId, Pending>,
    /// Only its counters and its last error are kept up to date.
    counters: ForwarderStatus,
}

impl DueQueue {
    /// An empty queue, whose counters go on from those of `before`.
    pub(crate) fn new(
        settings: ForwarderSettings,
        random: fastrand::Rng,
        before: ForwarderStatus,
        now: Timestamp,
    ) -> Self {
        let concurrency = settings.concurrency.max(1);
        Self {
            concurrency,
            window: settings.window.max(concurrency),
            backoff: Backoff {
                first: settings.first_backoff,
                longest: settings.longest_backoff.max(settings.first_backoff),
                random,
            },
            circuit: Circuit::new(now),
            rows: BTreeMap::new(),
            counters: ForwarderStatus {
                last_error: None,
                ..before
            },
        }
    }

    /// How many calls are running.
    pub(crate) fn in_flight(&self) -> usize {
        self.rows.values().filter(|row| row.in_flight).count()
    }

    /// The present state. `more` tells whether the outbox may hold rows that were not read yet.
    pub(crate) fn status(&self, more: bool) -> ForwarderStatus {
        ForwarderStatus {
            up: self.circuit.is_up(),
            since: Some(self.circuit.since),
            waiting: self.rows.len() as u64,
            more,
            in_flight: self.in_flight() as u64,
            oldest: self.rows.values().map(|row| row.created).min(),
            ..self.counters.clone()
        }
    }

    /// How many rows to read next: none unless half of the window is free. Rows that are not due
    /// make way for others.
    pub(crate) fn page_limit(&self, now: Timestamp) -> Option<usize> {
        let longest = self.backoff.longest;
        let stays = |row: &&Pending| row.in_flight || is_due(row.due, now, longest);
        let room = self
            .window
            .saturating_sub(self.rows.values().filter(stays).count());
        (room > 0 && room >= self.window / 2).then_some(room)
    }

    /// Adds rows that are new, or were uploaded again since they were added. Rows that have failed
    /// before wait for their backoff, unless `eager` is set.
    pub(crate) fn add(&mut self, rows: &[Row], eager: bool, now: Timestamp) {
        for row in rows {
            // A noted failure changes the revision too, but an upload resets the attempts.
            let stays =
                |known: &Pending| known.in_flight || row.attempts > 0 || known.revision >= row.revision;
            if self.rows.get(&row.id).is_some_and(stays) {
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
                in_flight: false,
            };
            self.rows.insert(row.id, pending);
        }
        self.trim();
    }

    /// Drops all rows that are not in a call: another process sends them.
    pub(crate) fn hand_over(&mut self) {
        self.rows.retain(|_, row| row.in_flight);
    }

    /// Drops the rows that are due last, beyond the size of the window.
    fn trim(&mut self) {
        let excess = self.rows.len().saturating_sub(self.window);
        if excess > 0 {
            let waiting = self.rows.iter().filter(|(_, row)| !row.in_flight);
            let mut waiting: Vec<_> = waiting.map(|(id, row)| (row.due, *id)).collect();
            waiting.sort_unstable();
            for (_, id) in waiting.into_iter().rev().take(excess) {
                self.rows.remove(&id);
            }
        }
    }

    /// When [`Self::next`] may return a row, if nothing else happens until then.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        let limit = if self.circuit.is_up() { self.concurrency } else { 1 };
        if self.in_flight() >= limit {
            return None;
        }
        let waiting = self.rows.values().filter(|row| !row.in_flight);
        waiting.map(|row| self.circuit.call_at(row.due)).min()
    }

    /// The next row to send now, if any. To be called until it returns none.
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<RowId> {
        let longest = self.backoff.longest;
        if !is_due(self.next_at()?, now, longest) {
            return None;
        }
        let is_up = self.circuit.is_up();
        let waiting = self.rows.iter_mut().filter(|(_, row)| !row.in_flight);
        let due = waiting.filter(|(_, row)| is_due(row.due, now, longest));
        // Rows take turns as the probe: one of them may be the reason why the proxy fails.
        let (id, row) = due.min_by_key(|(_, row)| (row.tried.filter(|_| !is_up), row.due))?;
        self.circuit.probing = !is_up;
        row.tried = Some(now);
        row.in_flight = true;
        Some(*id)
    }

    /// A row that [`Self::next`] returned has been dealt with.
    pub(crate) fn finished(&mut self, id: RowId, outcome: &Outcome, now: Timestamp) {
        let Some(row) = self.rows.get_mut(&id) else {
            return;
        };
        let is_probe = std::mem::take(&mut self.circuit.probing);
        match outcome {
            Ok(success) => {
                self.rows.remove(&id);
                if *success == Success::Delivered {
                    self.counters.delivered += 1;
                    self.circuit.succeeded(now);
                }
            }
            Err(failure) => {
                self.counters.failed += 1;
                self.counters.last_error = Some(Arc::new(failure.to_string()));
                let counts = match failure {
                    Failure::Store(_) => true,
                    Failure::Proxy(error) => self.circuit.failed(id, error, is_probe, &mut self.backoff, now),
                };
                row.failures = row.failures.saturating_add(counts.into());
                row.due = self.backoff.after(row.failures, now);
                row.in_flight = false;
            }
        }
        if self.circuit.is_up() && self.rows.is_empty() {
            self.counters.last_error = None;
        }
    }

    /// Makes every row due now.
    pub(crate) fn retry(&mut self, now: Timestamp) {
        for row in self.rows.values_mut() {
            row.due = now;
            row.failures = 0;
        }
        self.circuit.retry(now);
    }
}

#[cfg(test)]
mod tests;
