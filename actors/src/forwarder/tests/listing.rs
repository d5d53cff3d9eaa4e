//! The lists and counts for operators.

use super::*;

#[actix::test]
async fn the_outbox_is_listed_newest_first_and_in_pages() {
    let bench = Bench::new();
    for (id, age) in [(1, 30), (2, 10), (3, 20), (4, 20), (5, 0)] {
        let mut batch = Batch::new();
        let entry = secure_path::pending(ALICE, "/one", NOW.plus_micros(-age));
        let subject = if id == 3 {
            Subject::Session
        } else {
            Subject::Report
        };
        batch.insert(
            keys::outbox(subject, beamlive_storage::ids::IdRef::Known(id)),
            &entry,
        );
        bench.commit(batch).await;
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = pending(&bench.store, before, 2).unwrap();
        let Some((subject, id, entry)) = page.last().cloned() else {
            break;
        };
        before = Some((entry.created, subject, id));
        seen.extend(page.into_iter().map(|(_, id, _)| id));
    }
    assert_eq!(seen, [5, 2, 4, 3, 1]);
    let all = backlog(&bench.store, 10).unwrap();
    assert_eq!(
        (all.rows, all.capped, all.oldest),
        (5, false, Some(NOW.plus_micros(-30)))
    );
    let some = backlog(&bench.store, 5).unwrap();
    assert_eq!((some.rows, some.capped), (5, false));
    assert!(backlog(&bench.store, 4).unwrap().capped);
}
