//! The rules of launch: which stretches it begins, joins, reopens and ends.

use super::{duration, survey_url};
use crate::support::{no_stretches_overlap, Reply, Site, DAY, HOUR, MINUTE, SECOND};

#[actix_web::test]
async fn a_launch_ends_the_stretch_of_another_project() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    assert_eq!(bob.launch("BM", "night").await.status, 200);
    assert_eq!(site.stretches("alice", "day").await, [(0, Some(HOUR))]);
    assert_eq!(site.stretches("bob", "night").await, [(HOUR, None)]);
    assert_eq!(
        site.open_stretches().await,
        [("BM".to_owned(), "night".to_owned())]
    );
}

#[actix_web::test]
async fn a_launch_ends_the_stretch_of_the_projects_own_other_session() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "first").await;
    site.pass(HOUR);
    alice.launch("BM", "second").await;
    assert_eq!(site.stretches("alice", "first").await, [(0, Some(HOUR))]);
    assert_eq!(site.stretches("alice", "second").await, [(HOUR, None)]);
}

#[actix_web::test]
async fn a_launch_does_not_change_other_beamlines() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.launch("ID", "day").await;
    bob.launch("SIM", "day").await;
    let visits = site.visits().await;
    let seen: Vec<_> = visits
        .iter()
        .map(|visit| {
            (
                visit.project.as_str(),
                visit.beamline.as_str(),
                visit.stretches.as_slice(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("alice", "BM", [(0, None)].as_slice()),
            ("alice", "ID", [(HOUR, None)].as_slice()),
            ("bob", "SIM", [(HOUR, None)].as_slice()),
        ]
    );
}

#[actix_web::test]
async fn the_same_name_of_another_project_is_another_session() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let hers = survey_url(&alice.launch("BM", "day").await);
    site.pass(HOUR);
    let reply = bob.launch("BM", "day").await;
    assert_eq!(duration(&reply), "0 minutes");
    assert_ne!(survey_url(&reply), hers);
    assert_eq!(site.stretches("alice", "day").await, [(0, Some(HOUR))]);
    assert_eq!(site.stretches("bob", "day").await, [(HOUR, None)]);
}

#[actix_web::test]
async fn a_launch_continues_an_open_stretch() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let first = survey_url(&alice.launch("BM", "day").await);
    for hours in 1..4 {
        site.pass(HOUR);
        let again = alice.launch("BM", "day").await;
        assert_eq!(survey_url(&again), first);
        assert_eq!(
            duration(&again),
            if hours == 1 {
                "1 hour".to_owned()
            } else {
                format!("{hours} hours")
            }
        );
    }
    site.pass(8 * DAY);
    alice.launch("BM", "day").await;
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
}

#[actix_web::test]
async fn a_stretch_that_ended_less_than_five_minutes_ago_continues() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let first = survey_url(&alice.launch("BM", "day").await);
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(5 * MINUTE - 1);
    let reply = alice.launch("BM", "day").await;
    assert_eq!(duration(&reply), "1 hour 4 mins");
    assert_eq!(survey_url(&reply), first);
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
    site.pass(1);
    assert_eq!(alice.close("BM", "day").await.json()["duration"], "1 hour 5 mins");
    assert_eq!(
        site.stretches("alice", "day").await,
        [(0, Some(HOUR + 5 * MINUTE))]
    );
}

#[actix_web::test]
async fn after_five_minutes_a_new_stretch_begins() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let first = survey_url(&alice.launch("BM", "day").await);
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(5 * MINUTE);
    let reply = alice.launch("BM", "day").await;
    assert_eq!(duration(&reply), "1 hour");
    assert_eq!(survey_url(&reply), first);
    assert_eq!(
        site.stretches("alice", "day").await,
        [(0, Some(HOUR)), (HOUR + 5 * MINUTE, None)]
    );
}

#[actix_web::test]
async fn a_stretch_is_not_reopened_over_another_session() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    bob.launch("BM", "short").await;
    site.pass(MINUTE);
    assert_eq!(duration(&alice.launch("BM", "day").await), "1 hour");
    assert_eq!(
        site.stretches("alice", "day").await,
        [(0, Some(HOUR)), (HOUR + MINUTE, None)]
    );
    assert_eq!(
        site.stretches("bob", "short").await,
        [(HOUR, Some(HOUR + MINUTE))]
    );

    alice.close("BM", "day").await;
    site.pass(MINUTE);
    bob.launch("BM", "short").await;
    site.pass(MINUTE);
    bob.close("BM", "short").await;
    site.pass(MINUTE);
    alice.launch("BM", "day").await;
    assert_eq!(
        site.stretches("alice", "day").await.len(),
        3,
        "bob had the beamline in between"
    );
    no_stretches_overlap(&site.visits().await);
}

