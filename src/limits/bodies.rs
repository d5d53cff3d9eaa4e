//! Bytes of bodies in flight: as many as fit, whoever sends them.

use crate::error::ApiError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// How many bytes of bodies there may be at once.
#[derive(Debug)]
pub struct BodyBudget {
    limit: usize,
    used: Arc<AtomicUsize>,
}

impl BodyBudget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            used: Arc::default(),
        }
    }

    /// Bytes that are spent now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// A part of the budget with nothing in it yet.
    #[must_use]
    pub fn share(&self) -> Share {
        Share {
            limit: self.limit,
            bytes: 0,
            used: self.used.clone(),
        }
    }
}

/// What one request has of the budget. Given back when dropped.
#[derive(Debug)]
pub struct Share {
    limit: usize,
    bytes: usize,
    used: Arc<AtomicUsize>,
}

impl Share {
    /// Has at least `bytes` from here on.
    ///
    /// # Errors
    /// [`ApiError::Overloaded`] when so many are not left.
    pub fn hold(&mut self, bytes: usize) -> Result<(), ApiError> {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 {
            return Ok(());
        }
        let fits = |used: usize| used.checked_add(more).filter(|used| *used <= self.limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
            .map_err(|_| ApiError::Overloaded("too many bodies are on their way"))?;
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::BodyBudget;

    #[test]
    fn what_is_held_is_given_back() {
        let budget = BodyBudget::new(100);
        let (mut first, mut second) = (budget.share(), budget.share());
        assert!(first.hold(60).is_ok());
        assert!(second.hold(40).is_ok());
        assert!(second.hold(40).is_ok(), "it has that already");
        assert!(second.hold(41).is_err());
        assert_eq!(budget.used(), 100);
        drop(first);
        assert!(second.hold(100).is_ok());
        drop(second);
        assert_eq!(budget.used(), 0);
    }
}
