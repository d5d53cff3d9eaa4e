#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::ask::Kind;
use crate::clock::{CountingKeys, ManualClock};
use crate::secure_path;
use actix::Arbiter;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{Activity, PendingForward, SecureKey};
use beamlive_storage::{keys, MemoryEngine};
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use tokio::sync::{mpsc, oneshot};

mod failures;

const NOW: Timestamp = Timestamp(1_767_225_600_000_000);
const ALICE: ProjectId = ProjectId(1);

/// A call to the proxy. The test answers it or leaves it waiting.
struct Call {
    directory: String,
    answer: oneshot::Sender<Result<SecureKey, ProxyError>>,
}

/// A proxy with answers given by the test.
struct Scripted(mpsc::UnboundedSender<Call>);

impl DataProxy for Scripted {
    fn create(&self, entry: &PendingForward) -> BoxFuture<'_, Result<SecureKey, ProxyError>> {
        let (answer, outcome) = oneshot::channel();
        let directory = entry.directory.clone();
        assert_ne!(directory, "/panic");
        self.0.send(Call { directory, answer }).unwrap();
        Box::pin(async move { outcome.await.unwrap_or(Err(ProxyError::Timeout)) })
    }
}

struct Bench {
    engine: MemoryEngine,
    store: Store,
    clock: ManualClock,
    proxy: Arc<dyn DataProxy>,
    asked: mpsc::UnboundedReceiver<Call>,
    health: Arc<ForwarderHealth>,
    settings: ForwarderSettings,
}

impl Bench {
    fn new() -> Self {
        let (proxy, asked) = mpsc::unbounded_channel();
        let engine = MemoryEngine::new();
        Self {
            store: Store::with_engine(Arc::new(engine.clone()), 64),
            engine,
            clock: ManualClock::at(NOW),
            proxy: Arc::new(Scripted(proxy)),
            asked,
            health: Arc::default(),
            settings: ForwarderSettings {
                concurrency: 3,
                window: 8,
                ..ForwarderSettings::default()
            },
        }
    }

    fn start(&self) -> Arc<Supervisor<Forwarder>> {
        let (store, proxy, clock) = (self.store.clone(), Arc::clone(&self.proxy), self.clock.clone());
        let (settings, health) = (self.settings, Arc::clone(&self.health));
        let arbiter = Arbiter::current();
        Arc::new(Supervisor::new(Kind::new("forwarder", 1024), move || {
            let (proxy, clock) = (Arc::clone(&proxy), Arc::new(clock.clone()));
            Forwarder::start(
                store.clone(),
                proxy,
                clock,
                settings,
                Arc::clone(&health),
                &arbiter,
                16,
            )
        }))
    }

    async fn commit(&self, batch: Batch) {
        self.store.reserve().unwrap().commit(batch).await.unwrap();
    }

    async fn upload(&self, id: u64, directory: &str) {
        let mut batch = Batch::new();
        batch.insert(
            outbox(id),
            &secure_path::pending(ALICE, directory, self.clock.now()),
        );
        self.commit(batch).await;
    }

    /// Uploads a record again while its row still waits.
    async fn upload_again(&self, id: u64, directory: &str) {
        let row = self.row(id).unwrap();
        let mut batch = Batch::new();
        batch.replace(
            outbox(id),
            row.revision,
            &secure_path::pending(ALICE, directory, self.clock.now()),
        );
        self.commit(batch).await;
    }

    fn row(&self, id: u64) -> Option<beamlive_storage::Versioned<PendingForward>> {
        self.store.get(&outbox(id)).unwrap()
    }

    fn key(&self, id: u64) -> Option<SecureKey> {
        secure_path::of_record(&self.store, Subject::Dataset, id, None).unwrap()
    }

    async fn asked(&mut self) -> Call {
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, self.asked.recv())
            .await
            .unwrap_or_else(|_| panic!("the proxy is not called"))
            .unwrap()
    }

    /// Asserts that the forwarder reads the outbox and makes no call.
    async fn assert_quiet(&mut self, forwarder: &Supervisor<Forwarder>) {
        forwarder.ask(Wake).await.unwrap();
        // The forwarder has finished when the batches and reads that it started have finished.
        for _ in 0..3 {
            self.commit(Batch::new()).await;
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            forwarder.ask(Wake).await.unwrap();
        }
        assert!(self.asked.try_recv().is_err(), "the proxy is called");
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let patience = Duration::from_secs(20);
        let look = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(patience, look)
            .await
            .unwrap_or_else(|_| panic!("{what} did not happen"));
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance(chrono::TimeDelta::seconds(seconds));
    }
}

