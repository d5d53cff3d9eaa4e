#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::declaration::Format;
use super::*;
use crate::activity::Origin;
use crate::ask::{Command, Kind, Supervisor, Unavailable};
use crate::clock::ManualClock;
use crate::facility::catalog::Catalog;
use crate::key::PublicKey;
use beamlive_storage::ids::{BeamlineId, IdRef, ProjectId};
use beamlive_storage::records::{Activity, DataType, Project};
use beamlive_storage::{keys, Batch, Order, Table, Timestamp};

mod follow;
mod signing_keys;

pub(super) const ONE: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmviWc9fXW1Pum7mFf7huogMThAljEqFmPtLDybonxi";
const TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
pub(super) const EXAMPLE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/facility.toml"));

struct Bench {
    store: Store,
    catalog: Arc<Published>,
    clock: ManualClock,
    actor: Supervisor<Facility>,
}

impl Bench {
    async fn open() -> Self {
        let store = Store::in_memory();
        let clock = ManualClock::at(Timestamp(1_000_000));
        let catalog = open_catalog(&store, Timestamp(1_000_000)).await.unwrap();
        let catalog = Arc::new(Published::new(
            catalog,
            &store,
            Arc::new(clock.clone()),
            std::time::Duration::ZERO,
        ));
        let start = {
            let (store, catalog, clock) = (store.clone(), catalog.clone(), clock.clone());
            let arbiter = actix::Arbiter::current();
            move || {
                let clock = Arc::new(clock.clone());
                Facility::start(
                    store.clone(),
                    catalog.clone(),
                    clock,
                    chrono_tz::UTC,
                    &arbiter,
                    16,
                )
            }
        };
        Self {
            actor: Supervisor::new(Kind::new("facility", 1024), start),
            store,
            catalog,
            clock,
        }
    }

    async fn with_alice() -> Self {
        let bench = Self::open().await;
        bench.apply("[[project]]\nusername = 'alice'").await;
        bench
    }

    async fn apply(&self, text: &str) -> Applied {
        self.actor.ask(apply(text)).await.unwrap().unwrap().unwrap()
    }

    async fn register(&self, line: &str) -> Registration {
        self.actor.ask(register(line)).await.unwrap().unwrap()
    }

    async fn set(&self, line: Option<&str>) -> KeySetting {
        self.actor.ask(set("alice", line)).await.unwrap().unwrap()
    }

    fn alice(&self) -> Project {
        self.catalog.last_known().project("alice").unwrap().1.clone()
    }

    fn activity(&self) -> Vec<(String, String, String, Option<u64>)> {
        let (start, end) = keys::below(&keys::Key::of(Table::Activity), None);
        let rows = self.store.scan::<Activity>(&start, &end, Order::Ascending);
        rows.map(|row| row.unwrap().1.record)
            .map(|entry| (entry.who, entry.action, entry.note, entry.record.get()))
            .collect()
    }
}

fn origin(who: &str) -> Origin {
    Origin {
        who: who.to_owned(),
        address: None,
    }
}

fn apply(text: &str) -> Apply {
    Apply {
        file: File::Text(text.into(), Format::Toml),
        dry_run: false,
        prune: false,
        origin: origin("operator"),
    }
}

fn register(line: &str) -> RegisterKey {
    RegisterKey {
        username: "alice".to_owned(),
        key: Arc::new(PublicKey::parse(line).unwrap()),
        origin: origin("alice"),
    }
}

fn set(username: &str, line: Option<&str>) -> SetKey {
    SetKey {
        username: username.to_owned(),
        line: line.map(str::to_owned),
        origin: origin("operator"),
    }
}

