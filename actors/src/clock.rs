//! Time and randomness, injected: rules and actors take what these give, and tests give what they like.

use beamlive_storage::records::SecureKey;
use beamlive_storage::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::Arc;

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Starts at `time`.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(time.0)))
    }

    /// Moves it by `delta`, backwards too.
    pub fn advance(&self, delta: chrono::TimeDelta) {
        let micros = delta.num_microseconds().unwrap_or(0);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets it.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Where secure keys come from.
pub trait KeySource: Send + Sync + 'static {
    /// 160 bits nobody can guess.
    fn secure_key(&self) -> SecureKey;
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemKeys;

impl KeySource for SystemKeys {
    fn secure_key(&self) -> SecureKey {
        let mut key = [0; 20];
        // Without randomness no key may be given out; the panic is the actor's, and its caller is told.
        #[expect(clippy::expect_used, reason = "a guessable key is worse than no answer")]
        getrandom::fill(&mut key).expect("the operating system gives no random bytes");
        SecureKey(key)
    }
}

/// Keys in a known order, for tests: 1, 2, 3, …
#[derive(Debug, Clone, Default)]
pub struct CountingKeys(Arc<AtomicU64>);

impl KeySource for CountingKeys {
    fn secure_key(&self) -> SecureKey {
        let mut key = [0; 20];
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        for (byte, value) in key.iter_mut().rev().zip(number.to_le_bytes()) {
            *byte = value;
        }
        SecureKey(key)
    }
}
