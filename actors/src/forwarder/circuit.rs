//! Pure: the circuit breaker. It decides whether the Data Proxy is called while it fails.

use super::backoff::Backoff;
use super::outbox::RowId;
use super::proxy::{Cause, ProxyError};
use beamlive_storage::Timestamp;
use std::collections::BTreeSet;

/// The proxy counts as down once it has refused this many different directories in a row.
pub(crate) const REFUSALS: usize = 5;

#[derive(Debug)]
pub(crate) struct Circuit {
    /// Since when the proxy is up, or down.
    pub(crate) since: Timestamp,
    /// While the proxy is down: when the next probe may start. A probe is a single call, to find
    /// out whether the proxy works again.
    probe_at: Option<Timestamp>,
    /// The call that is running is a probe.
    pub(crate) probing: bool,
    /// Failed probes since it opened; the call that opened it counts.
    failures: u32,
    /// What has caused the last failures.
    cause: Cause,
    /// The different rows of these failures; no more than [`REFUSALS`].
    failed: BTreeSet<RowId>,
}

impl Circuit {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            probe_at: None,
            probing: false,
            failures: 0,
            cause: Cause::Proxy,
            failed: BTreeSet::new(),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.probe_at.is_none()
    }

    /// When a row may be sent that is due at `due`.
    pub(crate) fn call_at(&self, due: Timestamp) -> Timestamp {
        self.probe_at.map_or(due, |probe_at| due.max(probe_at))
    }

    pub(crate) fn succeeded(&mut self, now: Timestamp) {
        self.failed.clear();
        self.close(now);
    }

    /// A call for `row` has failed. Returns whether its directory may be the cause: then the row
    /// has a longer backoff after each failure.
    pub(crate) fn failed(
        &mut self,
        row: RowId,
        error: &ProxyError,
        is_probe: bool,
        backoff: &mut Backoff,
        now: Timestamp,
    ) -> bool {
        if self.cause != error.caused_by() {
            self.cause = error.caused_by();
            self.failed.clear();
        }
        if self.failed.len() < REFUSALS {
            self.failed.insert(row);
        }
        if self.cause == Cause::Directory && self.failed.len() < REFUSALS {
            // A refusal is an answer: the proxy works.
            self.close(now);
            return true;
        }
        // While a single row fails, another one may be the probe after the first delay.
        let is_alone = self.failed.len() == 1;
        // Calls that began before the circuit opened do not delay the probe.
        if self.is_up() || is_probe {
            if self.is_up() {
                tracing::warn!(%error, "the Data Proxy is down; uploads wait");
                self.since = now;
            }
            self.failures = if is_alone {
                1
            } else {
                self.failures.saturating_add(1)
            };
            self.probe_at = Some(backoff.after(self.failures, now));
        }
        is_alone || self.cause == Cause::Directory
    }

    /// Lets the next probe start at once.
    pub(crate) fn retry(&mut self, now: Timestamp) {
        self.failures = 0;
        self.probe_at = self.probe_at.map(|_| now);
    }

    fn close(&mut self, now: Timestamp) {
        if !self.is_up() {
            tracing::info!("the Data Proxy is up again");
            self.since = now;
            self.probe_at = None;
            self.failures = 0;
        }
    }
}
