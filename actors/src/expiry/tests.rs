#![allow(clippy::unwrap_used)]
use super::*;
use beamlive_storage::ids::{IdRef, ProjectId, RawId};
use beamlive_storage::records::{BrowserSession, SpentToken, Subject};

const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

async fn answer(store: &Store, n: u32, received: Timestamp) {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&n.to_be_bytes());
    let mut batch = Batch::new();
    let answered = AnsweredRequest {
        record: RawId::NONE,
        subject: Subject::Dataset,
        request: [7; 16],
        received,
    };
    let project = ProjectId(3);
    batch.insert_naming(
        keys::answered_request(project, &key),
        &answered,
        IdRef::Known(u64::from(n) + 1),
    );
    batch.mark(keys::answered_request_by_time(received, project, &key));
    store.reserve().unwrap().commit(batch).await.unwrap();
}

fn rows(store: &Store, table: Table) -> usize {
    let (start, end) = keys::below(&Key::of(table), None);
    store.scan_keys(&start, &end, Order::Ascending).count()
}

#[tokio::test]
async fn answers_a_day_old_are_removed_and_others_stay() {
    let store = Store::in_memory();
    let outdated = 2 * u32::try_from(ROWS).unwrap() + 3;
    for n in 0..outdated {
        answer(&store, n, NOW.plus_micros(-KEPT_MICROS - i64::from(n % 2))).await;
    }
    for n in 0..5 {
        answer(
            &store,
            outdated + n,
            NOW.plus_micros(-KEPT_MICROS + 1 + i64::from(n)),
        )
        .await;
    }
    let swept = sweep(store.clone(), NOW).await.unwrap();
    assert_eq!(swept, usize::try_from(outdated).unwrap());
    assert_eq!(rows(&store, Table::AnsweredRequest), 5);
    assert_eq!(rows(&store, Table::AnsweredRequestByTime), 5);
    assert_eq!(sweep(store, NOW).await.unwrap(), 0);
}

#[tokio::test]
async fn an_answer_that_is_newer_than_the_entry_that_leads_to_it_stays() {
    let store = Store::in_memory();
    answer(&store, 1, NOW).await;
    let mut key = [0; 16];
    key[..4].copy_from_slice(&1_u32.to_be_bytes());
    let mut batch = Batch::new();
    batch.mark(keys::answered_request_by_time(Timestamp(1), ProjectId(3), &key));
    store.reserve().unwrap().commit(batch).await.unwrap();
    assert_eq!(sweep(store.clone(), NOW).await.unwrap(), 1);
    assert_eq!(rows(&store, Table::AnsweredRequest), 1);
    assert_eq!(rows(&store, Table::AnsweredRequestByTime), 1);
}

#[tokio::test]
async fn refresh_tokens_are_kept_until_they_are_over() {
    let store = Store::in_memory();
    let seconds = u64::try_from(NOW.0 / 1_000_000).unwrap();
    let spent = SpentToken {
        at: NOW,
        access: [1; 16],
        refresh: [2; 16],
        issued_at: 1,
    };
    let ends = (0..600).map(|n| seconds - 1 - n).chain([seconds, seconds + 1]);
    for (n, end) in ends.enumerate() {
        let mut token = [0; 16];
        token[..8].copy_from_slice(&n.to_be_bytes());
        let mut batch = Batch::new();
        batch.insert(keys::spent_token(end, &token), &spent);
        store.reserve().unwrap().commit(batch).await.unwrap();
    }
    assert_eq!(sweep(store.clone(), NOW).await.unwrap(), 600);
    assert_eq!(rows(&store, Table::SpentToken), 2);
}

#[tokio::test]
async fn browsers_are_signed_in_until_their_session_is_over() {
    let store = Store::in_memory();
    let seconds = u64::try_from(NOW.seconds()).unwrap();
    let session = BrowserSession {
        account: None,
        token_epoch: 0,
        created: NOW,
    };
    for end in [seconds - 1, seconds, seconds + 1] {
        let mut batch = Batch::new();
        batch.insert(keys::browser_session(end, &[7; 16]), &session);
        store.reserve().unwrap().commit(batch).await.unwrap();
    }
    assert_eq!(sweep(store.clone(), NOW).await.unwrap(), 1);
    assert_eq!(rows(&store, Table::BrowserSession), 2);
}
