//! What the forwarder shows of itself: readable by everyone, without asking it.

use super::state::State;
use arc_swap::ArcSwapOption;
use beamlive_storage::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::Arc;

/// Stands for no time.
const NEVER: i64 = i64::MIN;

/// How the forwarder is doing; it outlives the actor. Each value is right by itself, they may be of different moments.
#[derive(Debug)]
pub struct ForwarderHealth {
    up: AtomicBool,
    since: AtomicI64,
    waiting: AtomicU64,
    more: AtomicBool,
    in_flight: AtomicU64,
    oldest: AtomicI64,
    delivered: AtomicU64,
    failed: AtomicU64,
    last_error: ArcSwapOption<String>,
}

/// How the forwarder was doing at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwarderStatus {
    /// Whether the Data Proxy is believed to work.
    pub up: bool,
    /// Since when it is believed to work, or not to; none before the actor's first start.
    pub since: Option<Timestamp>,
    /// Rows of the outbox that the forwarder has before it. See [`Self::more`].
    pub waiting: u64,
    /// Whether the outbox may hold more than [`Self::waiting`] tells.
    pub more: bool,
    /// Calls to the Data Proxy that are running.
    pub in_flight: u64,
    /// Since when the oldest of the waiting rows waits.
    pub oldest: Option<Timestamp>,
    /// Keys received and recorded since the process started.
    pub delivered: u64,
    /// Calls that failed since the process started.
    pub failed: u64,
    /// Why the last failed call did; none once the proxy is up and nothing waits.
    pub last_error: Option<Arc<String>>,
}

impl Default for ForwarderHealth {
    fn default() -> Self {
        Self {
            up: AtomicBool::new(true),
            since: AtomicI64::new(NEVER),
            waiting: AtomicU64::new(0),
            more: AtomicBool::new(true),
            in_flight: AtomicU64::new(0),
            oldest: AtomicI64::new(NEVER),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            last_error: ArcSwapOption::empty(),
        }
    }
}

impl ForwarderHealth {
    /// How it is doing now.
    #[must_use]
    pub fn status(&self) -> ForwarderStatus {
        let time =
            |cell: &AtomicI64| Some(Timestamp(cell.load(Ordering::Relaxed))).filter(|time| time.0 != NEVER);
        ForwarderStatus {
            up: self.up.load(Ordering::Relaxed),
            since: time(&self.since),
            waiting: self.waiting.load(Ordering::Relaxed),
            more: self.more.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            oldest: time(&self.oldest),
            delivered: self.delivered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            last_error: self.last_error.load_full(),
        }
    }

    pub(crate) fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, error: String) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.last_error.store(Some(Arc::new(error)));
    }

    /// `more`: whether the outbox may hold rows that `state` has not seen.
    pub(crate) fn show(&self, state: &State, more: bool) {
        let up = state.standing().is_up();
        if self.up.swap(up, Ordering::Relaxed) != up {
            match up {
                true => tracing::info!("the Data Proxy is up again"),
                false => {
                    tracing::warn!(last_error = ?self.last_error.load(), "the Data Proxy is down; uploads wait")
                }
            }
        }
        self.since.store(state.standing().since().0, Ordering::Relaxed);
        self.waiting.store(state.len() as u64, Ordering::Relaxed);
        self.more.store(more, Ordering::Relaxed);
        self.in_flight.store(state.in_flight() as u64, Ordering::Relaxed);
        self.oldest
            .store(state.oldest().map_or(NEVER, |time| time.0), Ordering::Relaxed);
        if up && state.len() == 0 {
            self.last_error.store(None);
        }
    }
}
