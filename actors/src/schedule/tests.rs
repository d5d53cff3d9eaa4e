#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::fixtures::versioned;
use beamlive_storage::records::{Beamline, Beamtime};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000_000;
const ALICE: ProjectId = ProjectId(1);
const BOB: ProjectId = ProjectId(2);
const BM: BeamlineId = BeamlineId(1);
const ID: BeamlineId = BeamlineId(2);

fn at(hours: i64) -> Timestamp {
    Timestamp(hours * HOUR)
}

fn time(project: ProjectId, beamline: BeamlineId, start: Timestamp, end: Timestamp) -> Beamtime {
    Beamtime {
        project,
        beamline,
        start,
        end,
        remote: true,
        cancelled: false,
    }
}

/// BM is active, ID is not.
fn catalog(times: &[Beamtime]) -> Catalog {
    let mut catalog = Catalog::default();
    for (id, acronym, active) in [(BM, "BM", true), (ID, "ID", false)] {
        let beamline = Beamline {
            acronym: acronym.into(),
            name: acronym.into(),
            active,
            simulated: false,
            energy: None,
            contact: String::new(),
        };
        catalog.beamlines.put(id.0, versioned(beamline));
    }
    for (id, time) in (1..).zip(times) {
        catalog.beamtimes.put(id, versioned(time.clone()));
    }
    catalog
}

#[test]
fn a_project_may_start_and_end_half_a_shift_off_its_beamtime() {
    let catalog = catalog(&[time(ALICE, BM, at(100), at(108))]);
    let schedule = Schedule::default();
    let end = |now| schedule.end_time(&catalog, ALICE, BM, now);
    assert_eq!(end(at(96).plus_micros(-1)), None);
    assert_eq!(end(at(96)), Some(at(108)));
    assert_eq!(end(at(112)), Some(at(108)));
    assert_eq!(end(at(112).plus_micros(1)), None);
}

#[test]
fn the_latest_end_counts_even_of_a_beamtime_within_another() {
    let times = [
        time(ALICE, BM, at(90), at(120)),
        time(ALICE, BM, at(100), at(108)),
        time(ALICE, BM, at(130), at(138)),
    ];
    assert_eq!(
        Schedule::default().end_time(&catalog(&times), ALICE, BM, at(101)),
        Some(at(120))
    );
}

#[test]
fn other_projects_other_beamlines_and_cancelled_times_do_not_count() {
    let mut cancelled = time(ALICE, BM, at(99), at(110));
    cancelled.cancelled = true;
    let catalog = catalog(&[
        cancelled,
        time(BOB, BM, at(100), at(108)),
        time(ALICE, ID, at(100), at(107)),
    ]);
    let schedule = Schedule::default();
    assert_eq!(schedule.end_time(&catalog, ALICE, BM, at(101)), None);
    assert_eq!(schedule.remote_users(&catalog, &[BM], at(101)), [BOB]);
}

#[test]
fn unscheduled_work_lasts_two_hours_on_a_beamline_that_is_not_active() {
    let catalog = catalog(&[]);
    let schedule = Schedule::default();
    assert_eq!(schedule.end_time(&catalog, ALICE, ID, at(5)), Some(at(7)));
    assert_eq!(schedule.end_time(&catalog, ALICE, BM, at(5)), None);
    assert_eq!(schedule.end_time(&catalog, ALICE, BeamlineId(9), at(5)), None);
}

#[test]
fn remote_users_begin_on_time_and_may_stay_half_a_shift() {
    let mut local = time(BOB, BM, at(100), at(108));
    local.remote = false;
    let catalog = catalog(&[time(ALICE, BM, at(100), at(108)), local]);
    let schedule = Schedule::default();
    let users = |now| schedule.remote_users(&catalog, &[ID, BM, BM], now);
    assert_eq!(users(at(100).plus_micros(-1)), []);
    assert_eq!(users(at(100)), [ALICE]);
    assert_eq!(users(at(112)), [ALICE]);
    assert_eq!(users(at(112).plus_micros(1)), []);
}

#[test]
fn a_change_of_the_beamtimes_is_seen_at_once() {
    let schedule = Schedule::default();
    let mut catalog = catalog(&[]);
    assert_eq!(schedule.end_time(&catalog, ALICE, BM, at(101)), None);
    catalog
        .beamtimes
        .put(1, versioned(time(ALICE, BM, at(100), at(108))));
    assert_eq!(schedule.end_time(&catalog, ALICE, BM, at(101)), Some(at(108)));
}

proptest! {
    /// The index finds the same as a search of all beamtimes.
    #[test]
    fn the_index_finds_all_beamtimes(
        times in proptest::collection::vec((1u64..4, 1u64..3, 0i64..60, 0i64..30, any::<bool>(), any::<bool>()), 0..30),
        now in -10i64..100,
    ) {
        let times: Vec<_> = times
            .into_iter()
            .map(|(project, beamline, start, length, remote, cancelled)| Beamtime {
                remote,
                cancelled,
                ..time(ProjectId(project), BeamlineId(beamline), at(start), at(start + length))
            })
            .collect();
        let catalog = catalog(&times);
        // If a beamtime is declared twice, the one in the catalog is used.
        let times: Vec<_> = catalog.beamtimes.iter().map(|(_, entry)| entry.record.clone()).collect();
        let now = at(now);
        let expected = times
            .iter()
            .filter(|time| !time.cancelled && time.project == ALICE && time.beamline == BM)
            .filter(|time| time.start <= now.plus_micros(4 * HOUR) && time.end >= now.plus_micros(-4 * HOUR))
            .map(|time| time.end)
            .max();
        let schedule = Schedule::default();
        prop_assert_eq!(schedule.end_time(&catalog, ALICE, BM, now), expected);
        let mut remote: Vec<_> = times
            .iter()
            .filter(|time| !time.cancelled && time.remote)
            .filter(|time| time.start <= now && time.end >= now.plus_micros(-4 * HOUR))
            .map(|time| time.project)
            .collect();
        remote.sort();
        remote.dedup();
        prop_assert_eq!(schedule.remote_users(&catalog, &[BM, ID], now), remote);
    }
}