/// Asserts that the published catalog equals the content of the store.
fn assert_published_is_stored(bench: &Bench) {
    let (stored, published) = (Catalog::load(&bench.store).unwrap(), bench.catalog.last_known());
    macro_rules! same {
        ($($table:ident),*) => {$(
            let (here, there): (Vec<_>, Vec<_>) = (stored.$table.iter().collect(), published.$table.iter().collect());
            assert_eq!(here, there);
        )*};
    }
    same!(projects, beamlines, data_types, container_types, containers);
    same!(automounters, groups, samples, access_lists, beamtimes);
    let parsed = |catalog: &Catalog| {
        let projects = catalog.projects.iter();
        let key = |(id, _)| Some((id, catalog.signing_key(ProjectId(id))?.line()));
        projects.filter_map(key).collect::<Vec<_>>()
    };
    assert_eq!(parsed(&stored), parsed(&published));
}

#[actix::test]
async fn the_seven_data_types_exist_from_the_start_and_are_made_once() {
    let bench = Bench::open().await;
    let acronyms = |catalog: &Catalog| -> Vec<(u64, String)> {
        catalog
            .data_types
            .iter()
            .map(|(id, kind)| (id, kind.record.acronym.clone()))
            .collect()
    };
    let seven = ["SCREEN", "DATA", "XRD", "RASTER", "XAS", "XRF", "MAD"].map(str::to_owned);
    let expected: Vec<_> = (1..).zip(seven).collect();
    assert_eq!(acronyms(&bench.catalog.last_known()), expected);
    let again = open_catalog(&bench.store, Timestamp(5)).await.unwrap();
    assert_eq!(acronyms(&again), expected);
    assert_eq!(bench.activity().len(), 1);

    bench.apply("[[data_type]]\nacronym = 'SAXS'").await;
    let eighth = bench
        .store
        .get::<DataType>(&keys::record(Table::DataType, IdRef::Known(8)))
        .unwrap()
        .unwrap();
    assert_eq!(eighth.record.acronym, "SAXS");
}

#[actix::test]
async fn applying_the_example_twice_changes_nothing_the_second_time() {
    let bench = Bench::open().await;
    let first = bench.apply(EXAMPLE).await;
    assert!(first.counts.created > 60);
    assert_published_is_stored(&bench);
    let (generation, log) = (bench.catalog.last_known().generation, bench.activity());
    assert_eq!(log.last().unwrap().1, "apply");

    let again = bench.apply(EXAMPLE).await;
    assert_eq!(again.counts.unchanged, first.counts.created);
    assert_eq!((again.counts.created, again.counts.updated), (0, 0));
    assert_eq!(bench.catalog.last_known().generation, generation);
    assert_eq!(bench.activity(), log);
}

#[actix::test]
async fn a_dry_run_lists_the_changes_and_changes_nothing() {
    let bench = Bench::open().await;
    let dry = Apply {
        dry_run: true,
        ..apply(EXAMPLE)
    };
    let planned = bench.actor.ask(dry).await.unwrap().unwrap().unwrap();
    assert!(bench.catalog.last_known().projects.is_empty());
    assert_published_is_stored(&bench);
    assert_eq!(planned, bench.apply(EXAMPLE).await);
}

#[actix::test]
async fn a_file_with_a_mistake_changes_nothing() {
    let bench = Bench::open().await;
    let text = "[[project]]\nusername = 'alice'\n[[group]]\nproject = 'bob'\nname = 'g'\npriority = 'x'\n[[group]]\nproject = 'eve'\nname = 'g'";
    let mistakes = bench.actor.ask(apply(text)).await.unwrap().unwrap().unwrap_err();
    let places: Vec<_> = mistakes.iter().map(|mistake| mistake.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "[[group]] #1 (line 3), priority",
            "[[group]] #2 (line 7), project"
        ]
    );
    assert!(bench.catalog.last_known().projects.is_empty());
    assert_eq!(bench.activity().len(), 1);
}

