#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::clock::ManualClock;
use crate::facility::catalog::Catalog;
use crate::fixtures::{project, versioned};
use beamlive_storage::ids::ProjectId;
use beamlive_storage::keys;
use beamlive_storage::records::{Connection, ConnectionStatus};
use beamlive_storage::{
    Applied, Batch, Engine, EngineError, Entries, MemoryEngine, Order, Timestamp, Versioned,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use tokio::sync::oneshot;

const NX: AccessListId = AccessListId(3);
const OTHER: AccessListId = AccessListId(4);
const ALICE: ProjectId = ProjectId(1);

/// An engine in memory. While it is held, its writes can be read but are not durable.
#[derive(Default)]
struct Disk {
    memory: MemoryEngine,
    groups: AtomicU64,
    held: Mutex<bool>,
    released: Condvar,
}

impl Disk {
    fn hold(&self, held: bool) {
        *self.held.lock().unwrap() = held;
        self.released.notify_all();
    }
}

impl Engine for Disk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.memory.get(key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        self.memory.range(start, end, order)
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        let outcomes = self.memory.apply(group);
        self.groups.fetch_add(1, Ordering::SeqCst);
        drop(
            self.released
                .wait_while(self.held.lock().unwrap(), |held| *held)
                .unwrap(),
        );
        outcomes
    }
}

struct Bench {
    disk: Arc<Disk>,
    store: Store,
    access: Addr<Access>,
}

impl Bench {
    fn new() -> Self {
        let disk = Arc::new(Disk::default());
        let store = Store::with_engine(disk.clone(), 64);
        let access = start(&store);
        Self { disk, store, access }
    }

    async fn post(&self, entries: &[RawEntry]) -> Result<Posted, Unavailable> {
        ask(&self.access, NX, entries).await.unwrap()
    }

    fn groups(&self) -> u64 {
        self.disk.groups.load(Ordering::SeqCst)
    }

    fn stored(&self, name: &str) -> Versioned<Connection> {
        self.store
            .get(&keys::connection(NX, ALICE, name))
            .unwrap()
            .unwrap()
    }
}

fn start(store: &Store) -> Addr<Access> {
    let mut catalog = Catalog::default();
    catalog.projects.put(ALICE.0, versioned(project("alice")));
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let catalog = Arc::new(Published::new(catalog, store, clock, std::time::Duration::ZERO));
    Access::start(store.clone(), catalog, Tz::UTC, &actix::Arbiter::current(), 256)
}

fn ask(
    access: &Addr<Access>,
    list: AccessListId,
    entries: &[RawEntry],
) -> oneshot::Receiver<Result<Posted, Unavailable>> {
    let (reply, answer) = oneshot::channel();
    let command = Post {
        list,
        entries: entries.into(),
        origin: Origin {
            who: "nx".into(),
            address: None,
        },
    };
    access.do_send(Ask {
        command,
        reply: reply.into(),
    });
    answer
}

fn entry(name: &str, status: &str, second: u32) -> RawEntry {
    RawEntry {
        project: "alice".into(),
        name: name.into(),
        status: status.into(),
        date: format!("2026-11-23 08:{:02}:{:02}", second / 60, second % 60),
        ..RawEntry::default()
    }
}

fn second(second: i64) -> Timestamp {
    let eight: chrono::DateTime<chrono::Utc> = "2026-11-23T08:00:00Z".parse().unwrap();
    Timestamp::from(eight).plus_micros(second * 1_000_000)
}

/// Lets other tasks run until `reached`. Fails if there is an `answer` before that.
async fn unanswered<T>(answer: &mut oneshot::Receiver<T>, reached: impl Fn() -> bool) {
    while !reached() {
        assert!(
            answer.is_empty() && !answer.is_terminated(),
            "answered before it was durable"
        );
        tokio::task::yield_now().await;
    }
    assert!(
        answer.is_empty() && !answer.is_terminated(),
        "answered before it was durable"
    );
}

#[actix::test]
async fn a_post_makes_histories_in_one_batch() {
    let bench = Bench::new();
    let posted = bench
        .post(&[
            entry("nx-2", "Finished", 30),
            entry("nx-1", "Connected", 10),
            entry("nx-2", "Connected", 20),
        ])
        .await
        .unwrap();
    assert_eq!(posted.changed, 2);
    assert_eq!(posted.skipped_count, 0);
    assert_eq!(bench.groups(), 1);
    let connection = bench.stored("nx-2");
    assert_eq!(connection.revision, 1);
    assert_eq!(connection.record.created, second(20));
    assert_eq!(connection.record.end, Some(second(30)));
    assert_eq!(
        connection.record.history,
        [
            (ConnectionStatus::Connected, second(20)),
            (ConnectionStatus::Finished, second(30))
        ]
    );
}

