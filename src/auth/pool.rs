//! Verifies signatures: quick ones at once, slow ones on a pool that leaves a core to everybody else.

use super::known::KnownTokens;
use super::token::Token;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::key::{self, PublicKey};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// One address has at most one in so many of the waiting places, so that a flood of slow signatures, good or bad, leaves
/// room for others.
const SHARES: usize = 4;

/// A bounded number of signatures that wait for their turn, each address with a bounded share of them.
#[derive(Debug)]
pub struct VerificationPool {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    share: usize,
    known: KnownTokens,
    /// Places that each address has; addresses without any are not in it.
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// A waiting place of an address.
struct Place<'a> {
    pool: &'a VerificationPool,
    address: IpAddr,
}

impl VerificationPool {
    /// A pool on which at most `waiting` signatures wait or are verified; at most `known` verified tokens are remembered.
    #[must_use]
    pub fn new(waiting: usize, known: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            running: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            waiting: Semaphore::new(waiting),
            share: waiting.div_ceil(SHARES),
            known: KnownTokens::new(known),
            taken: Mutex::default(),
        }
    }

    /// Whether the token was signed with `key`; without a key it was not, at the same cost.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] when too much waits already.
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

    /// Runs work on keys that takes a while, for a caller at `from`.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] when too much waits already, of this caller or of all.
    pub async fn run<T: Send + 'static>(
        &self,
        from: IpAddr,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let _waits = self.waiting.try_acquire().map_err(|_| Unavailable::Busy)?;
        let _place = self.place(from).ok_or(Unavailable::Busy)?;
        let lost = Unavailable::Lost("verification");
        let turn = self
            .running
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| lost.clone())?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| lost)
    }

    fn place(&self, address: IpAddr) -> Option<Place<'_>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let places = taken.entry(address).or_default();
        if *places >= self.share {
            return None;
        }
        *places += 1;
        Some(Place { pool: self, address })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.pool.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = taken.get_mut(&self.address) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                taken.remove(&self.address);
            }
        }
    }
}
