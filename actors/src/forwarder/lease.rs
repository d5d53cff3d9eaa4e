//! Pure: which of the processes on one database sends the outbox. One record names it.
//!
//! The holder replaces the record every second. Another process takes it over when the record has
//! not changed for a whole term, measured with its own monotonic clock, so no two clocks have to
//! agree. The holder starts no call for longer than [`CALLS`] after it began its last renewal. A
//! term is longer than that and a call together, so that no call of the old holder is running when
//! the next holder begins.

use crate::clock::Clock;
use beamlive_storage::records::OutboxLease;
use beamlive_storage::Versioned;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Time between two looks at the record.
pub(crate) const ROUND: Duration = Duration::from_secs(1);
/// How long calls may be started after a renewal.
const CALLS: Duration = Duration::from_secs(10);
/// How much longer a term is than the last call that may be started in it.
const MARGIN: Duration = Duration::from_secs(5);

/// Whether this process may start calls.
#[derive(Clone)]
pub(crate) struct LeaseGuard(Option<(Arc<AtomicU64>, Arc<dyn Clock>)>);

impl LeaseGuard {
    /// No other process writes to the store.
    pub(crate) fn always() -> Self {
        Self(None)
    }

    /// Not until the record names this process.
    pub(crate) fn by_record(clock: Arc<dyn Clock>) -> Self {
        Self(Some((Arc::default(), clock)))
    }

    pub(crate) fn is_held(&self) -> bool {
        self.0.as_ref().is_none_or(|(until, clock)| {
            clock.monotonic() < Duration::from_nanos(until.load(Ordering::SeqCst))
        })
    }

    /// The record was renewed; the renewal began at `began`.
    pub(crate) fn renewed(&self, began: Duration) {
        self.set(began + CALLS);
    }

    pub(crate) fn lost(&self) {
        self.set(Duration::ZERO);
    }

    fn set(&self, end: Duration) {
        if let Some((until, _)) = &self.0 {
            let nanos = u64::try_from(end.as_nanos()).unwrap_or(u64::MAX);
            until.store(nanos, Ordering::SeqCst);
        }
    }
}

/// The record, as this process has seen it.
#[derive(Debug)]
pub(crate) struct Lease {
    node: String,
    term: Duration,
    /// Another holder, its renewals, and since when it has not renewed.
    other: Option<(String, u64, Duration)>,
    /// The retries that operators had asked for when this process last held it.
    retries: Option<u64>,
}

/// What to do after a look at the record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Write this record in place of the one of this revision; of none, if there is none.
    Write(Option<u64>, OutboxLease),
    /// Another process holds it.
    Leave(String),
}

impl Lease {
    /// The lease as `node` sees it, whose calls take at most `call`.
    pub(crate) fn new(node: &str, call: Duration) -> Self {
        Self {
            node: node.to_owned(),
            term: CALLS + call + MARGIN,
            other: None,
            retries: None,
        }
    }

    /// `row` was read at `now`.
    pub(crate) fn look(&mut self, row: Option<Versioned<OutboxLease>>, now: Duration) -> Move {
        let Some(Versioned { revision, record }) = row else {
            return Move::Write(None, self.holding(0, 0));
        };
        if record.node != self.node && !record.node.is_empty() {
            self.retries = None;
            let known = self.other.take();
            let (node, renewals, since) = known
                .filter(|(node, renewals, _)| (node, renewals) == (&record.node, &record.renewals))
                .unwrap_or((record.node, record.renewals, now));
            if now.saturating_sub(since) < self.term {
                self.other = Some((node.clone(), renewals, since));
                return Move::Leave(node);
            }
        }
        Move::Write(Some(revision), self.holding(record.renewals, record.retries))
    }

    /// The record was written with these retries. Returns whether an operator has asked for one
    /// since the last time.
    pub(crate) fn written(&mut self, retries: u64) -> bool {
        self.other = None;
        self.retries
            .replace(retries)
            .is_some_and(|known| known != retries)
    }

    /// The record that gives the lease up, if it is this process's.
    pub(crate) fn released(&self, record: &OutboxLease) -> Option<OutboxLease> {
        (record.node == self.node).then(|| OutboxLease {
            node: String::new(),
            ..self.holding(record.renewals, record.retries)
        })
    }

    fn holding(&self, renewals: u64, retries: u64) -> OutboxLease {
        OutboxLease {
            node: self.node.clone(),
            renewals: renewals.wrapping_add(1),
            retries,
        }
    }
}

#[cfg(test)]
mod tests;
