//! Whether this node is up to date, on a database that several nodes write.
//!
//! The follower says up to which instant it has read what the others changed. From then on the
//! process answers for five seconds from what it has in memory. After that, requests wait until the
//! follower has read again, each for as long as a database may be away. They hold a connection each
//! and nothing else, and connections are bounded.

use crate::ask::Unavailable;
use crate::clock::Clock;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{timeout, Instant};

/// How old the answers of a process may be.
const FRESH: Duration = Duration::from_secs(5);
/// Pause before something is tried again that has just found the database away.
const PAUSE: Duration = Duration::from_millis(50);

/// What this process knows of the changes of others, and since when.
pub struct Presence {
    clock: Arc<dyn Clock>,
    hold: Duration,
    /// The instant up to which the changes are known, in nanoseconds of the monotonic clock; 0 when
    /// nothing is known.
    until: AtomicU64,
    followed: Notify,
    asked: Notify,
}

impl Presence {
    /// Requests wait for at most `hold`. Nothing is known yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, hold: Duration) -> Self {
        Self {
            clock,
            hold,
            until: AtomicU64::new(0),
            followed: Notify::new(),
            asked: Notify::new(),
        }
    }

    /// Waits until the changes of others are known, if they are not.
    ///
    /// # Errors
    /// [`Unavailable::Away`] after `hold`.
    pub async fn fresh(&self) -> Result<(), Unavailable> {
        if self.is_fresh() {
            return Ok(());
        }
        let waited = timeout(self.hold, self.wait()).await;
        waited.map_err(|_| Unavailable::Away("the changes of other nodes could not be read".into()))
    }

    /// Calls `attempt` until it finds the database there, for at most `hold`.
    ///
    /// # Errors
    /// Those of `attempt`.
    pub async fn held<T, E: MaybeAway>(&self, attempt: impl AsyncFn() -> Result<T, E>) -> Result<T, E> {
        let began = Instant::now();
        loop {
            let outcome = attempt().await;
            match &outcome {
                Err(error) if error.is_away() => {}
                _ => return outcome,
            }
            self.lost();
            let left = self.hold.saturating_sub(began.elapsed());
            let back = async {
                tokio::time::sleep(PAUSE).await;
                self.wait().await;
            };
            if left.is_zero() || timeout(left, back).await.is_err() {
                return outcome;
            }
        }
    }

    /// The present time, for [`Self::followed`].
    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The changes are known up to `until`.
    pub(crate) fn followed(&self, until: Duration) {
        let nanos = u64::try_from(until.as_nanos()).unwrap_or(u64::MAX);
        self.until.store(nanos, Ordering::SeqCst);
        self.followed.notify_waiters();
    }

    /// Resolves when a request has found the database away: then the follower reads immediately.
    pub(crate) async fn asked(&self) {
        self.asked.notified().await;
    }

    pub(crate) fn is_fresh(&self) -> bool {
        let until = Duration::from_nanos(self.until.load(Ordering::SeqCst));
        !until.is_zero() && self.clock.monotonic().saturating_sub(until) < FRESH
    }

    /// Notes that the database was found away. Further requests wait for the follower at once.
    fn lost(&self) {
        self.until.store(0, Ordering::SeqCst);
        self.asked.notify_one();
    }

    async fn wait(&self) {
        loop {
            let followed = self.followed.notified();
            tokio::pin!(followed);
            followed.as_mut().enable();
            if self.is_fresh() {
                return;
            }
            followed.await;
        }
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence")
            .field("hold", &self.hold)
            .field("is_fresh", &self.is_fresh())
            .finish_non_exhaustive()
    }
}

/// An error that may say that the database is away.
pub trait MaybeAway {
    /// Whether the database is away. Then nothing was done, and nothing will be.
    fn is_away(&self) -> bool;
}

impl MaybeAway for Unavailable {
    fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}

#[cfg(test)]
mod tests;
