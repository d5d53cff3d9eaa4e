//! `end_time` of a launch: the end of the project's beamtime in the schedule.

use crate::support::{Client, Site, DAY, FACILITY, HOUR, MORNING, SECOND};
use beamlive_storage::Timestamp;
use chrono::{DateTime, SecondsFormat};

/// A beamtime; times are microseconds since the tests' morning.
fn beamtime(project: &str, beamline: &str, start: i64, end: i64, rest: &str) -> String {
    let text = |micros: i64| {
        let time = DateTime::from_timestamp_micros(MORNING * SECOND + micros).unwrap();
        time.to_rfc3339_opts(SecondsFormat::Micros, true)
    };
    format!(
        "[[beamtime]]\nproject = \"{project}\"\nbeamline = \"{beamline}\"\nstart = {}\nend = {}\n{rest}\n",
        text(start),
        text(end)
    )
}

async fn site(scheduling: bool, beamtimes: &[String]) -> Site {
    let facility = format!("{FACILITY}\n{}", beamtimes.concat());
    Site::with_facility(&facility, |settings| settings.schedule = scheduling).await
}

/// Sets the clock, launches, and returns the `end_time` in microseconds since the tests' morning.
async fn end_time(site: &Site, client: &Client, beamline: &str, now: i64) -> Option<i64> {
    site.clock.set(Timestamp(MORNING * SECOND + now));
    let reply = client.launch(beamline, "day").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answer = reply.json();
    let end = &answer.as_object().unwrap()["end_time"];
    if end.is_null() {
        return None;
    }
    let end = DateTime::parse_from_rfc3339(end.as_str().unwrap()).unwrap();
    Some(end.timestamp_micros() - MORNING * SECOND)
}

#[actix_web::test]
async fn a_beamtime_counts_from_half_a_shift_before_to_half_a_shift_after() {
    let site = site(true, &[beamtime("alice", "BM", 8 * HOUR, 16 * HOUR, "")]).await;
    let alice = site.client("alice").await;
    let cases = [
        (4 * HOUR - 1, None),
        (4 * HOUR, Some(16 * HOUR)),
        (8 * HOUR, Some(16 * HOUR)),
        (16 * HOUR, Some(16 * HOUR)),
        (20 * HOUR, Some(16 * HOUR)),
        (20 * HOUR + 1, None),
    ];
    for (now, end) in cases {
        assert_eq!(end_time(&site, &alice, "BM", now).await, end, "{now}");
    }
}

#[actix_web::test]
async fn the_latest_end_of_several_beamtimes_counts() {
    let site = site(
        true,
        &[
            beamtime("alice", "BM", 8 * HOUR, 16 * HOUR, ""),
            beamtime("alice", "BM", 0, 40 * HOUR, ""),
            beamtime("alice", "BM", 16 * HOUR, 24 * HOUR, ""),
            beamtime("alice", "BM", 32 * HOUR, 48 * HOUR, ""),
        ],
    )
    .await;
    let alice = site.client("alice").await;
    assert_eq!(end_time(&site, &alice, "BM", 10 * HOUR).await, Some(40 * HOUR));
    assert_eq!(end_time(&site, &alice, "BM", 28 * HOUR).await, Some(48 * HOUR));
    assert_eq!(end_time(&site, &alice, "BM", 3 * DAY).await, None);
}

#[actix_web::test]
async fn a_cancelled_beamtime_does_not_count() {
    let site = site(
        true,
        &[
            beamtime("alice", "BM", 0, 8 * HOUR, ""),
            beamtime("alice", "BM", SECOND, 16 * HOUR, "cancelled = true"),
            beamtime("bob", "BM", 0, 8 * HOUR, "cancelled = true"),
            beamtime("bob", "SIM", 0, 8 * HOUR, "cancelled = true"),
        ],
    )
    .await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    assert_eq!(end_time(&site, &alice, "BM", HOUR).await, Some(8 * HOUR));
    assert_eq!(end_time(&site, &bob, "BM", HOUR).await, None);
    assert_eq!(end_time(&site, &bob, "SIM", HOUR).await, Some(3 * HOUR));
}

#[actix_web::test]
async fn beamtimes_of_other_projects_and_beamlines_do_not_count() {
    let site = site(
        true,
        &[
            beamtime("bob", "BM", 0, 8 * HOUR, ""),
            beamtime("alice", "ID", 0, 9 * HOUR, "remote = true"),
        ],
    )
    .await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    assert_eq!(end_time(&site, &alice, "BM", HOUR).await, None);
    assert_eq!(end_time(&site, &bob, "ID", HOUR).await, None);
    assert_eq!(end_time(&site, &bob, "BM", HOUR).await, Some(8 * HOUR));
    assert_eq!(
        end_time(&site, &alice, "ID", HOUR).await,
        Some(9 * HOUR),
        "a remote beamtime counts"
    );
}

#[actix_web::test]
async fn without_a_beamtime_an_inactive_beamline_is_available_for_two_hours() {
    let site = site(true, &[beamtime("alice", "SIM", 0, 8 * HOUR, "")]).await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    assert_eq!(end_time(&site, &bob, "SIM", HOUR).await, Some(3 * HOUR));
    assert_eq!(end_time(&site, &bob, "BM", HOUR).await, None);
    assert_eq!(end_time(&site, &alice, "SIM", HOUR).await, Some(8 * HOUR));
    assert_eq!(end_time(&site, &alice, "SIM", DAY).await, Some(DAY + 2 * HOUR));
}

#[actix_web::test]
async fn without_scheduling_there_is_no_end() {
    let site = site(
        false,
        &[
            beamtime("alice", "BM", 0, 8 * HOUR, ""),
            beamtime("alice", "SIM", 0, 8 * HOUR, ""),
        ],
    )
    .await;
    let alice = site.client("alice").await;
    for beamline in ["BM", "ID", "SIM"] {
        assert_eq!(end_time(&site, &alice, beamline, HOUR).await, None, "{beamline}");
    }
}

#[actix_web::test]
async fn a_change_of_the_schedule_counts_at_once_and_after_a_restart() {
    let mut site = site(true, &[beamtime("alice", "BM", 0, 8 * HOUR, "")]).await;
    let alice = site.client("alice").await;
    assert_eq!(end_time(&site, &alice, "BM", HOUR).await, Some(8 * HOUR));
    site.apply(&beamtime("alice", "BM", 8 * HOUR, 16 * HOUR, ""))
        .await;
    assert_eq!(end_time(&site, &alice, "BM", 5 * HOUR).await, Some(16 * HOUR));
    site.restart().await;
    assert_eq!(
        end_time(&site, &alice.at(&site), "BM", 6 * HOUR).await,
        Some(16 * HOUR)
    );
    site.apply(&beamtime("alice", "BM", 8 * HOUR, 16 * HOUR, "cancelled = true"))
        .await;
    assert_eq!(
        end_time(&site, &alice.at(&site), "BM", 7 * HOUR).await,
        Some(8 * HOUR)
    );
}
