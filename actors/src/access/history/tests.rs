#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use beamlive_storage::records::{ConnectionStatus::*, Project};
use beamlive_storage::Versioned;
use proptest::prelude::*;
use rstest::rstest;

type Entry = (ConnectionStatus, Timestamp);

fn at(status: ConnectionStatus, date: i64) -> Entry {
    (status, Timestamp(date))
}

fn post(connection: Option<Connection>, entries: &[Entry]) -> Option<Connection> {
    entries.iter().fold(connection, |connection, (status, date)| {
        match observe(connection.as_ref(), *status, *date) {
            Observed::Changed(changed) => Some(changed),
            Observed::Known | Observed::Full => connection,
        }
    })
}

#[test]
fn the_first_entry_creates_the_connection() {
    let connection = post(None, &[at(Connected, 5)]).unwrap();
    assert_eq!(connection.created, Timestamp(5));
    assert_eq!(connection.end, None);
    assert_eq!(connection.history, [at(Connected, 5)]);
}

#[test]
fn a_repeated_status_is_no_change() {
    let connection = post(None, &[at(Connected, 1), at(Connected, 3), at(Disconnected, 5)]).unwrap();
    assert_eq!(
        changes(&connection.history),
        [at(Connected, 1), at(Disconnected, 5)]
    );
}

#[test]
fn a_late_entry_takes_its_place_by_date() {
    let entries = [at(Connected, 1), at(Connected, 3), at(Disconnected, 2)];
    let connection = post(None, &entries).unwrap();
    assert_eq!(
        changes(&connection.history),
        [at(Connected, 1), at(Disconnected, 2), at(Connected, 3)]
    );
    assert_eq!(post(Some(connection.clone()), &entries), Some(connection));
}

#[test]
fn the_end_is_the_newest_finish_or_failure() {
    let connection = post(None, &[at(Connected, 1), at(Failed, 2)]);
    assert_eq!(connection.as_ref().unwrap().end, Some(Timestamp(2)));
    let connection = post(connection, &[at(Connected, 3), at(Finished, 4), at(Finished, 6)]);
    assert_eq!(connection.as_ref().unwrap().end, Some(Timestamp(4)));
    let connection = post(connection, &[at(Connected, 9)]);
    assert_eq!(connection.unwrap().end, Some(Timestamp(4)));
}

#[test]
fn a_connection_may_end_in_the_second_it_began() {
    let connection = post(None, &[at(Finished, 1), at(Connected, 1)]).unwrap();
    assert_eq!(connection.history, [at(Connected, 1), at(Finished, 1)]);
}

#[test]
fn a_connection_keeps_so_many_changes_and_no_more() {
    let flapping: Vec<_> = (0..1000)
        .map(|date| at(if date % 2 == 0 { Connected } else { Disconnected }, date))
        .collect();
    let full = post(None, &flapping).unwrap();
    assert_eq!(full.history.len(), 1000);
    assert_eq!(observe(Some(&full), Finished, Timestamp(2000)), Observed::Full);
    assert_eq!(observe(Some(&full), Connected, Timestamp(0)), Observed::Known);
}

#[test]
fn repetitions_make_room_for_changes() {
    let repeating: Vec<_> = (0..1000).map(|date| at(Connected, date)).collect();
    let full = post(None, &repeating).unwrap();
    let finished = post(Some(full), &[at(Finished, 5000)]).unwrap();
    assert_eq!(finished.history, [at(Connected, 0), at(Finished, 5000)]);
}

fn entry() -> impl Strategy<Value = Entry> {
    let status = proptest::sample::select(vec![Connected, Disconnected, Failed, Finished]);
    (status, 0i64..12).prop_map(|(status, date)| at(status, date))
}