fn outbox(id: u64) -> beamlive_storage::Key {
    keys::outbox(Subject::Dataset, beamlive_storage::ids::IdRef::Known(id))
}

fn key(number: u8) -> SecureKey {
    SecureKey([number; 20])
}

impl Call {
    fn give(self, number: u8) {
        self.answer.send(Ok(key(number))).unwrap();
    }

    fn fail(self, error: ProxyError) {
        self.answer.send(Err(error)).unwrap();
    }
}

#[actix::test]
async fn rows_from_before_the_start_get_their_keys_with_bounded_concurrency() {
    let mut bench = Bench::new();
    for id in 1..=30 {
        bench.upload(id, &format!("/users/alice/{id}")).await;
    }
    let forwarder = bench.start();
    let mut waiting: VecDeque<_> = VecDeque::new();
    for _ in 0..3 {
        waiting.push_back(bench.asked().await);
    }
    bench.assert_quiet(&forwarder).await;
    let mut served = std::collections::BTreeSet::new();
    for round in 1..=30 {
        let asked = waiting.pop_front().unwrap();
        let number: u8 = asked.directory.rsplit('/').next().unwrap().parse().unwrap();
        assert!(served.insert(number), "{number} was requested twice");
        asked.give(number);
        bench
            .until("the key", |bench| bench.key(number.into()).is_some())
            .await;
        assert_eq!(bench.key(number.into()), Some(key(number)));
        if round <= 27 {
            waiting.push_back(bench.asked().await);
        }
    }
    bench
        .until("an empty outbox", |bench| {
            outbox::count(&bench.store).unwrap() == 0
        })
        .await;
    bench.assert_quiet(&forwarder).await;
    let status = bench.health.status();
    assert!(status.up && status.delivered == 30 && status.waiting == 0);
}

#[actix::test]
async fn a_wake_before_the_batch_is_durable_is_enough() {
    let mut bench = Bench::new();
    let forwarder = bench.start();
    bench.assert_quiet(&forwarder).await;
    for id in 1..=20 {
        let mut batch = Batch::new();
        batch.insert(outbox(id), &secure_path::pending(ALICE, "/users/alice", NOW));
        let receipt = bench.store.reserve().unwrap().commit(batch);
        wake(&forwarder);
        bench.asked().await.give(1);
        receipt.await.unwrap();
        bench.until("the key", |bench| bench.key(id).is_some()).await;
        bench.assert_quiet(&forwarder).await;
    }
}

#[actix::test]
async fn rows_are_sent_after_a_restart_and_recorded_keys_are_not_requested_again() {
    let mut bench = Bench::new();
    bench.upload(1, "/one").await;
    bench.upload(2, "/two").await;
    let forwarder = bench.start();
    for _ in 0..2 {
        let asked = bench.asked().await;
        match asked.directory.as_str() {
            "/one" => asked.give(1),
            _ => asked.fail(ProxyError::Timeout),
        }
    }
    bench
        .until("both", |bench| {
            bench.key(1).is_some() && bench.row(2).unwrap().record.attempts == 1
        })
        .await;
    forwarder.ask(Finish).await.unwrap();
    drop(forwarder);

    bench.store = Store::with_engine(Arc::new(bench.engine.clone()), 64);
    let forwarder = bench.start();
    let asked = bench.asked().await;
    assert_eq!(asked.directory, "/two", "at once, although it had failed before");
    asked.give(2);
    bench.until("the key", |bench| bench.key(2).is_some()).await;
    bench.assert_quiet(&forwarder).await;
}

