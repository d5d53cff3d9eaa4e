#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::ask::{Kind, Supervisor};
use beamlive_storage::ids::{ContainerId, ContainerTypeId};
use beamlive_storage::records::{Container, ContainerStatus, Project};
use beamlive_storage::{Timestamp, Versioned};
use std::io::Read;
use tokio::sync::oneshot;

const ALICE: ProjectId = ProjectId(1);
const BOB: ProjectId = ProjectId(2);
const BM: BeamlineId = BeamlineId(1);

fn versioned<R>(record: R) -> Versioned<R> {
    Versioned { revision: 1, record }
}

fn sample(project: ProjectId, location: &str, name: &str) -> Versioned<Sample> {
    versioned(Sample {
        project,
        container: ContainerId(project.0),
        location: location.into(),
        name: name.into(),
        barcode: String::new(),
        comments: String::new(),
        group: None,
        priority: None,
    })
}

/// A puck for each of two projects, with a sample each.
fn catalog() -> Catalog {
    let mut catalog = Catalog {
        generation: 1,
        ..Catalog::default()
    };
    for project in [ALICE, BOB] {
        let container = Container {
            project,
            name: "puck".into(),
            kind: ContainerTypeId(1),
            status: ContainerStatus::OnSite,
            parent: None,
            location: None,
        };
        catalog.containers.put(project.0, versioned(container));
        catalog.samples.put(project.0, sample(project, "1", "first"));
    }
    catalog
}

fn changed(catalog: &Catalog, change: impl FnOnce(&mut Catalog)) -> Catalog {
    let mut catalog = catalog.clone();
    catalog.generation += 1;
    change(&mut catalog);
    catalog
}

/// The actor with what it shares.
struct House {
    catalog: Arc<ArcSwap<Catalog>>,
    cache: Arc<InventoryCache>,
    samples: Arc<SampleIndex>,
    keeper: Supervisor<Inventory>,
}

impl House {
    fn new() -> Self {
        let catalog = Arc::new(ArcSwap::from_pointee(catalog()));
        let cache = Arc::new(InventoryCache::new(1 << 20));
        let samples = Arc::<SampleIndex>::default();
        let start = {
            let (catalog, cache, samples) = (catalog.clone(), cache.clone(), samples.clone());
            move || {
                Inventory {
                    catalog: catalog.clone(),
                    cache: cache.clone(),
                    samples: samples.clone(),
                    permits: Arc::new(Semaphore::new(PARALLEL)),
                    making: HashMap::new(),
                }
                .start()
            }
        };
        Self {
            catalog,
            cache,
            samples,
            keeper: Supervisor::new(Kind::new("inventory", 1024), start),
        }
    }

    async fn make(&self, project: ProjectId) -> Arc<ReadyList> {
        let command = MakeList {
            project,
            beamline: BM,
        };
        self.keeper.ask(command).await.unwrap().unwrap()
    }

    fn get(&self, project: ProjectId) -> Option<Arc<ReadyList>> {
        self.cache.get(project, BM, &self.catalog.load())
    }

    fn change(&self, change: impl FnOnce(&mut Catalog)) {
        self.catalog
            .store(Arc::new(changed(&self.catalog.load(), change)));
    }
}

fn text(list: &ReadyList) -> String {
    String::from_utf8(list.json.to_vec()).unwrap()
}

#[actix::test]
async fn a_list_is_made_once_and_read_without_asking() {
    let house = House::new();
    assert_eq!(house.get(ALICE), None);
    let made = house.make(ALICE).await;
    assert!(text(&made).contains("\"first\""));
    assert!(Arc::ptr_eq(&house.get(ALICE).unwrap(), &made));
    assert!(Arc::ptr_eq(&house.make(ALICE).await, &made));
    assert_eq!(house.get(BOB), None);
}

#[actix::test]
async fn a_registered_key_leaves_the_lists_valid() {
    let house = House::new();
    let made = house.make(ALICE).await;
    house.change(|catalog| {
        let project = Project {
            username: "alice".into(),
            name: String::new(),
            key: Some("ssh-ed25519 AAAA".into()),
            ssh_keys: Vec::new(),
            created: Timestamp(0),
            modified: Timestamp(0),
        };
        catalog.projects.put(ALICE.0, versioned(project));
    });
    assert!(Arc::ptr_eq(&house.get(ALICE).unwrap(), &made));
}

#[actix::test]
async fn a_change_in_a_list_makes_it_anew_and_leaves_the_others_as_they_are() {
    let house = House::new();
    let (alice, bob) = (house.make(ALICE).await, house.make(BOB).await);
    house.change(|catalog| catalog.samples.put(7, sample(ALICE, "2", "second")));
    assert_eq!(house.get(ALICE), None);
    assert_eq!(house.get(BOB), None);
    let anew = house.make(ALICE).await;
    assert!(text(&anew).contains("\"second\""));
    assert_ne!(anew.etag, alice.etag);
    assert!(Arc::ptr_eq(&house.make(BOB).await, &bob));
}

