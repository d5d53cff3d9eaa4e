//! What other processes changed is read again, row by row or all of it.

use super::*;
use arc_swap::Guard;
use beamlive_storage::records::{Beamline, FacilityRevision, SignIn};
use beamlive_storage::shared::Changes;
use beamlive_storage::Key;

fn project(id: u64) -> Key {
    keys::record(Table::Project, IdRef::Known(id))
}

impl Bench {
    async fn follow(&self, changes: Changes) {
        let changes = Arc::new(changes);
        self.actor.ask(Follow { changes }).await.unwrap().unwrap();
    }

    async fn follow_projects(&self, ids: impl IntoIterator<Item = u64>) {
        let keys = ids.into_iter().map(|id| project(id).as_bytes().to_vec());
        self.follow(Changes::Keys(keys.collect())).await;
    }

    /// Writes as another process does.
    async fn write(&self, fill: impl FnOnce(&mut Batch)) {
        let mut batch = Batch::new();
        fill(&mut batch);
        self.store.reserve().unwrap().commit(batch).await.unwrap();
    }
}

fn named(username: &str) -> Project {
    Project {
        username: username.to_owned(),
        name: String::new(),
        key: None,
        ssh_keys: Vec::new(),
        sign_in: SignIn::default(),
        created: Timestamp(0),
        modified: Timestamp(0),
    }
}

#[actix::test]
async fn the_rows_of_the_keys_are_read_again_and_no_others() {
    let bench = Bench::with_alice().await;
    let (before, beamline) = (
        bench.catalog.last_known().generation,
        keys::record(Table::Beamline, IdRef::Known(1)),
    );
    let record = Beamline {
        acronym: "BM".to_owned(),
        name: String::new(),
        active: true,
        simulated: false,
        energy: None,
        contact: String::new(),
    };
    bench
        .write(|batch| {
            batch.insert(project(2), &named("bob"));
            batch.insert(beamline, &record);
        })
        .await;
    bench.follow_projects([2, 2, 9]).await;
    let catalog = Guard::into_inner(bench.catalog.last_known());
    assert_eq!(catalog.project("bob").unwrap().0, ProjectId(2));
    assert!(catalog.beamline("BM").is_none(), "nothing named its key");
    assert_eq!(catalog.generation, before + 1);
    // Nothing is published again without a change.
    bench.follow_projects([1, 2]).await;
    assert!(Arc::ptr_eq(&catalog, &bench.catalog.last_known()));
    bench.follow(Changes::Unknown).await;
    assert!(bench.catalog.last_known().beamline("BM").is_some());
    assert_published_is_stored(&bench);
}

#[actix::test]
async fn more_keys_than_half_of_the_catalog_have_all_of_it_read() {
    let bench = Bench::with_alice().await;
    let half = bench.catalog.last_known().records() as u64 / 2;
    bench.write(|batch| batch.insert(project(2), &named("bob"))).await;
    bench.follow_projects(100..100 + half).await;
    assert!(bench.catalog.last_known().project("bob").is_none());
    bench.follow_projects(100..=100 + half).await;
    assert!(bench.catalog.last_known().project("bob").is_some());
}

#[actix::test]
async fn a_name_that_has_moved_to_another_record_is_found_in_any_order() {
    for order in [[1, 2], [2, 1]] {
        let bench = Bench::with_alice().await;
        let revision = bench.store.get::<Project>(&project(1)).unwrap().unwrap().revision;
        bench
            .write(|batch| {
                batch.remove(project(1), revision);
                batch.insert(project(2), &named("alice"));
            })
            .await;
        for id in order {
            bench.follow_projects([id]).await;
        }
        let catalog = bench.catalog.last_known();
        assert_eq!(catalog.project("alice").unwrap().0, ProjectId(2), "{order:?}");
        assert!(catalog.projects.get(1).is_none());
    }
}

#[actix::test]
async fn a_file_is_refused_once_if_another_process_has_applied_one() {
    let bench = Bench::with_alice().await;
    let key = keys::facility_revision();
    let stored = || bench.store.get::<FacilityRevision>(&key).unwrap().unwrap();
    let read = stored();
    bench
        .write(|batch| {
            batch.replace(key.clone(), read.revision, &read.record);
            batch.insert(project(2), &named("bob"));
            batch.set(keys::counter(Table::Project), &2_u64.to_be_bytes());
        })
        .await;
    // Planned on its own memory, bob would be created a second time.
    let applied = bench.apply("[[project]]\nusername = 'bob'").await;
    assert_eq!((applied.counts.created, applied.counts.updated), (0, 1));
    bench.apply("[[project]]\nusername = 'carol'").await;
    assert_eq!(stored().revision, read.revision + 3);
    assert_published_is_stored(&bench);
}
