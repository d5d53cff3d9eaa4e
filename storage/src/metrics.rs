//! Counters and histograms of the writer.

use crate::engine::interface::Filesystem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets for batches per group.
const GROUP_BOUNDS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// Upper bounds of the buckets for commit latency, in µs.
const LATENCY_BOUNDS: [u64; 12] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
];

/// Metrics of the store at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct WriterMetrics {
    /// Slots of the queue in use: waiting batches, and permits.
    pub queue_depth: usize,
    /// Slots of the queue.
    pub queue_capacity: usize,
    /// Groups written, each with one sync.
    pub groups: u64,
    /// Batches committed.
    pub batches: u64,
    /// Batches whose preconditions did not hold.
    pub conflicts: u64,
    /// Batches per group.
    pub group_size: Histogram,
    /// Time from commit to durability of a batch, in seconds.
    pub commit_seconds: Histogram,
    /// Bytes of the store's files.
    pub disk_bytes: u64,
    /// A problem that an operator must fix.
    pub trouble: Option<String>,
    /// The file system of these files; `None` for a store in memory.
    pub filesystem: Option<Filesystem>,
}

/// A histogram in the form of Prometheus.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Upper bounds, with the number of observations at or below each.
    pub buckets: Vec<(f64, u64)>,
    /// Sum of all observations.
    pub sum: f64,
    /// Number of all observations.
    pub count: u64,
}

#[derive(Debug)]
pub(crate) struct Meters {
    pub(crate) groups: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    group_size: Distribution,
    latency: Distribution,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            groups: AtomicU64::new(0),
            batches: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            group_size: Distribution::new(&GROUP_BOUNDS),
            latency: Distribution::new(&LATENCY_BOUNDS),
        }
    }
}

impl Meters {
    pub(crate) fn group(&self, batches: usize) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.group_size
            .observe(u64::try_from(batches).unwrap_or(u64::MAX));
    }

    pub(crate) fn commit(&self, after: Duration) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.latency
            .observe(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn group_size(&self) -> Histogram {
        self.group_size.histogram(1.0)
    }

    pub(crate) fn commit_seconds(&self) -> Histogram {
        self.latency.histogram(1e-6)
    }
}

#[derive(Debug)]
struct Distribution {
    /// Upper bound of each bucket, and the number of observations in it.
    buckets: Vec<(u64, AtomicU64)>,
    count: AtomicU64,
    sum: AtomicU64,
}

impl Distribution {
    fn new(bounds: &[u64]) -> Self {
        Self {
            buckets: bounds.iter().map(|bound| (*bound, AtomicU64::new(0))).collect(),
            count: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn observe(&self, value: u64) {
        // First, so that no bucket is ever above the count.
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Some((_, bucket)) = self.buckets.iter().find(|(bound, _)| value <= *bound) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    #[allow(clippy::cast_precision_loss, reason = "a metric may be off by a part in 2^53")]
    fn histogram(&self, unit: f64) -> Histogram {
        let mut below = 0;
        let buckets = self.buckets.iter().map(|(bound, bucket)| {
            below += bucket.load(Ordering::Relaxed);
            (*bound as f64 * unit, below)
        });
        Histogram {
            buckets: buckets.collect(),
            sum: self.sum.load(Ordering::Relaxed) as f64 * unit,
            count: self.count.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests;
