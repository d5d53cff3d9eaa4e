//! `POST /api/v2/{token}/close/{beamline}/{session}/`

use crate::support::{Reply, Site, DAY, HOUR, MINUTE};
use serde_json::json;

fn assert_closed(reply: &Reply, session: &str, duration: &str) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json(), json!({"session": session, "duration": duration}));
}

fn assert_not_found(reply: &Reply) {
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "not_found");
}

#[actix_web::test]
async fn a_close_ends_the_open_stretch() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    site.pass(2 * HOUR + 5 * MINUTE);
    assert_closed(&alice.close("BM", "day").await, "day", "2 hours 5 mins");
    assert_eq!(
        site.stretches("alice", "day").await,
        [(0, Some(2 * HOUR + 5 * MINUTE))]
    );
    assert!(site.open_stretches().await.is_empty());
}

#[actix_web::test]
async fn the_duration_is_that_of_the_newest_stretch() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    site.pass(3 * HOUR);
    assert_closed(&alice.close("BM", "day").await, "day", "3 hours");
    site.pass(HOUR);
    alice.launch("BM", "day").await;
    site.pass(10 * MINUTE);
    assert_closed(&alice.close("BM", "day").await, "day", "10 mins");
}

#[actix_web::test]
async fn the_duration_of_an_immediate_close_is_zero() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    assert_closed(&alice.close("BM", "day").await, "day", "0 minutes");
    assert!(site.open_stretches().await.is_empty());
}

#[actix_web::test]
async fn closing_again_changes_nothing() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.close("BM", "day").await;
    let (visits, log) = (site.visits().await, site.admin("activity").await);
    for _ in 0..3 {
        site.pass(HOUR);
        assert_closed(&alice.close("BM", "day").await, "day", "1 hour");
    }
    assert_eq!(site.visits().await, visits);
    assert_eq!(site.admin("activity").await, log);
}

#[actix_web::test]
async fn closing_an_unknown_session_is_not_found() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    assert_not_found(&alice.close("BM", "day").await);
    alice.launch("BM", "day").await;
    assert_not_found(&alice.close("BM", "da").await);
    assert_not_found(&alice.close("BM", "DAY").await);
    assert_not_found(&alice.close("ID", "day").await);
    assert_not_found(&alice.close("NOWHERE", "day").await);
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
    assert_eq!(site.visits().await.len(), 1);
}

#[actix_web::test]
async fn another_projects_session_is_not_found() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    assert_not_found(&bob.close("BM", "day").await);
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);

    bob.launch("BM", "day").await;
    site.pass(HOUR);
    assert_closed(&alice.close("BM", "day").await, "day", "1 hour");
    assert_eq!(
        site.stretches("bob", "day").await,
        [(HOUR, None)],
        "bob's own session is still open"
    );
}

#[actix_web::test]
async fn closing_a_session_that_a_launch_has_ended_leaves_the_other_open() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    bob.launch("BM", "night").await;
    site.pass(HOUR);
    assert_closed(&alice.close("BM", "day").await, "day", "1 hour");
    assert_eq!(
        site.open_stretches().await,
        [("BM".to_owned(), "night".to_owned())]
    );
}

#[actix_web::test]
async fn one_beamlines_close_leaves_the_others_open() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    alice.launch("ID", "day").await;
    site.pass(HOUR);
    alice.close("BM", "day").await;
    assert_eq!(site.open_stretches().await, [("ID".to_owned(), "day".to_owned())]);
}

#[actix_web::test]
async fn a_close_ends_the_newest_of_two_sessions_with_one_name() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(8 * DAY);
    assert_closed(&alice.close("BM", "day").await, "day", "1 hour");
    alice.launch("BM", "day").await;
    site.pass(2 * HOUR);
    assert_closed(&alice.close("BM", "day").await, "day", "2 hours");
    let start = HOUR + 8 * DAY;
    let stretches: Vec<_> = site
        .visits()
        .await
        .into_iter()
        .map(|visit| visit.stretches)
        .collect();
    assert_eq!(
        stretches,
        [vec![(0, Some(HOUR))], vec![(start, Some(start + 2 * HOUR))]]
    );
}

#[actix_web::test]
async fn a_session_is_closed_after_a_restart() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    site.restart().await;
    let alice = alice.at(&site);
    site.pass(HOUR);
    assert_closed(&alice.close("BM", "day").await, "day", "2 hours");
    site.restart().await;
    site.pass(HOUR);
    assert_closed(&alice.at(&site).close("BM", "day").await, "day", "2 hours");
    assert_eq!(site.stretches("alice", "day").await, [(0, Some(2 * HOUR))]);
}

#[actix_web::test]
async fn a_closed_beamline_is_free_for_the_next_one() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(HOUR);
    bob.launch("BM", "night").await;
    assert_eq!(
        site.stretches("alice", "day").await,
        [(0, Some(HOUR))],
        "the end has changed"
    );
    assert_eq!(site.stretches("bob", "night").await, [(2 * HOUR, None)]);
}
