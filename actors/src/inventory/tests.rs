#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::fixtures::{project, versioned};
use arc_swap::ArcSwap;
use beamlive_storage::ids::{ContainerId, ContainerTypeId};
use beamlive_storage::records::{ContainerStatus, Project};
use beamlive_storage::Versioned;
use std::io::Read;
use tokio::task::JoinHandle;

const ALICE: ProjectId = ProjectId(1);
const BOB: ProjectId = ProjectId(2);
const BM: BeamlineId = BeamlineId(1);

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

/// Two projects, each with one puck and one sample.
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

/// The lists and the published catalog.
#[derive(Clone)]
struct Bench {
    catalog: Arc<ArcSwap<Catalog>>,
    lists: Arc<SampleLists>,
}

impl Bench {
    fn new() -> Self {
        Self {
            catalog: Arc::new(ArcSwap::from_pointee(catalog())),
            lists: Arc::new(SampleLists::new(1 << 20)),
        }
    }

    async fn make(&self, project: ProjectId) -> Arc<ReadyList> {
        let catalog = self.catalog.load_full();
        self.lists.get(&catalog, project, BM).await.unwrap()
    }

    /// The list, if a valid one is kept.
    async fn cached(&self, project: ProjectId) -> Option<Arc<ReadyList>> {
        let generation = self.lists.generation(&self.catalog.load());
        self.lists.cached((project, BM), generation).await
    }

    /// Begins to make a list.
    async fn begin(&self, project: ProjectId) -> JoinHandle<Arc<ReadyList>> {
        let bench = self.clone();
        let making = tokio::spawn(async move { bench.make(project).await });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        making
    }

    fn change(&self, change: impl FnOnce(&mut Catalog)) {
        self.catalog
            .store(Arc::new(changed(&self.catalog.load(), change)));
    }
}

fn text(list: &ReadyList) -> String {
    String::from_utf8(list.json.to_vec()).unwrap()
}

#[tokio::test]
async fn a_list_is_made_once_and_then_cached() {
    let bench = Bench::new();
    assert_eq!(bench.cached(ALICE).await, None);
    let made = bench.make(ALICE).await;
    assert!(text(&made).contains("\"first\""));
    assert!(Arc::ptr_eq(&bench.cached(ALICE).await.unwrap(), &made));
    assert!(Arc::ptr_eq(&bench.make(ALICE).await, &made));
    assert_eq!(bench.cached(BOB).await, None);
}

#[tokio::test]
async fn a_registered_key_leaves_the_lists_valid() {
    let bench = Bench::new();
    let made = bench.make(ALICE).await;
    bench.change(|catalog| {
        let project = Project {
            key: Some("ssh-ed25519 AAAA".into()),
            ..project("alice")
        };
        catalog.projects.put(ALICE.0, versioned(project));
    });
    assert!(Arc::ptr_eq(&bench.cached(ALICE).await.unwrap(), &made));
}

#[tokio::test]
async fn a_changed_list_is_made_again_and_the_others_stay_the_same() {
    let bench = Bench::new();
    let (alice, bob) = (bench.make(ALICE).await, bench.make(BOB).await);
    bench.change(|catalog| catalog.samples.put(7, sample(ALICE, "2", "second")));
    assert_eq!(bench.cached(ALICE).await, None);
    assert_eq!(bench.cached(BOB).await, None);
    let anew = bench.make(ALICE).await;
    assert!(text(&anew).contains("\"second\""));
    assert_ne!(anew.etag, alice.etag);
    assert!(Arc::ptr_eq(&bench.make(BOB).await, &bob));
}

#[tokio::test]
#[expect(
    clippy::await_holding_lock,
    reason = "the work that needs it is on other threads"
)]
async fn a_request_after_a_change_does_not_get_a_list_begun_before_it() {
    let bench = Bench::new();
    let (before, after) = {
        // Lists can't be made while the index is locked.
        let _index = bench.lists.samples.0.lock().unwrap();
        let before = bench.begin(ALICE).await;
        bench.change(|catalog| catalog.samples.put(7, sample(ALICE, "2", "second")));
        (before, bench.begin(ALICE).await)
    };
    before.await.unwrap();
    let late = after.await.unwrap();
    assert!(text(&late).contains("\"second\""));
    assert!(
        Arc::ptr_eq(&bench.cached(ALICE).await.unwrap(), &late),
        "the older list must not replace the newer one"
    );
}

