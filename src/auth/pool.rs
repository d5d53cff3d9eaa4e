//! Verifies signatures: fast ones (Ed25519) at once, slow ones on threads of their own.
//!
//! One core is left to everything else.

use super::known::KnownTokens;
use super::token::Token;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::key::{self, PublicKey};
use rustix::process::setpriority_process;
use std::collections::HashMap;
use std::net::IpAddr;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{mpsc, Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, Semaphore};

/// One address may use a quarter of the queue, so that a flood of slow signatures from one address
/// leaves room for others.
const SHARES: usize = 4;
/// All other threads go first: their work takes microseconds, a slow signature most of a
/// millisecond.
const NICENESS: i32 = 10;

/// Threads with a bounded queue, of which each address may use a bounded share.
#[derive(Debug)]
pub struct VerificationPool {
    work: mpsc::Sender<Work>,
    queue: Arc<Semaphore>,
    share: usize,
    known: KnownTokens,
    per_address: Arc<PerAddress>,
}

type Work = Box<dyn FnOnce() + Send>;

/// Work in the queue by address. Addresses without any are not in it.
#[derive(Debug, Default)]
struct PerAddress(Mutex<HashMap<IpAddr, usize>>);

/// One place of an address in the queue.
struct Place {
    per_address: Arc<PerAddress>,
    address: IpAddr,
}

impl VerificationPool {
    /// A pool in which at most `waiting` signatures wait or are verified. At most `known` verified
    /// tokens are kept.
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
            queue: Arc::new(Semaphore::new(waiting.min(Semaphore::MAX_PERMITS))),
            share: waiting.div_ceil(SHARES),
            known: KnownTokens::new(known),
            per_address: Arc::default(),
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
    pub async fn run<T: Send + 'static>(
        &self,
        from: IpAddr,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let permit = Arc::clone(&self.queue)
            .try_acquire_owned()
            .map_err(|_| Unavailable::Busy)?;
        let place = self.place(from).ok_or(Unavailable::Busy)?;
        let (answer, done) = oneshot::channel();
        let lost = Unavailable::Lost("verification");
        let job = move || {
            // If the caller has gone, skip the work and free its place.
            let done = (!answer.is_closed()).then(work);
            drop((permit, place));
            if let Some(done) = done {
                let _ = answer.send(done);
            }
        };
        self.work.send(Box::new(job)).map_err(|_| lost.clone())?;
        done.await.map_err(|_| lost)
    }

    fn place(&self, address: IpAddr) -> Option<Place> {
        let mut per_address = self.per_address.lock();
        let places = per_address.entry(address).or_default();
        if *places >= self.share {
            return None;
        }
        *places += 1;
        Some(Place {
            per_address: Arc::clone(&self.per_address),
            address,
        })
    }
}

impl PerAddress {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs work until the pool is dropped. Work that panics loses only its own answer.
fn verify_all(queue: &Mutex<mpsc::Receiver<Work>>) {
    // On Linux this sets the priority of the calling thread alone.
    if let Err(error) = setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "slow signatures are verified at normal priority");
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
        let mut per_address = self.per_address.lock();
        if let Some(places) = per_address.get_mut(&self.address) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                per_address.remove(&self.address);
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

    /// Work that waits for a message, and the sender of that message.
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
        // A caller that gives up keeps its place until a thread reaches it.
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
