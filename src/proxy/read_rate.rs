//! Pure: measures how fast a client reads a body.

use std::time::{Duration, Instant};

/// The bytes that a client reads, in consecutive windows of time. Time during which the client
/// waits for the service does not count.
#[derive(Debug)]
pub struct ReadRate {
    window: Duration,
    started: Instant,
    bytes: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
    /// Bytes a second in the last complete window.
    last: Option<u64>,
}

impl ReadRate {
    /// A client that starts to read `now`.
    #[must_use]
    pub fn new(window: Duration, now: Instant) -> Self {
        Self {
            window,
            started: now,
            bytes: 0,
            waited: Duration::ZERO,
            waiting_since: None,
            last: None,
        }
    }

    /// The client waits for the service.
    pub fn waits(&mut self, now: Instant) {
        self.waiting_since.get_or_insert(now);
    }

    /// The client has received `bytes`.
    pub fn received(&mut self, bytes: u64, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += now.saturating_duration_since(since);
        }
        if let Some(rate) = self.current(now) {
            *self = Self {
                last: Some(rate),
                ..Self::new(self.window, now)
            };
        }
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Bytes a second; `None` until the first window is complete.
    #[must_use]
    pub fn per_second(&self, now: Instant) -> Option<u64> {
        self.current(now).or(self.last)
    }

    /// The rate in this window, once it is complete.
    fn current(&self, now: Instant) -> Option<u64> {
        let waiting = self
            .waiting_since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let own = now
            .saturating_duration_since(self.started)
            .saturating_sub(self.waited + waiting);
        let micros = own.as_micros().max(1);
        let rate = u128::from(self.bytes) * 1_000_000 / micros;
        (own >= self.window).then(|| u64::try_from(rate).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
