//! Verifies signatures: fast ones (Ed25519) at once, slow ones on threads of their own.

use super::known::KnownTokens;
use super::token::Token;
use crate::pool::{PoolSize, Priority, WorkPool};
use beamlive_actors::ask::Unavailable;
use beamlive_actors::key::{self, PublicKey};
use std::net::IpAddr;
use std::sync::Arc;

/// Verifies signatures, and remembers which tokens it has verified.
#[derive(Debug)]
pub struct VerificationPool {
    pool: WorkPool,
    known: KnownTokens,
}

impl VerificationPool {
    /// A pool in which at most `waiting` signatures wait or are verified. At most `known` verified
    /// tokens are kept.
    #[must_use]
    pub fn new(waiting: usize, known: usize) -> Self {
        Self {
            pool: WorkPool::new(PoolSize {
                name: "verification",
                threads: usize::MAX,
                priority: Priority::Low,
                waiting,
            }),
            known: KnownTokens::new(known),
        }
    }

    /// Whether the token was signed with `key`. Without a key it was not, and finding that out
    /// takes the same time.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] when the queue is full.
    pub(super) async fn verify(
        &self,
        from: IpAddr,
        key: Option<Arc<PublicKey>>,
        token: Token,
    ) -> Result<bool, Unavailable> {
        if key.as_ref().is_some_and(|key| self.known.contains(&token, key)) {
            return Ok(true);
        }
        let signed = if key::is_slow(&token.signature) {
            let (key, token) = (key.clone(), token.clone());
            let work = move || key::verify(key.as_deref(), &token.message(), &token.signature);
            self.run(from, work).await?
        } else {
            key::verify(key.as_deref(), &token.message(), &token.signature)
        };
        if let (true, Some(key)) = (signed, key) {
            self.known.insert(token, key);
        }
        Ok(signed)
    }

    /// Runs slow work on keys for a caller at `from`.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] when the queue, or the caller's share of it, is full.
    pub async fn run<T, F>(&self, from: IpAddr, work: F) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        F: Fn() -> T + Send + Sync + 'static,
    {
        self.pool.run(from, work).await
    }
}