proptest! {
    /// Posts in any order, then any part of any of them again, as often as one likes.
    #[test]
    fn posting_again_changes_nothing(
        posts in proptest::collection::vec(proptest::collection::vec(entry(), 1..12), 1..6),
        again in proptest::collection::vec(any::<proptest::sample::Index>(), 0..40),
    ) {
        let entries = posts.concat();
        let mut connection: Option<Connection> = None;
        for entry in &entries {
            let before = connection.clone();
            connection = post(connection, &[*entry]);
            let now = connection.as_ref().unwrap();
            prop_assert!(now.history.is_sorted_by_key(rank));
            prop_assert!(changes(&now.history).windows(2).all(|pair| pair[0].0 != pair[1].0));
            if let Some(before) = before {
                prop_assert_eq!(before.created, now.created);
            }
        }
        for post_again in &posts {
            prop_assert_eq!(post(connection.clone(), post_again), connection.clone());
        }
        for index in again {
            let (status, date) = entries[index.index(entries.len())];
            prop_assert_eq!(observe(connection.as_ref(), status, date), Observed::Known);
        }
    }

    /// The order in which entries arrive doesn't show.
    #[test]
    fn a_history_is_a_function_of_the_entries(entries in proptest::collection::vec(entry(), 1..20)) {
        let mut sorted = entries.clone();
        sorted.sort_by_key(rank);
        let (arrived, sorted) = (post(None, &entries).unwrap(), post(None, &sorted).unwrap());
        prop_assert_eq!((arrived.history, arrived.end), (sorted.history, sorted.end));
    }
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    let record = Project {
        username: "alice".into(),
        name: String::new(),
        key: None,
        ssh_keys: Vec::new(),
        created: Timestamp(0),
        modified: Timestamp(0),
    };
    catalog.projects.put(7, Versioned { revision: 1, record });
    catalog
}

fn utc(text: &str) -> Timestamp {
    text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
}

#[rstest]
#[case::winter("2026-01-15 08:00:00", "2026-01-15T13:00:00Z")]
#[case::summer("2026-07-15 08:00:00", "2026-07-15T12:00:00Z")]
#[case::twice_is_the_earlier("2026-11-01 01:30:00", "2026-11-01T05:30:00Z")]
#[case::never_is_shifted_forward("2026-03-08 02:30:00", "2026-03-08T07:30:00Z")]
fn dates_are_the_facilitys(#[case] date: &str, #[case] expected: &str) {
    let zone = chrono_tz::America::Toronto;
    let entry = parse_entry("alice", "nx-1", "Connected", date, &catalog(), zone).unwrap();
    assert_eq!(entry, (ProjectId(7), "nx-1".into(), Connected, utc(expected)));
}

#[test]
fn a_day_that_a_zone_left_out_is_shifted_too() {
    let zone = chrono_tz::Pacific::Apia;
    let (.., date) = parse_entry("alice", "n", "Failed", "2011-12-30 12:00:00", &catalog(), zone).unwrap();
    assert_eq!(date, utc("2011-12-30T22:00:00Z"));
}

#[rstest]
#[case::project("eve", "n", "Connected", "2026-01-15 08:00:00", SkippedEntry::UnknownProject("eve".into()))]
#[case::status("alice", "n", "connected", "2026-01-15 08:00:00", SkippedEntry::UnknownStatus("connected".into()))]
#[case::date("alice", "n", "Connected", "2026-01-15T08:00:00", SkippedEntry::BadDate("2026-01-15T08:00:00".into()))]
#[case::no_such_day("alice", "n", "Connected", "2026-02-30 08:00:00", SkippedEntry::BadDate("2026-02-30 08:00:00".into()))]
#[case::far_away("alice", "n", "Connected", "+262142-12-31 23:59:59", SkippedEntry::BadDate("+262142-12-31 23:59:59".into()))]
#[case::no_name(
    "alice",
    "",
    "Connected",
    "2026-01-15 08:00:00",
    SkippedEntry::BadName(String::new())
)]
fn a_bad_entry_is_named(
    #[case] project: &str,
    #[case] name: &str,
    #[case] status: &str,
    #[case] date: &str,
    #[case] expected: SkippedEntry,
) {
    let zone = chrono_tz::America::Regina;
    assert_eq!(
        parse_entry(project, name, status, date, &catalog(), zone),
        Err(expected)
    );
}

#[test]
fn names_are_bounded_in_characters() {
    let entry = |name: String| {
        parse_entry(
            "alice",
            &name,
            "Failed",
            "2026-01-15 08:00:00",
            &catalog(),
            Tz::UTC,
        )
    };
    assert!(entry("é".repeat(255)).is_ok());
    assert_eq!(entry("é".repeat(256)), Err(SkippedEntry::BadName("é".repeat(32))));
}
