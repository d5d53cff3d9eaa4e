#![allow(clippy::unwrap_used)]
use super::*;
use crate::events::Kind;
use beamlive_actors::clock::SystemClock;
use beamlive_storage::ids::{IdRef, ProjectId, RawId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::Subject;
use beamlive_storage::Batch;
use std::sync::atomic::{AtomicBool, Ordering};

const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

/// Logs that the outbox was told to try again, or something that is not an event.
async fn log(store: &Store, subject: Subject) {
    let mut batch = Batch::new();
    let id = batch.allocate(Table::Activity);
    let record = Activity {
        record: RawId::NONE,
        subject,
        project: Some(ProjectId(3)),
        who: "operator".to_owned(),
        address: None,
        action: "retry".to_owned(),
        note: String::new(),
        time: NOW,
    };
    batch.insert_naming(keys::activity(id), &record, IdRef::Known(0));
    store.reserve().unwrap().commit(batch).await.unwrap();
}

#[actix_web::test]
async fn a_listener_gets_each_event_once_and_only_later_ones() {
    let store = Store::in_memory();
    log(&store, Subject::Outbox).await;
    let events = Arc::new(Events::default());
    let writes = Arc::new(AtomicBool::new(true));
    let watched = Arc::clone(&writes);
    let health = move || Health {
        writes: watched.load(Ordering::Relaxed),
        proxy: true,
    };
    let clock = Arc::new(SystemClock);
    let following = tokio::spawn(Arc::clone(&events).follow(store.clone(), clock, health));
    let (mut first, here) = events.listen(&store).await.unwrap().unwrap();
    log(&store, Subject::Person).await;
    log(&store, Subject::Outbox).await;
    let event = first.recv().await.unwrap();
    assert_eq!(
        (event.kind, event.position.to_string()),
        (Kind::Outbox, "3.0.0".to_owned())
    );
    assert!(event.position.covers(&here) && !here.covers(&event.position));
    events.announce(Kind::Connection, NOW);
    assert_eq!(first.recv().await.unwrap().kind, Kind::Connection);
    writes.store(false, Ordering::Relaxed);
    assert_eq!(first.recv().await.unwrap().kind, Kind::Health);
    events.close();
    assert!(first.recv().await.is_err());
    following.await.unwrap();
    assert!(events.listen(&store).await.unwrap().is_none());
}

#[actix_web::test]
async fn what_was_missed_is_read_from_the_store() {
    let store = Store::in_memory();
    for _ in 0..600 {
        log(&store, Subject::Outbox).await;
    }
    let after = Position::parse("100.0.0").unwrap();
    let (events, missed) = read_after(&store, after, 1000).unwrap();
    assert_eq!((events.len(), missed), (500, None));
    assert_eq!(events.first().unwrap().position.to_string(), "101.0.0");
    let (events, missed) = read_after(&store, after, 300).unwrap();
    assert!(events.len() > 300);
    assert_eq!(missed, Some(Missed));
}
