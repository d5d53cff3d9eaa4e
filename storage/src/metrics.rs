//! What the writer counts.

use crate::engine::Filesystem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets of batches per group.
const GROUP_BOUNDS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// Upper bounds of the buckets of commit latency, in µs.
const LATENCY_BOUNDS: [u64; 12] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
];

/// What the writer has done and what waits for it, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct WriterMetrics {
    /// Places of the queue that are taken: batches that wait, and permits.
    pub queue_depth: usize,
    /// Places that the queue has.
    pub queue_capacity: usize,
    /// Groups that were written, each with one sync.
    pub groups: u64,
    /// Batches that are durable.
    pub batches: u64,
    /// Batches whose preconditions did not hold.
    pub conflicts: u64,
    /// Batches per group.
    pub group_size: Histogram,
    /// From handing a batch over to its being durable, in seconds.
    pub commit_seconds: Histogram,
    /// Bytes of the store's files.
    pub disk_bytes: u64,
    /// What an operator has to see to.
    pub trouble: Option<String>,
    /// The file system of these files; none for a store that has none.
    pub filesystem: Option<Filesystem>,
}

/// A distribution, in the form that Prometheus has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Upper bounds, and how many observations are at or below each.
    pub buckets: Vec<(f64, u64)>,
    /// Sum of all observations.
    pub sum: f64,
    /// Number of all observations.
    pub count: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Meters {
    pub(crate) groups: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    group_size: Distribution<10>,
    latency: Distribution<12>,
}

impl Meters {
    pub(crate) fn group(&self, batches: usize) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.group_size
            .observe(&GROUP_BOUNDS, u64::try_from(batches).unwrap_or(u64::MAX));
    }

    pub(crate) fn commit(&self, after: Duration) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.latency.observe(
            &LATENCY_BOUNDS,
            u64::try_from(after.as_micros()).unwrap_or(u64::MAX),
        );
    }

    pub(crate) fn conflict(&self) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn group_size(&self) -> Histogram {
        self.group_size.snapshot(&GROUP_BOUNDS, 1.0)
    }

    pub(crate) fn commit_seconds(&self) -> Histogram {
        self.latency.snapshot(&LATENCY_BOUNDS, 1e-6)
    }
}

#[derive(Debug)]
struct Distribution<const N: usize> {
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Default for Distribution<N> {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            above: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }
}

impl<const N: usize> Distribution<N> {
    fn observe(&self, bounds: &[u64; N], value: u64) {
        let place = bounds.iter().position(|bound| value <= *bound);
        place
            .and_then(|place| self.counts.get(place))
            .unwrap_or(&self.above)
            .fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    #[allow(clippy::cast_precision_loss, reason = "a metric may be off by a part in 2^53")]
    fn snapshot(&self, bounds: &[u64; N], unit: f64) -> Histogram {
        let mut below = 0;
        let buckets = bounds
            .iter()
            .zip(&self.counts)
            .map(|(bound, count)| {
                below += count.load(Ordering::Relaxed);
                (*bound as f64 * unit, below)
            })
            .collect();
        Histogram {
            buckets,
            sum: self.sum.load(Ordering::Relaxed) as f64 * unit,
            count: below + self.above.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_what_is_above_counts() {
        let meters = Meters::default();
        for size in [1, 2, 3, 512, 513] {
            meters.group(size);
        }
        let sizes = meters.group_size();
        assert_eq!(sizes.buckets.first().unwrap(), &(1.0, 1));
        assert_eq!(sizes.buckets.get(1).unwrap(), &(2.0, 2));
        assert_eq!(sizes.buckets.get(2).unwrap(), &(4.0, 3));
        assert_eq!(sizes.buckets.last().unwrap(), &(512.0, 4));
        assert_eq!((sizes.count, sizes.sum), (5, 1031.0));
    }

    #[test]
    fn latencies_are_in_seconds() {
        let meters = Meters::default();
        meters.commit(Duration::from_millis(2));
        let latency = meters.commit_seconds();
        assert!((latency.sum - 0.002).abs() < 1e-9);
        let first = latency.buckets.iter().find(|(_, count)| *count == 1).unwrap();
        assert!((first.0 - 0.0025).abs() < 1e-9);
    }
}
