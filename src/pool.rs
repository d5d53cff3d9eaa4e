//! Threads for slow work on keys and passwords. All other threads go first.
//!
//! The queue is bounded, and each address may use a bounded share of it.

mod task;
mod threads;

pub use threads::Priority;

use crate::limits::network::whole;
use beamlive_actors::ask::Unavailable;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use task::{Run, Task};
use threads::Threads;
use tokio::sync::{oneshot, Semaphore};
use tokio::time::timeout;

/// One address may use a quarter of the queue, so that a flood of slow work from one address
/// leaves room for others.
const SHARES: usize = 4;
/// How long idle threads may finish nothing before a thread of low priority helps out.
const PATIENCE: Duration = Duration::from_secs(1);

/// The name and the number of a pool's threads, and the length of its queue.
#[derive(Debug, Clone, Copy)]
pub struct PoolSize {
    /// The name of each thread, at most 15 bytes. Messages name the work by it.
    pub name: &'static str,
    /// Number of threads. At least one is started, and one core is left to everything else.
    pub threads: usize,
    /// When they get the processor.
    pub priority: Priority,
    /// How much work may wait or run at once.
    pub waiting: usize,
}

/// Threads with a bounded queue, of which each address may use a bounded share. An IPv6 network of
/// 64 bits is one address.
#[derive(Debug)]
pub struct WorkPool {
    name: &'static str,
    threads: Threads,
    /// Helps out when a busy processor leaves nothing to idle threads.
    reserve: Option<Threads>,
    queue: Arc<Semaphore>,
    share: usize,
    per_address: Arc<PerAddress>,
}

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
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let number = size.threads.min(cores.saturating_sub(1)).max(1);
        let reserve = size.priority == Priority::Idle;
        Self {
            name: size.name,
            threads: Threads::start(size.name, number, size.priority),
            reserve: reserve.then(|| Threads::start(size.name, 1, Priority::Low)),
            queue: Arc::new(Semaphore::new(size.waiting.min(Semaphore::MAX_PERMITS))),
            share: size.waiting.div_ceil(SHARES),
            per_address: Arc::default(),
        }
    }

    /// Runs slow work for a caller at `from`. In a pool of idle threads it may run twice; the first
    /// answer counts.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] when the queue, or the caller's share of it, is full.
    pub async fn run<T, F>(&self, from: IpAddr, work: F) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        F: Fn() -> T + Send + Sync + 'static,
    {
        let permit = Arc::clone(&self.queue)
            .try_acquire_owned()
            .map_err(|_| Unavailable::Busy)?;
        let place = self.place(whole(from)).ok_or(Unavailable::Busy)?;
        let (answer, mut done) = oneshot::channel();
        let task: Arc<dyn Run> = Arc::new(Task::new(work, answer, (permit, place)));
        let lost = Unavailable::Lost(self.name);
        self.threads.send(Arc::clone(&task)).ok_or(lost.clone())?;
        if let Some(reserve) = &self.reserve {
            let mut finished = self.threads.finished();
            loop {
                if let Ok(done) = timeout(PATIENCE, &mut done).await {
                    return done.map_err(|_| lost);
                }
                // If other work was finished, this is still waiting for its turn.
                let before = std::mem::replace(&mut finished, self.threads.finished());
                if before == finished {
                    break;
                }
            }
            reserve.send(task).ok_or(lost.clone())?;
        }
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
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::task::{Context, Waker};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn pool() -> WorkPool {
        pool_of(8)
    }

    fn pool_of(waiting: usize) -> WorkPool {
        WorkPool::new(PoolSize {
            name: "worker",
            threads: 1,
            priority: Priority::Low,
            waiting,
        })
    }

    fn idle_pool() -> WorkPool {
        WorkPool::new(PoolSize {
            name: "idler",
            threads: 1,
            priority: Priority::Idle,
            waiting: 32,
        })
    }

    /// Work that waits for a message, and the sender of that message.
    fn held() -> (impl Fn() -> u8 + Send + Sync, mpsc::Sender<()>) {
        let (go, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        (move || wait.lock().unwrap().recv().map_or(1, |()| 2), go)
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

    #[actix_web::test]
    async fn idle_threads_that_get_no_time_are_helped_out() {
        let pool = idle_pool();
        let (go, wait) = mpsc::channel::<()>();
        let (wait, runs) = (Mutex::new(wait), AtomicUsize::new(0));
        // Only the first run waits, like a thread that never gets the processor.
        let starved = move || match runs.fetch_add(1, Ordering::SeqCst) {
            0 => wait.lock().unwrap().recv().map_or(1, |()| 1),
            _ => 2,
        };
        let answers = futures_util::future::join(pool.run(HERE, starved), pool.run(THERE, || 3)).await;
        assert_eq!(answers, (Ok(2), Ok(3)));
        drop(go);
        assert_eq!(pool.run(HERE, || 4).await, Ok(4));
    }

    #[actix_web::test]
    async fn idle_threads_that_get_on_do_all_the_work_themselves() {
        // Of low priority, so that other tests do not take all their time.
        let pool = WorkPool {
            reserve: Some(Threads::start("reserve", 1, Priority::Low)),
            ..pool_of(32)
        };
        let runs = Arc::new(AtomicUsize::new(0));
        let all = (0..8).map(|_| {
            let runs = Arc::clone(&runs);
            pool.run(HERE, move || {
                let (_kept, silent) = mpsc::channel::<()>();
                assert!(silent.recv_timeout(PATIENCE / 4).is_err());
                runs.fetch_add(1, Ordering::SeqCst)
            })
        });
        let answers = futures_util::future::join_all(all).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(runs.load(Ordering::SeqCst), 8);
    }

    /// Policy 5 is `SCHED_IDLE`.
    #[actix_web::test]
    async fn the_priority_of_idle_threads_is_set() {
        let policy = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let after_name = stat.rsplit_once(") ").unwrap().1.to_owned();
            after_name.split(' ').nth(38).unwrap().to_owned()
        };
        assert_eq!(idle_pool().run(HERE, policy).await, Ok("5".to_owned()));
        assert_eq!(pool().run(HERE, policy).await, Ok("0".to_owned()));
    }
}
