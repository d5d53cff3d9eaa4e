//! Pure: exponential backoff with jitter, so that what failed together is not tried again together.

use super::standing::plus;
use beamlive_storage::Timestamp;
use std::time::Duration;

/// Doubles from `first` to `longest`; each delay is cut by up to half, at random.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    random: u64,
}

impl Backoff {
    /// Delays between `first` and `longest`; `seed` decides the jitter.
    pub(crate) fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self {
            first,
            longest: longest.max(first),
            // The generator stands still at zero.
            random: seed | 1,
        }
    }

    pub(crate) fn first(&self) -> Duration {
        self.first
    }

    pub(crate) fn longest(&self) -> Duration {
        self.longest
    }

    /// When to try again what has failed `failures` times in a row, the last time `now`.
    pub(crate) fn after(&mut self, failures: u32, now: Timestamp) -> Timestamp {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = whole / 2;
        // 1024 steps are fine enough to keep entries apart.
        let step = u32::try_from(self.draw() % 1024).unwrap_or(0);
        plus(now, whole - half + (half / 1024).saturating_mul(step))
    }

    /// xorshift64: quick, and nothing secret hangs on it.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(backoff: &mut Backoff, failures: u32) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let micros = backoff.after(failures, Timestamp(0)).0 as f64;
        micros / 1e6
    }

    #[test]
    fn delays_double_up_to_the_longest_and_never_fall_below_half() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60), 7);
        for (failures, whole) in [(1, 1.0), (2, 2.0), (5, 16.0), (7, 60.0), (u32::MAX, 60.0)] {
            for _ in 0..200 {
                let delay = seconds(&mut backoff, failures);
                assert!(delay >= whole / 2.0 && delay <= whole, "{failures}: {delay}");
            }
        }
    }

    #[test]
    fn what_failed_together_is_spread() {
        let mut backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(60), 0);
        let delays: Vec<_> = (0..100).map(|_| seconds(&mut backoff, 1)).collect();
        let spread =
            |range: std::ops::Range<f64>| delays.iter().filter(|delay| range.contains(delay)).count();
        for quarter in [5.0..6.25, 6.25..7.5, 7.5..8.75, 8.75..10.0] {
            assert!(spread(quarter.clone()) > 10, "{quarter:?} of {delays:?}");
        }
    }
}
