//! The bytes of all bodies that are being received or worked on.

use crate::error::ApiError;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A limit on the bytes of all bodies together.
#[derive(Debug)]
pub struct BodyBudget {
    limit: usize,
    free: Arc<Semaphore>,
}

impl BodyBudget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self {
            limit,
            free: Arc::new(Semaphore::new(limit)),
        }
    }

    /// Bytes that are in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.limit.saturating_sub(self.free.available_permits())
    }

    /// A share of the budget, which is empty at first.
    #[must_use]
    pub fn share(&self) -> Share {
        Share {
            free: self.free.clone(),
            held: None,
        }
    }
}

/// The bytes that one request holds. They are free again when this is dropped.
#[derive(Debug)]
pub struct Share {
    free: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Grows to `bytes`, if it has fewer.
    ///
    /// # Errors
    /// [`ApiError::Overloaded`] when the budget does not have that many left.
    pub fn hold(&mut self, bytes: usize) -> Result<(), ApiError> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.saturating_sub(held);
        if more == 0 {
            return Ok(());
        }
        let full = ApiError::Overloaded("too many bodies are on their way");
        let Ok(more) = u32::try_from(more) else {
            return Err(full);
        };
        let taken = self.free.clone().try_acquire_many_owned(more).map_err(|_| full)?;
        match &mut self.held {
            Some(held) => held.merge(taken),
            None => self.held = Some(taken),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::BodyBudget;

    #[test]
    fn dropped_shares_are_free_again() {
        let budget = BodyBudget::new(100);
        let (mut first, mut second) = (budget.share(), budget.share());
        assert!(first.hold(60).is_ok());
        assert!(second.hold(40).is_ok());
        assert!(second.hold(40).is_ok(), "it holds these already");
        assert!(second.hold(41).is_err());
        assert_eq!(budget.used(), 100);
        drop(first);
        assert!(second.hold(100).is_ok());
        drop(second);
        assert_eq!(budget.used(), 0);
    }
}