#[tokio::test]
#[expect(
    clippy::await_holding_lock,
    reason = "the work that needs it is on other threads"
)]
async fn a_list_requested_many_times_at_once_is_made_once() {
    let bench = Bench::new();
    let answers = {
        let _index = bench.lists.samples.0.lock().unwrap();
        let mut answers = Vec::new();
        for _ in 0..40 {
            answers.push(bench.begin(ALICE).await);
        }
        assert_eq!(bench.lists.making.available_permits(), PARALLEL - 1);
        assert_eq!(bench.lists.waiting.available_permits(), MAX_WAITING - 40);
        answers
    };
    let first = bench.make(ALICE).await;
    for answer in answers {
        assert!(Arc::ptr_eq(&answer.await.unwrap(), &first));
    }
    assert_eq!(bench.lists.waiting.available_permits(), MAX_WAITING);
}

#[tokio::test]
#[expect(
    clippy::await_holding_lock,
    reason = "the work that needs it is on other threads"
)]
async fn a_list_whose_caller_has_disconnected_is_made_for_the_next() {
    let bench = Bench::new();
    let next = {
        let _index = bench.lists.samples.0.lock().unwrap();
        let gone = bench.begin(ALICE).await;
        let next = bench.begin(ALICE).await;
        gone.abort();
        next
    };
    assert!(text(&next.await.unwrap()).contains("\"first\""));
}

#[tokio::test]
async fn too_many_waiting_requests_are_refused() {
    let bench = Bench::new();
    let places = bench
        .lists
        .waiting
        .try_acquire_many(u32::try_from(MAX_WAITING).unwrap())
        .unwrap();
    let catalog = bench.catalog.load_full();
    assert_eq!(bench.lists.get(&catalog, ALICE, BM).await, Err(Unavailable::Busy));
    drop(places);
    bench.make(ALICE).await;
}

#[tokio::test]
async fn a_list_of_an_older_catalog_does_not_replace_a_newer_one() {
    let old = Arc::new(catalog());
    let new = Arc::new(changed(&old, |catalog| {
        catalog.samples.put(7, sample(ALICE, "2", "second"));
    }));
    let lists = SampleLists::new(1 << 20);
    let list = lists.get(&new, ALICE, BM).await.unwrap();
    assert!(Arc::ptr_eq(&lists.get(&old, ALICE, BM).await.unwrap(), &list));
    lists.get(&old, BOB, BM).await.unwrap();
    assert!(Arc::ptr_eq(&lists.get(&new, ALICE, BM).await.unwrap(), &list));
}

#[tokio::test]
async fn the_least_recently_used_lists_go_first() {
    let made = |letter: u8, length| Made {
        list: Arc::new(ReadyList {
            json: vec![letter; length].into(),
            gzip: None,
            etag: String::new(),
        }),
        generation: 1,
    };
    let lists = SampleLists::new(3000).lists;
    let kept = async || {
        lists.run_pending_tasks().await;
        [1, 2, 3, 4].map(|project| lists.contains_key(&(ProjectId(project), BM)))
    };
    for (project, letter) in [(1, b'a'), (2, b'b')] {
        lists.insert((ProjectId(project), BM), made(letter, 1000)).await;
    }
    assert_eq!(kept().await, [true, true, false, false]);
    assert!(lists.get(&(ProjectId(1), BM)).await.is_some());
    lists.insert((ProjectId(3), BM), made(b'c', 1000)).await;
    assert_eq!(kept().await, [true, false, true, false]);
    // A list that replaces another takes no additional memory.
    for _ in 0..100 {
        lists.insert((ProjectId(3), BM), made(b'c', 1000)).await;
    }
    assert_eq!(kept().await, [true, false, true, false]);
    lists.insert((ProjectId(4), BM), made(b'd', 100_000)).await;
    assert_eq!(kept().await, [false, false, false, true]);
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
