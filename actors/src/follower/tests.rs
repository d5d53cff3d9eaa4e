#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::ask::Kind;
use crate::clock::ManualClock;
use crate::facility::catalog::Catalog;
use crate::published::Published;
use beamlive_storage::ids::IdRef;
use beamlive_storage::records::Subject;
use beamlive_storage::shared::News;
use beamlive_storage::{keys, Store, Timestamp};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// A log in which each reading finds one more group, which has changed the outbox.
#[derive(Default)]
struct Log {
    readings: AtomicU64,
    running: AtomicUsize,
    away: AtomicBool,
    woken: Arc<Notify>,
}

impl GroupLog for Log {
    fn news(&self, after: u64) -> Result<News, EngineError> {
        assert_eq!(self.running.fetch_add(1, Ordering::SeqCst), 0, "two at once");
        let groups = self.readings.fetch_add(1, Ordering::SeqCst) + 1;
        let expected = if groups == 1 { u64::MAX } else { groups - 1 };
        assert_eq!(after, expected);
        let key = keys::outbox(Subject::Dataset, IdRef::Known(groups));
        self.running.fetch_sub(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            self.readings.fetch_sub(1, Ordering::SeqCst);
            return Err(EngineError::Away("the test says so".to_owned()));
        }
        Ok(News {
            groups,
            changes: Changes::Keys(vec![key.as_bytes().to_vec()]),
        })
    }

    fn woken(&self) -> Arc<Notify> {
        Arc::clone(&self.woken)
    }

    fn node(&self) -> &str {
        "node"
    }
}

struct Bench {
    log: Arc<Log>,
    presence: Arc<Presence>,
    wakes: Arc<AtomicUsize>,
}

/// A follower that runs.
fn start() -> Bench {
    let (store, clock) = (Store::in_memory(), ManualClock::at(Timestamp(0)));
    let held = Duration::from_secs(10);
    let published = Published::new(Catalog::default(), &store, Arc::new(clock.clone()), held);
    let catalog = Arc::new(published);
    let facility = {
        let (clock, arbiter) = (Arc::new(clock.clone()), actix::Arbiter::current());
        Supervisor::new(Kind::new("facility", 16), move || {
            let (store, catalog, clock) = (store.clone(), catalog.clone(), clock.clone());
            Facility::start(store, catalog, clock, chrono_tz::UTC, &arbiter, 16)
        })
    };
    let bench = Bench {
        log: Arc::default(),
        presence: Arc::new(Presence::new(Arc::new(clock), Duration::from_secs(10))),
        wakes: Arc::default(),
    };
    let wakes = Arc::clone(&bench.wakes);
    let follower = Follower {
        log: bench.log.clone(),
        presence: bench.presence.clone(),
        facility: Arc::new(facility),
        wake_forwarder: Box::new(move || {
            wakes.fetch_add(1, Ordering::SeqCst);
        }),
    };
    actix::spawn(follower.run());
    bench
}

#[actix::test]
async fn many_notifications_make_few_readings() {
    let bench = start();
    bench.presence.fresh().await.unwrap();
    let before = bench.log.readings.load(Ordering::SeqCst);
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_secs(1) {
        bench.log.woken.notify_one();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let readings = bench.log.readings.load(Ordering::SeqCst) - before;
    let most = u64::try_from(began.elapsed().as_millis()).unwrap() / 50 + 1;
    assert!((5..=most).contains(&readings), "{readings}, not {most}");
    assert!(
        bench.wakes.load(Ordering::SeqCst) as u64 >= readings,
        "the outbox has changed each time"
    );
}

#[actix::test]
async fn without_notifications_it_reads_once_a_second() {
    let bench = start();
    bench.presence.fresh().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_600)).await;
    let readings = bench.log.readings.load(Ordering::SeqCst);
    assert!((2..=4).contains(&readings), "{readings}");
}

#[actix::test]
async fn nothing_is_known_while_the_log_can_not_be_read() {
    let bench = start();
    bench.log.away.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let fresh = tokio::time::timeout(Duration::from_millis(500), bench.presence.fresh());
    assert!(fresh.await.is_err(), "it waits");
    bench.log.away.store(false, Ordering::SeqCst);
    bench.presence.fresh().await.unwrap();
}