#[actix::test]
#[expect(
    clippy::await_holding_lock,
    reason = "the work that wants it is on other threads"
)]
async fn who_asks_after_a_change_is_not_given_a_list_begun_before() {
    let house = House::new();
    let late = {
        // Lists can't be made while the index is held.
        let index = house.samples.0.lock().unwrap();
        let before = tokio::spawn(ask(&house, ALICE));
        settle().await;
        house.change(|catalog| catalog.samples.put(7, sample(ALICE, "2", "second")));
        let after = tokio::spawn(ask(&house, ALICE));
        settle().await;
        drop(index);
        before.await.unwrap().unwrap().unwrap();
        after.await.unwrap().unwrap().unwrap()
    };
    assert!(text(&late).contains("\"second\""));
    assert!(
        Arc::ptr_eq(&house.get(ALICE).unwrap(), &late),
        "the older list must not take the newer one's place"
    );
}

#[actix::test]
#[expect(
    clippy::await_holding_lock,
    reason = "the work that wants it is on other threads"
)]
async fn however_many_ask_a_list_is_made_once() {
    let house = House::new();
    let holders = Arc::strong_count(&house.cache);
    let answers: Vec<_> = {
        let index = house.samples.0.lock().unwrap();
        let asked: Vec<_> = (0..40).map(|_| tokio::spawn(ask(&house, ALICE))).collect();
        settle().await;
        // The actor is not held up by the work.
        assert_eq!(
            Arc::strong_count(&house.cache),
            holders + 1,
            "one list is in the making"
        );
        drop(index);
        asked
    };
    let first = house.make(ALICE).await;
    for answer in answers {
        assert!(Arc::ptr_eq(&answer.await.unwrap().unwrap().unwrap(), &first));
    }
}

fn ask(
    house: &House,
    project: ProjectId,
) -> impl std::future::Future<Output = Result<Answer, oneshot::error::RecvError>> {
    let (reply, answer) = oneshot::channel();
    let command = MakeList {
        project,
        beamline: BM,
    };
    house.keeper.address().do_send(Ask {
        command,
        reply: reply.into(),
    });
    answer
}

/// Lets the actor, which shares this thread, take what was sent.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_snapshot_older_than_the_newest_one_seen_finds_nothing_newer() {
    let cache = InventoryCache::new(1 << 20);
    let old = catalog();
    let new = changed(&old, |catalog| {
        catalog.samples.put(7, sample(ALICE, "2", "second"))
    });
    let list = Arc::new(ReadyList::of(b"[]".to_vec()));
    cache.put(ALICE, BM, list.clone(), &new);
    assert_eq!(cache.get(ALICE, BM, &old), None);
    assert_eq!(cache.get(ALICE, BM, &new), Some(list.clone()));
    cache.put(ALICE, BM, Arc::new(ReadyList::of(b"[1]".to_vec())), &old);
    assert_eq!(cache.get(ALICE, BM, &new), Some(list));
}

#[test]
fn the_least_recently_used_lists_go_first() {
    let catalog = catalog();
    let list = |letter: u8| Arc::new(ReadyList::of(vec![letter; 1000]));
    let cache = InventoryCache::new(3000);
    for (project, letter) in [(1, b'a'), (2, b'b')] {
        cache.put(ProjectId(project), BM, list(letter), &catalog);
    }
    assert!(cache.get(ProjectId(1), BM, &catalog).is_some());
    cache.put(ProjectId(3), BM, list(b'c'), &catalog);
    let kept = [1, 2, 3].map(|project| cache.get(ProjectId(project), BM, &catalog).is_some());
    assert_eq!(kept, [true, false, true]);
    // Putting a list in its own place costs nothing more, however often.
    for _ in 0..100 {
        cache.put(ProjectId(3), BM, list(b'c'), &catalog);
    }
    assert!(cache.get(ProjectId(1), BM, &catalog).is_some());
    let long = Arc::new(ReadyList {
        json: vec![0; 100_000].into(),
        gzip: None,
        etag: String::new(),
    });
    cache.put(ProjectId(4), BM, long, &catalog);
    let kept = [1, 2, 3, 4].map(|project| cache.get(ProjectId(project), BM, &catalog).is_some());
    assert_eq!(kept, [false, false, false, true]);
}

#[test]
fn long_lists_are_compressed_and_tags_follow_the_bytes() {
    let short = ReadyList::of(vec![b' '; 1024]);
    assert_eq!(short.gzip, None);
    let long = ReadyList::of(vec![b' '; 1025]);
    let gzip = long.gzip.clone().unwrap();
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*gzip)
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, &*long.json);
    assert_ne!(short.etag, long.etag);
    assert_eq!(
        ReadyList::of(b"[]".to_vec()).etag,
        "4f53cda18c2baa0c0354bb5f9a3ecbe5"
    );
}

#[actix::test]
async fn an_actor_that_was_lost_is_replaced() {
    let catalog = Arc::new(ArcSwap::from_pointee(catalog()));
    let cache = Arc::new(InventoryCache::new(1 << 20));
    let arbiter = actix::Arbiter::new();
    let (lost, kept) = (actix::Arbiter::new(), arbiter.handle());
    let first = Inventory::start(catalog.clone(), cache.clone(), &lost.handle(), 16);
    let first = Mutex::new(Some(first));
    let keeper = Supervisor::new(Kind::new("inventory", 1024), move || {
        let first = first.lock().unwrap().take();
        first.unwrap_or_else(|| Inventory::start(catalog.clone(), cache.clone(), &kept, 16))
    });
    lost.stop();
    lost.join().unwrap();
    let command = MakeList {
        project: ALICE,
        beamline: BM,
    };
    assert!(text(&keeper.ask(command).await.unwrap().unwrap()).contains("\"first\""));
    assert_eq!(keeper.kind().respawns(), 1);
    arbiter.stop();
}
