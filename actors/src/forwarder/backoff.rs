//! Pure: exponential backoff with jitter, so that rows that failed together are not tried together.

use beamlive_storage::Timestamp;
use std::time::Duration;

/// Delays that double from `first` to `longest`; each is shortened by up to half, at random.
#[derive(Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
    pub(crate) random: fastrand::Rng,
}

impl Backoff {
    /// When to try again after `failures` in a row, the last of them `now`.
    pub(crate) fn after(&mut self, failures: u32, now: Timestamp) -> Timestamp {
        let doublings = failures.saturating_sub(1).min(31);
        let delay = self.first.saturating_mul(1 << doublings).min(self.longest);
        later(now, delay.mul_f64(1.0 - self.random.f64() / 2.0))
    }
}

/// Whether `at` has come. An instant further away than the `longest` delay was set before the clock
/// was set back; it has come too.
pub(crate) fn is_due(at: Timestamp, now: Timestamp, longest: Duration) -> bool {
    at <= now || at > later(now, longest)
}

/// `time` moved by `delay`; saturating.
pub(crate) fn later(time: Timestamp, delay: Duration) -> Timestamp {
    time.plus_micros(i64::try_from(delay.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