#[actix::test]
async fn posting_the_same_again_writes_nothing() {
    let bench = Bench::new();
    let entries: Vec<_> = (0..1000)
        .map(|number| entry(&format!("nx-{number}"), "Connected", number))
        .collect();
    assert_eq!(bench.post(&entries).await.unwrap().changed, 1000);
    let groups = bench.groups();
    for _ in 0..3 {
        assert_eq!(bench.post(&entries).await.unwrap().changed, 0);
    }
    assert_eq!(bench.groups(), groups);
    assert_eq!(
        bench
            .post(&[entry("nx-7", "Finished", 3000)])
            .await
            .unwrap()
            .changed,
        1
    );
    assert_eq!(bench.stored("nx-7").revision, 2);
}

#[actix::test]
async fn bad_entries_are_named_and_the_rest_is_kept() {
    let bench = Bench::new();
    let mut stranger = entry("nx-1", "Connected", 1);
    stranger.project = "eve".into();
    let posted = bench
        .post(&[stranger, entry("nx-2", "Connected", 2), entry("nx-3", "Gone", 3)])
        .await
        .unwrap();
    assert_eq!(posted.changed, 1);
    assert_eq!(
        posted.skipped,
        [
            "entry 0: there is no project and no person \"eve\"",
            "entry 2: \"Gone\" is no status of a connection"
        ]
    );
    let many: Vec<_> = (0..12_000).map(|_| entry("", "Connected", 1)).collect();
    let posted = bench.post(&many).await.unwrap();
    assert_eq!(
        (posted.changed, posted.skipped.len(), posted.skipped_count),
        (0, 20, 12_000)
    );
}

#[actix::test]
async fn an_answer_waits_for_the_disk_and_other_lists_do_not_wait_for_it() {
    let bench = Bench::new();
    bench.disk.hold(true);
    let mut first = ask(&bench.access, NX, &[entry("nx-1", "Connected", 1)]);
    unanswered(&mut first, || bench.groups() == 1).await;
    // The post changes nothing, but the record that it reads is not durable yet.
    let mut second = ask(&bench.access, NX, &[entry("nx-1", "Connected", 1)]);
    let nothing = ask(&bench.access, OTHER, &[entry("nx-1", "Gone", 1)])
        .await
        .unwrap()
        .unwrap();
    unanswered(&mut second, || true).await;
    assert_eq!((nothing.changed, nothing.skipped_count), (0, 1));
    bench.disk.hold(false);
    assert_eq!(first.await.unwrap().unwrap().changed, 1);
    assert_eq!(second.await.unwrap().unwrap().changed, 0);
}

#[actix::test]
async fn a_successor_waits_until_the_records_it_reads_are_durable() {
    let bench = Bench::new();
    bench.disk.hold(true);
    let mut first = ask(&bench.access, NX, &[entry("nx-1", "Connected", 1)]);
    unanswered(&mut first, || bench.groups() == 1).await;
    assert_eq!(bench.stored("nx-1").revision, 1);
    let successor = start(&bench.store);
    let mut again = ask(&successor, NX, &[entry("nx-1", "Connected", 1)]);
    unanswered(&mut again, || bench.store.metrics().queue_depth == 1).await;
    bench.disk.hold(false);
    assert_eq!(again.await.unwrap().unwrap().changed, 0);
    let groups = bench.groups();
    assert_eq!(
        ask(&successor, NX, &[entry("nx-1", "Connected", 1)])
            .await
            .unwrap()
            .unwrap()
            .changed,
        0
    );
    assert_eq!(bench.groups(), groups, "no write is needed for a durable record");
}

#[actix::test]
async fn a_record_that_another_node_changed_is_read_again() {
    let bench = Bench::new();
    bench.post(&[entry("nx-1", "Connected", 1)]).await.unwrap();
    let node = start(&bench.store);
    ask(
        &node,
        NX,
        &[entry("nx-1", "Disconnected", 2), entry("nx-2", "Connected", 2)],
    )
    .await
    .unwrap()
    .unwrap();
    let posted = bench
        .post(&[entry("nx-1", "Finished", 3), entry("nx-2", "Finished", 4)])
        .await
        .unwrap();
    assert_eq!(posted.changed, 2);
    let connection = bench.stored("nx-1");
    assert_eq!(connection.revision, 3);
    assert_eq!(connection.record.history.len(), 3);
}

#[actix::test]
async fn when_writes_are_off_a_change_is_refused_and_not_kept_in_memory() {
    let bench = Bench::new();
    bench.post(&[entry("nx-1", "Connected", 1)]).await.unwrap();
    bench.disk.memory.fail_after(0);
    for _ in 0..2 {
        let refused = bench.post(&[entry("nx-1", "Finished", 2)]).await;
        assert!(matches!(refused, Err(Unavailable::WritesOff(_))), "{refused:?}");
    }
}

#[actix::test]
async fn too_many_posts_of_one_list_are_refused() {
    let bench = Bench::new();
    bench.disk.hold(true);
    let mut answers: Vec<_> = (0..MAX_WAITING + 2)
        .map(|_| ask(&bench.access, NX, &[entry("nx", "Connected", 1)]))
        .collect();
    let last = answers.pop().unwrap().await.unwrap();
    assert_eq!(last, Err(Unavailable::Busy));
    bench.disk.hold(false);
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
}
