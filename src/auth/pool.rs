//! Verifies signatures: quick ones at once, slow ones on threads of their own, which leave a core to everybody else.

use super::known::KnownTokens;
use super::token::Token;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::key::{self, PublicKey};
use rustix::process::setpriority_process;
use std::collections::HashMap;
use std::net::IpAddr;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{mpsc, Arc, Mutex, PoisonError};
use tokio::sync::{oneshot, Semaphore};

/// One address has at most one in so many of the waiting places, so that a flood of slow signatures, good or bad, leaves
/// room for others.
const SHARES: usize = 4;
/// Whoever else has something to do goes first: that takes microseconds, a slow signature most of a millisecond.
const NICENESS: i32 = 10;

/// Threads that take work one after the other, and a bounded number of places to wait for them, each address with a
/// bounded share of these.
#[derive(Debug)]
pub struct VerificationPool {
    work: mpsc::Sender<Work>,
    waiting: Arc<Semaphore>,
    share: usize,
    known: KnownTokens,
    taken: Arc<Taken>,
}

type Work = Box<dyn FnOnce() + Send>;

/// Places that each address has; addresses without any are not in it.
#[derive(Debug, Default)]
struct Taken(Mutex<HashMap<IpAddr, usize>>);

/// A waiting place of an address.
struct Place {
    taken: Arc<Taken>,
    address: IpAddr,
}

impl VerificationPool {
    /// A pool on which at most `waiting` signatures wait or are verified; at most `known` verified tokens are remembered.
    #[must_use]
    pub fn new(waiting: usize, known: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (work, queue) = mpsc::channel::<Work>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..cores.saturating_sub(1).max(1) {
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new().name("verifier".to_owned());
            if let Err(error) = thread.spawn(move || verify_all(&queue)) {
                tracing::error!(%error, "a thread that verifies signatures could not be started");
            }
        }
        Self {
            work,
            waiting: Arc::new(Semaphore::new(waiting)),
            share: waiting.div_ceil(SHARES),
            known: KnownTokens::new(known),
            taken: Arc::default(),
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
        let waits = Arc::clone(&self.waiting)
            .try_acquire_owned()
            .map_err(|_| Unavailable::Busy)?;
        let place = self.place(from).ok_or(Unavailable::Busy)?;
        let (answer, done) = oneshot::channel();
        let lost = Unavailable::Lost("verification");
        let turn = move || {
            // Whoever has gone meanwhile still has a place, but costs no time.
            let done = (!answer.is_closed()).then(work);
            drop((waits, place));
            if let Some(done) = done {
                let _ = answer.send(done);
            }
        };
        self.work.send(Box::new(turn)).map_err(|_| lost.clone())?;
        done.await.map_err(|_| lost)
    }

    fn place(&self, address: IpAddr) -> Option<Place> {
        let mut taken = self.taken.0.lock().unwrap_or_else(PoisonError::into_inner);
        let places = taken.entry(address).or_default();
        if *places >= self.share {
            return None;
        }
        *places += 1;
        Some(Place {
            taken: Arc::clone(&self.taken),
            address,
        })
    }
}

/// Does what comes until nobody can send any more. Work that panics loses its own answer only.
fn verify_all(queue: &Mutex<mpsc::Receiver<Work>>) {
    // Of this thread alone: Linux counts threads here.
    if let Err(error) = setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "slow signatures are verified at the priority of everything else");
    }
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else {
            return;
        };
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("a verification panicked");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = taken.get_mut(&self.address) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use std::future::Future;
    use std::net::Ipv4Addr;
    use std::task::{Context, Waker};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    /// Work that begins when it is told to, and the way to tell it.
    fn held() -> (impl FnOnce() -> u8 + Send, mpsc::Sender<()>) {
        let (go, wait) = mpsc::channel::<()>();
        (move || wait.recv().map_or(1, |()| 2), go)
    }

    #[actix_web::test]
    async fn an_address_has_a_share_of_the_places_until_its_work_is_done() {
        let pool = VerificationPool::new(8, 0);
        let (first, go) = held();
        let mut context = Context::from_waker(Waker::noop());
        let mut first = Box::pin(pool.run(HERE, first));
        let mut second = Box::pin(pool.run(HERE, || 7));
        assert!(first.as_mut().poll(&mut context).is_pending());
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert_eq!(pool.run(HERE, || 0).await, Err(Unavailable::Busy));
        // Who gives up keeps the place until its turn has come.
        drop(second);
        assert_eq!(pool.run(HERE, || 0).await, Err(Unavailable::Busy));
        let other = pool.run(THERE, || 3);
        go.send(()).unwrap();
        assert_eq!(first.await, Ok(2));
        assert_eq!(other.await, Ok(3));
        assert_eq!(pool.run(HERE, || 4).await, Ok(4));
    }

    #[actix_web::test]
    async fn work_that_panics_loses_its_own_answer_only() {
        let pool = VerificationPool::new(8, 0);
        let lost = pool.run(HERE, || -> u8 { panic!("wanted") }).await;
        assert_eq!(lost, Err(Unavailable::Lost("verification")));
        assert_eq!(pool.run(HERE, || 5).await, Ok(5));
    }
}