#[actix::test]
async fn a_record_uploaded_again_during_the_call_keeps_the_key_only_for_the_same_directory() {
    let mut bench = Bench::new();
    bench.upload(1, "/one").await;
    let forwarder = bench.start();
    let asked = bench.asked().await;
    bench.upload_again(1, "/one").await;
    asked.give(1);
    bench.until("the key", |bench| bench.key(1).is_some()).await;
    assert_eq!((bench.key(1), bench.row(1)), (Some(key(1)), None));
    bench.assert_quiet(&forwarder).await;

    bench.upload(2, "/two").await;
    wake(&forwarder);
    let asked = bench.asked().await;
    bench.upload_again(2, "/elsewhere").await;
    asked.give(2);
    let asked = bench.asked().await;
    assert_eq!(asked.directory, "/elsewhere");
    assert_eq!(bench.key(2), None, "the key of another directory");
    asked.give(3);
    bench.until("the key", |bench| bench.key(2).is_some()).await;
    assert_eq!(bench.key(2), Some(key(3)));
}

#[actix::test]
async fn a_row_that_is_gone_is_not_sent() {
    let mut bench = Bench::new();
    let id = (Subject::Dataset, 1);
    let outcome = delivery::deliver(
        bench.store.clone(),
        Arc::clone(&bench.proxy),
        lease::LeaseGuard::always(),
        id,
    )
    .await;
    assert_eq!(outcome, Ok(due_queue::Success::Gone));
    assert!(bench.asked.try_recv().is_err(), "the proxy is called");
}

#[actix::test]
async fn an_operator_can_retry_everything_at_once_and_it_is_logged() {
    let mut bench = Bench::new();
    for id in 1..=2 {
        bench.upload(id, "/bad").await;
    }
    let forwarder = bench.start();
    for _ in 0..2 {
        bench.asked().await.fail(ProxyError::NoKey);
    }
    bench
        .until("the failures", |bench| bench.health.status().failed == 2)
        .await;
    bench.assert_quiet(&forwarder).await;
    let origin = Origin {
        who: "operator".to_owned(),
        address: None,
    };
    let rows = forwarder.ask(Retry { origin }).await.unwrap();
    assert_eq!(rows, Ok(2));
    for number in 1..=2 {
        bench.asked().await.give(number);
    }
    let entry = bench
        .store
        .get::<Activity>(&keys::activity(beamlive_storage::ids::ActivityId(1)))
        .unwrap()
        .unwrap();
    assert_eq!(
        (entry.record.who.as_str(), entry.record.note.as_str()),
        ("operator", "2 rows")
    );
}

#[actix::test]
async fn finishing_records_running_calls_and_starts_no_new_ones() {
    let mut bench = Bench::new();
    for id in 1..=5 {
        bench.upload(id, "/one").await;
    }
    let forwarder = bench.start();
    let running = [bench.asked().await, bench.asked().await, bench.asked().await];
    let finish = tokio::spawn({
        let forwarder = Arc::clone(&forwarder);
        async move { forwarder.ask(Finish).await }
    });
    bench.assert_quiet(&forwarder).await;
    assert!(!finish.is_finished());
    for (number, asked) in (1..).zip(running) {
        asked.give(number);
    }
    finish.await.unwrap().unwrap();
    assert_eq!(outbox::count(&bench.store).unwrap(), 2);
    assert!(bench.asked.try_recv().is_err());
}

#[actix::test]
async fn the_built_in_proxy_gives_keys_to_rows_of_an_external_one() {
    let mut bench = Bench::new();
    let keys: Arc<dyn crate::clock::KeySource> = Arc::new(CountingKeys::default());
    bench.proxy = Arc::new(LocalProxy::new(
        bench.store.clone(),
        keys,
        Arc::new(bench.clock.clone()),
    ));
    for id in [1, 2] {
        bench.upload(id, "/left").await;
    }
    let _forwarder = bench.start();
    bench
        .until("an empty outbox", |bench| {
            outbox::count(&bench.store).unwrap() == 0
        })
        .await;
    let made = [1, 2].map(|id| bench.key(id).unwrap());
    assert_ne!(made[0], made[1], "each record has its own key");
    for key in made {
        let opened = secure_path::find(&bench.store, &key).unwrap().unwrap();
        assert_eq!(
            (opened.directory.as_str(), opened.project),
            ("/left", Some(ALICE))
        );
    }
}
