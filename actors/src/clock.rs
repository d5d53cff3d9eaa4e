//! Injected time and randomness. Tests use a clock that stands still, and keys in a known order.

use beamlive_storage::records::SecureKey;
use beamlive_storage::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// A source of the time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;

    /// The time since the first call. Monotonic: it does not follow changes of the machine's clock.
    fn monotonic(&self) -> Duration {
        static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
        FIRST.elapsed().max(Duration::from_nanos(1))
    }
}

/// The machine's clock.
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

/// A clock that stands still until it is moved. Its monotonic time passes.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<AtomicI64>,
    /// Nanoseconds that were skipped.
    skipped: Arc<AtomicU64>,
}

impl ManualClock {
    /// Starts at `time`.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self {
            now: Arc::new(AtomicI64::new(time.0)),
            skipped: Arc::default(),
        }
    }

    /// Moves it by `delta`, backwards too.
    pub fn advance(&self, delta: chrono::TimeDelta) {
        let micros = delta.num_microseconds().unwrap_or(0);
        self.now.fetch_add(micros, Ordering::SeqCst);
    }

    /// Lets monotonic time pass at once.
    pub fn skip(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(0);
        self.skipped.fetch_add(nanos, Ordering::SeqCst);
    }

    /// Sets it.
    pub fn set(&self, time: Timestamp) {
        self.now.store(time.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        let skipped = Duration::from_nanos(self.skipped.load(Ordering::SeqCst));
        SystemClock.monotonic() + skipped
    }
}

/// A source of secure keys.
pub trait KeySource: Send + Sync + 'static {
    /// A key of 160 bits that nobody can guess.
    fn secure_key(&self) -> SecureKey;
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemKeys;

impl KeySource for SystemKeys {
    fn secure_key(&self) -> SecureKey {
        let mut key = [0; 20];
        // The panic ends the actor; its caller gets an error.
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
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let mut key = [0; 20];
        if let Some(last) = key.last_chunk_mut() {
            *last = number.to_be_bytes();
        }
        SecureKey(key)
    }
}
