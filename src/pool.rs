//! Threads of low priority for slow work on keys and passwords.
//!
//! The queue is bounded, and each address may use a bounded share of it.

use crate::limits::network::whole;
use beamlive_actors::ask::Unavailable;
use rustix::process::setpriority_process;
use std::collections::HashMap;
use std::net::IpAddr;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{mpsc, Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, Semaphore};

/// One address may use a quarter of the queue, so that a flood of slow work from one address
/// leaves room for others.
const SHARES: usize = 4;
/// All other threads go first: their work takes microseconds, slow work takes most of a millisecond
/// or more.
const NICENESS: i32 = 10;

/// The name and the number of a pool's threads, and the length of its queue.
#[derive(Debug, Clone, Copy)]
pub struct PoolSize {
    /// The name of each thread, at most 15 bytes. Messages name the work by it.
    pub name: &'static str,
    /// Number of threads. At least one is started, and one core is left to everything else.
    pub threads: usize,
    /// How much work may wait or run at once.
    pub waiting: usize,
}

/// Threads with a bounded queue, of which each address may use a bounded share. An IPv6 network of
/// 64 bits is one address.
#[derive(Debug)]
pub struct WorkPool {
    name: &'static str,
    work: mpsc::Sender<Work>,
    queue: Arc<Semaphore>,
    share: usize,
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

impl WorkPool {
    /// Starts the threads.
    #[must_use]
    pub fn new(size: PoolSize) -> Self {
        let PoolSize {
            name,
            threads,
            waiting,
        } = size;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (work, queue) = mpsc::channel::<Work>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads.min(cores.saturating_sub(1)).max(1) {
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new().name(name.to_owned());
            if let Err(error) = thread.spawn(move || run_all(name, &queue)) {
                tracing::error!(name, %error, "a thread for slow work could not be started");
            }
        }
        Self {
            name,
            work,
            queue: Arc::new(Semaphore::new(waiting.min(Semaphore::MAX_PERMITS))),
            share: waiting.div_ceil(SHARES),
            per_address: Arc::default(),
        }
    }

    /// Runs slow work for a caller at `from`.
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
        let place = self.place(whole(from)).ok_or(Unavailable::Busy)?;
        let (answer, done) = oneshot::channel();
        let lost = Unavailable::Lost(self.name);
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
fn run_all(name: &'static str, queue: &Mutex<mpsc::Receiver<Work>>) {
    // On Linux this sets the priority of the calling thread alone.
    if let Err(error) = setpriority_process(None, NICENESS) {
        tracing::debug!(name, %error, "slow work runs at normal priority");
    }
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else {
            return;
        };
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!(name, "slow work panicked");
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

    fn pool() -> WorkPool {
        WorkPool::new(PoolSize {
            name: "worker",
            threads: 1,
            waiting: 8,
        })
    }

    /// Work that waits for a message, and the sender of that message.
    fn held() -> (impl FnOnce() -> u8 + Send, mpsc::Sender<()>) {
        let (go, wait) = mpsc::channel::<()>();
        (move || wait.recv().map_or(1, |()| 2), go)
    }

    #[actix_web::test]
    async fn an_address_has_a_share_of_the_places_until_its_work_is_done() {
        let pool = pool();
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
    async fn an_ipv6_network_has_one_share() {
        let pool = pool();
        let host = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        let mut context = Context::from_waker(Waker::noop());
        let (work, go) = held();
        let mut first = Box::pin(pool.run(host(1), work));
        let mut second = Box::pin(pool.run(host(2), || 7));
        assert!(first.as_mut().poll(&mut context).is_pending());
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert_eq!(pool.run(host(3), || 0).await, Err(Unavailable::Busy));
        go.send(()).unwrap();
        assert_eq!(first.await, Ok(2));
        assert_eq!(second.await, Ok(7));
    }

    #[actix_web::test]
    async fn work_that_panics_loses_its_own_answer_only() {
        let pool = pool();
        let lost = pool.run(HERE, || -> u8 { panic!("wanted") }).await;
        assert_eq!(lost, Err(Unavailable::Lost("worker")));
        assert_eq!(pool.run(HERE, || 5).await, Ok(5));
    }
}