#[actix_web::test]
async fn a_session_at_another_beamline_does_not_prevent_a_stretch_from_continuing() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.close("BM", "day").await;
    bob.launch("ID", "other").await;
    site.pass(MINUTE);
    alice.launch("BM", "day").await;
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
}

#[actix_web::test]
async fn a_session_can_be_joined_for_seven_days() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let first = survey_url(&alice.launch("BM", "day").await);
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(7 * DAY);
    let reply = alice.launch("BM", "day").await;
    assert_eq!(
        (duration(&reply).as_str(), survey_url(&reply)),
        ("1 hour", first.clone())
    );

    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(6 * DAY);
    let reply = alice.launch("BM", "day").await;
    assert_eq!(
        (duration(&reply).as_str(), survey_url(&reply)),
        ("2 hours", first),
        "the seven days start at the last activity"
    );
    assert_eq!(site.stretches("alice", "day").await.len(), 3);
}

#[actix_web::test]
async fn after_seven_days_a_name_makes_a_new_session() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let first = survey_url(&alice.launch("BM", "day").await);
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(7 * DAY + 1);
    let reply = alice.launch("BM", "day").await;
    assert_eq!(duration(&reply), "0 minutes");
    assert_ne!(survey_url(&reply), first);
    let start = HOUR + 7 * DAY + 1;
    let visits = site.visits().await;
    assert_eq!(visits.len(), 2);
    assert_eq!(
        (visits[0].created, &visits[0].stretches),
        (0, &vec![(0, Some(HOUR))])
    );
    assert_eq!(
        (visits[1].created, &visits[1].stretches),
        (start, &vec![(start, None)])
    );

    site.pass(HOUR);
    let again = alice.launch("BM", "day").await;
    assert_eq!(
        survey_url(&again),
        survey_url(&reply),
        "the newest session of that name continues"
    );
    assert_eq!(site.visits().await.len(), 2);
}

#[actix_web::test]
async fn stretches_do_not_overlap_when_the_clock_runs_backwards() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    bob.launch("BM", "night").await;
    for step in [-2 * HOUR, 0, -SECOND, 30 * MINUTE, 0] {
        site.pass(step);
        assert_eq!(alice.launch("BM", "day").await.status, 200);
        assert_eq!(bob.launch("BM", "night").await.status, 200);
        assert_eq!(alice.launch("BM", "other").await.status, 200);
        assert_eq!(alice.close("BM", "other").await.status, 200);
    }
    no_stretches_overlap(&site.visits().await);
    assert!(site.open_stretches().await.is_empty());
}

#[actix_web::test]
async fn an_open_stretch_continues_after_a_restart() {
    let mut site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.pass(HOUR);
    let before = alice.launch("BM", "day").await;
    bob.launch("ID", "other").await;
    let visits = site.visits().await;
    site.restart().await;
    let (alice, bob) = (alice.at(&site), bob.at(&site));
    assert_eq!(site.visits().await, visits);

    site.pass(30 * MINUTE);
    let after = alice.launch("BM", "day").await;
    assert_eq!(duration(&after), "1 hour 30 mins");
    let key = |reply: &Reply| survey_url(reply).rsplit_once("/survey/").unwrap().1.to_owned();
    assert_eq!(key(&after), key(&before));
    assert_eq!(
        site.stretches("alice", "day").await,
        [(0, Some(HOUR)), (2 * HOUR, None)]
    );

    site.restart().await;
    let (alice, bob) = (alice.at(&site), bob.at(&site));
    bob.launch("BM", "night").await;
    site.pass(MINUTE);
    assert_eq!(duration(&alice.launch("BM", "day").await), "1 hour 30 mins");
    let end = 2 * HOUR + 30 * MINUTE;
    assert_eq!(
        site.stretches("alice", "day").await,
        [(0, Some(HOUR)), (2 * HOUR, Some(end)), (end + MINUTE, None)]
    );
    assert_eq!(site.stretches("bob", "night").await, [(end, Some(end + MINUTE))]);
    no_stretches_overlap(&site.visits().await);
}

#[actix_web::test]
async fn a_stretch_continues_after_a_restart_within_five_minutes() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    site.pass(HOUR);
    alice.close("BM", "day").await;
    site.restart().await;
    site.pass(4 * MINUTE);
    assert_eq!(
        duration(&alice.at(&site).launch("BM", "day").await),
        "1 hour 4 mins"
    );
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
}