#[actix::test]
async fn prune_keeps_entries_that_records_refer_to_and_reuses_no_id() {
    let bench = Bench::open().await;
    bench
        .apply("[[project]]\nusername = 'a'\n[[project]]\nusername = 'b'\n[[beamline]]\nacronym = 'X'\n[[beamline]]\nacronym = 'Y'")
        .await;
    let mut batch = Batch::new();
    batch.mark(keys::index(
        Table::ReportByProject,
        IdRef::Known(1),
        IdRef::Known(7),
    ));
    batch.mark(keys::dataset_by_project(
        BeamlineId(2),
        ProjectId(1),
        IdRef::Known(7),
    ));
    bench.store.reserve().unwrap().commit(batch).await.unwrap();

    let prune = Apply {
        prune: true,
        ..apply("")
    };
    let applied = bench.actor.ask(prune).await.unwrap().unwrap().unwrap();
    assert_eq!((applied.counts.removed, applied.counts.kept), (2, 2));
    assert_eq!(
        applied.changes,
        [
            "remove project b",
            "keep project a: records refer to it",
            "remove beamline X",
            "keep beamline Y as inactive: records refer to it",
        ]
    );
    assert_published_is_stored(&bench);
    bench
        .apply("[[project]]\nusername = 'c'\n[[beamline]]\nacronym = 'Y'")
        .await;
    assert_eq!(bench.catalog.last_known().project("c").unwrap().0, ProjectId(3));
    assert!(bench.catalog.last_known().beamline("Y").unwrap().1.active);
    assert_published_is_stored(&bench);
}

#[actix::test]
async fn changes_of_another_writer_are_noticed_and_kept() {
    let bench = Bench::with_alice().await;
    // Another node of the same store registers a key and adds a project.
    let key = keys::record(Table::Project, IdRef::Known(1));
    let old = bench.store.get::<Project>(&key).unwrap().unwrap();
    let record = Project {
        key: Some(ONE.to_owned()),
        ..old.record.clone()
    };
    let mut batch = Batch::new();
    batch.replace(key, old.revision, &record);
    let bob = Project {
        username: "bob".to_owned(),
        key: None,
        ..record
    };
    batch.insert(keys::record(Table::Project, IdRef::Known(2)), &bob);
    batch.set(keys::counter(Table::Project), &2_u64.to_be_bytes());
    bench.store.reserve().unwrap().commit(batch).await.unwrap();

    assert_eq!(bench.register(TWO).await, Registration::AnotherKey);
    assert_published_is_stored(&bench);
    bench.apply("[[project]]\nusername = 'carol'").await;
    assert_eq!(
        bench.catalog.last_known().project("carol").unwrap().0,
        ProjectId(3)
    );
    assert_eq!(bench.alice().key.as_deref(), Some(ONE));
}

#[actix::test]
async fn nothing_is_published_when_writes_are_off() {
    let bench = Bench::with_alice().await;
    let generation = bench.catalog.last_known().generation;
    let store = bench.store.clone();
    tokio::task::spawn_blocking(move || store.close().unwrap())
        .await
        .unwrap();
    let refused = bench
        .actor
        .ask(apply("[[project]]\nusername = 'bob'"))
        .await
        .unwrap();
    assert!(matches!(refused, Err(Unavailable::WritesOff(_))), "{refused:?}");
    let refused = bench.actor.ask(register(ONE)).await.unwrap();
    assert!(matches!(refused, Err(Unavailable::WritesOff(_))), "{refused:?}");
    assert_eq!(bench.catalog.last_known().generation, generation);
    assert!(bench
        .apply("[[project]]\nusername = 'alice'")
        .await
        .changes
        .is_empty());
}

#[actix::test]
async fn a_restarted_actor_has_the_same_state() {
    #[derive(Clone)]
    struct Stop;
    impl Command for Stop {
        type Reply = ();
    }
    impl Handler<Ask<Stop>> for Facility {
        type Result = ();
        fn handle(&mut self, _: Ask<Stop>, ctx: &mut Self::Context) {
            actix::ActorContext::terminate(ctx);
        }
    }
    let bench = Bench::with_alice().await;
    assert_eq!(bench.actor.ask(Stop).await, Err(Unavailable::Lost("facility")));
    assert_eq!(bench.register(ONE).await, Registration::Registered);
    assert!(bench.actor.kind().respawns() >= 1);
    assert_published_is_stored(&bench);
}
