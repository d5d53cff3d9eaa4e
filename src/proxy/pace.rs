//! Pure: how fast a client takes a body that is made for it.

use std::time::{Duration, Instant};

/// Bytes that a client took, in one window of time after another. While it waits for us, its time stands still.
#[derive(Debug)]
pub struct Pace {
    window: Duration,
    begun: Instant,
    taken: u64,
    starved: Duration,
    starving: Option<Instant>,
    /// Bytes a second in the last window that has ended.
    last: Option<u64>,
}

impl Pace {
    /// A client that begins `now`.
    #[must_use]
    pub fn new(window: Duration, now: Instant) -> Self {
        Self {
            window,
            begun: now,
            taken: 0,
            starved: Duration::ZERO,
            starving: None,
            last: None,
        }
    }

    /// It waits for us.
    pub fn starves(&mut self, now: Instant) {
        self.starving.get_or_insert(now);
    }

    /// It took something.
    pub fn took(&mut self, bytes: u64, now: Instant) {
        if let Some(since) = self.starving.take() {
            self.starved += now.saturating_duration_since(since);
        }
        if let Some(rate) = self.current(now) {
            *self = Self {
                last: Some(rate),
                ..Self::new(self.window, now)
            };
        }
        self.taken = self.taken.saturating_add(bytes);
    }

    /// Bytes a second that it takes; none as long as that is not known.
    #[must_use]
    pub fn per_second(&self, now: Instant) -> Option<u64> {
        self.current(now).or(self.last)
    }

    /// The rate in this window, once it has lasted long enough.
    fn current(&self, now: Instant) -> Option<u64> {
        let starving = self
            .starving
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let own = now
            .saturating_duration_since(self.begun)
            .saturating_sub(self.starved + starving);
        let micros = own.as_micros().max(1);
        let rate = u128::from(self.taken) * 1_000_000 / micros;
        (own >= self.window).then(|| u64::try_from(rate).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    #[test]
    fn the_pace_is_known_after_a_window_and_is_that_of_the_newest() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::new(WINDOW, start);
        pace.took(1_000_000, at(1));
        assert_eq!(pace.per_second(at(9)), None, "the first window has not ended");
        assert_eq!(pace.per_second(at(10)), Some(100_000));
        pace.took(50, at(10));
        assert_eq!(pace.per_second(at(15)), Some(100_000), "of the window before");
        assert_eq!(pace.per_second(at(20)), Some(5));
        assert_eq!(
            pace.per_second(at(60)),
            Some(1),
            "who takes nothing gets slower and slower"
        );
    }

    #[test]
    fn waiting_for_us_does_not_count() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::new(WINDOW, start);
        pace.took(1000, at(1));
        pace.starves(at(1));
        pace.starves(at(50));
        assert_eq!(pace.per_second(at(500)), None);
        pace.took(1000, at(500));
        assert_eq!(pace.per_second(at(508)), None);
        assert_eq!(pace.per_second(at(509)), Some(200));
    }
}
