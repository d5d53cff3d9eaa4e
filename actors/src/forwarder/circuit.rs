//! Pure: the circuit breaker. It decides whether the Data Proxy is called while it fails.

use super::backoff::{later, Backoff};
use super::outbox::RowId;
use super::proxy::Blame;
use beamlive_storage::Timestamp;
use std::collections::BTreeSet;

/// The proxy counts as down once it has refused this many different directories in a row.
pub(crate) const REFUSALS: usize = 5;

/// Whether calls may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CircuitState {
    /// The proxy works: calls may be made.
    Closed,
    /// The proxy is down: no call until `probe_at`.
    Open { probe_at: Timestamp },
    /// One call is running, to find out whether the proxy works again.
    HalfOpen,
}

#[derive(Debug)]
pub(crate) struct Circuit {
    state: CircuitState,
    /// Since when the proxy is up, or down.
    since: Timestamp,
    /// Failed probes since it opened; the call that opened it counts.
    failures: u32,
    last_failure: Timestamp,
    /// Different rows that failed since the last success; no more than two.
    failed: BTreeSet<RowId>,
    /// Different rows that were refused in a row; no more than [`REFUSALS`].
    refused: BTreeSet<RowId>,
}

impl Circuit {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            state: CircuitState::Closed,
            since: now,
            failures: 0,
            last_failure: now,
            failed: BTreeSet::new(),
            refused: BTreeSet::new(),
        }
    }

    pub(crate) fn state(&self) -> CircuitState {
        self.state
    }

    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    /// The next call is the probe. The caller makes sure that no other call is running.
    pub(crate) fn probe_started(&mut self) {
        self.state = CircuitState::HalfOpen;
    }

    /// The call that ended did not reach the proxy. If it was the probe, the next one may start at
    /// `next`.
    pub(crate) fn inconclusive(&mut self, next: Timestamp) {
        if self.state == CircuitState::HalfOpen {
            self.state = CircuitState::Open { probe_at: next };
        }
    }

    pub(crate) fn succeeded(&mut self, now: Timestamp) {
        self.failed.clear();
        self.refused.clear();
        self.close(now);
    }

    pub(crate) fn failed(&mut self, row: RowId, blame: Blame, backoff: &mut Backoff, now: Timestamp) {
        if self.failed.len() < 2 {
            self.failed.insert(row);
        }
        if blame == Blame::Proxy {
            self.refused.clear();
        } else if self.refused.len() < REFUSALS {
            self.refused.insert(row);
            if self.refused.len() < REFUSALS {
                // A refusal is an answer: the proxy works.
                self.close(now);
                return;
            }
        }
        match self.state {
            // The call began before the circuit opened.
            CircuitState::Open { .. } => return,
            CircuitState::Closed => {
                self.since = now;
                self.failures = 0;
            }
            CircuitState::HalfOpen => {}
        }
        self.failures = self.failures.saturating_add(1);
        self.last_failure = now;
        self.state = CircuitState::Open {
            probe_at: backoff.after(self.failures, now),
        };
    }

    /// A row that was never tried is waiting. If a single row has failed so far, its directory may
    /// be the cause; so the new row may be the probe after the first delay of `backoff`.
    pub(crate) fn new_row_waits(&mut self, backoff: &Backoff) {
        if let CircuitState::Open { probe_at } = &mut self.state {
            if self.failed.len() < 2 {
                *probe_at = later(self.last_failure, backoff.first()).min(*probe_at);
            }
        }
    }

    /// Lets the next probe start at once.
    pub(crate) fn retry(&mut self, now: Timestamp) {
        self.failures = 0;
        if let CircuitState::Open { probe_at } = &mut self.state {
            *probe_at = now;
        }
    }

    fn close(&mut self, now: Timestamp) {
        if self.state != CircuitState::Closed {
            self.state = CircuitState::Closed;
            self.since = now;
        }
    }
}
