#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::fixtures::{project, versioned};
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::ConnectionStatus::*;
use proptest::prelude::*;
use rstest::rstest;

type Entry = (ConnectionStatus, Timestamp);

fn at(status: ConnectionStatus, date: i64) -> Entry {
    (status, Timestamp(date))
}

/// An entry with one date and nothing else.
fn seen(status: ConnectionStatus, date: i64) -> super::Entry {
    super::Entry {
        account: ProjectId(7).into(),
        name: "nx-1".into(),
        status,
        dates: [Timestamp(date); 2],
        began: None,
        ended: None,
    }
}

fn raw(project: &str, name: &str, status: &str, date: &str) -> RawEntry {
    RawEntry {
        project: project.into(),
        name: name.into(),
        status: status.into(),
        date: date.into(),
        ..RawEntry::default()
    }
}

fn post(connection: Option<Connection>, entries: &[Entry]) -> Option<Connection> {
    entries.iter().fold(connection, |connection, (status, date)| {
        match observe(connection.as_ref(), &seen(*status, date.0)) {
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
fn a_repeated_status_changes_nothing() {
    let connection = post(None, &[at(Connected, 1), at(Connected, 3), at(Disconnected, 5)]).unwrap();
    assert_eq!(
        changes(&connection.history),
        [at(Connected, 1), at(Disconnected, 5)]
    );
}

#[test]
fn a_late_entry_is_sorted_in_by_date() {
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
fn the_number_of_changes_is_bounded() {
    let flapping: Vec<_> = (0..1000)
        .map(|date| at(if date % 2 == 0 { Connected } else { Disconnected }, date))
        .collect();
    let full = post(None, &flapping).unwrap();
    assert_eq!(full.history.len(), 1000);
    assert_eq!(observe(Some(&full), &seen(Finished, 2000)), Observed::Full);
    assert_eq!(observe(Some(&full), &seen(Connected, 0)), Observed::Known);
}

#[test]
fn repetitions_are_dropped_to_make_room_for_changes() {
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
    /// Posts in any order, then parts of them again.
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
            prop_assert_eq!(observe(connection.as_ref(), &seen(status, date.0)), Observed::Known);
        }
    }

    /// The result does not depend on the order in which entries arrive.
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
    catalog.projects.put(7, versioned(project("alice")));
    catalog
}

fn utc(text: &str) -> Timestamp {
    text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
}

#[rstest]
#[case::winter("2026-01-15 08:00:00", "2026-01-15T13:00:00Z")]
#[case::summer("2026-07-15 08:00:00", "2026-07-15T12:00:00Z")]
#[case::a_time_that_occurs_twice_is_the_earlier("2026-11-01 01:30:00", "2026-11-01T05:30:00Z")]
#[case::a_time_that_never_occurs_is_shifted_forward("2026-03-08 02:30:00", "2026-03-08T07:30:00Z")]
#[case::an_offset_counts("2026-11-26 08:00:00+00:00", "2026-11-26T08:00:00Z")]
#[case::iso("2026-11-26T08:00:00.5Z", "2026-11-26T08:00:00.5Z")]
#[case::naive_iso("2026-01-15T08:00:00", "2026-01-15T13:00:00Z")]
fn dates_without_an_offset_are_local(#[case] date: &str, #[case] expected: &str) {
    let zone = chrono_tz::America::Toronto;
    let entry = parse_entry(&raw("alice", "nx-1", "Connected", date), &catalog(), zone).unwrap();
    assert_eq!(
        (entry.account, entry.name.as_str()),
        (ProjectId(7).into(), "nx-1")
    );
    assert_eq!((entry.status, entry.dates[0]), (Connected, utc(expected)));
    assert_eq!((entry.began, entry.ended), (None, None));
}

#[rstest]
#[case::project("eve", "n", "Connected", "2026-01-15 08:00:00", SkippedEntry::UnknownAccount("eve".into()))]
#[case::status("alice", "n", "connected", "2026-01-15 08:00:00", SkippedEntry::UnknownStatus("connected".into()))]
#[case::no_date("alice", "n", "Connected", "", SkippedEntry::BadDate(String::new()))]
#[case::date("alice", "n", "Connected", "yesterday", SkippedEntry::BadDate("yesterday".into()))]
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
        parse_entry(&raw(project, name, status, date), &catalog(), zone),
        Err(expected)
    );
}

#[test]
fn names_are_bounded_in_characters() {
    let entry = |name: String| {
        let raw = raw("alice", &name, "Failed", "2026-01-15 08:00:00");
        parse_entry(&raw, &catalog(), Tz::UTC)
    };
    assert!(entry("é".repeat(255)).is_ok());
    assert_eq!(entry("é".repeat(256)), Err(SkippedEntry::BadName("é".repeat(32))));
}

/// The connection that results from the posts of a host in Toronto: created, end and history, in
/// UTC.
fn posted(posts: &[&[RawEntry]]) -> (String, Option<String>, Vec<(ConnectionStatus, String)>) {
    let zone = chrono_tz::America::Toronto;
    let shown = |time: Timestamp| time.to_utc().format("%H:%M").to_string();
    let mut connection: Option<Connection> = None;
    let mut take = |post: &[RawEntry]| {
        let mut entries: Vec<_> = post
            .iter()
            .map(|raw| parse_entry(raw, &catalog(), zone).unwrap())
            .collect();
        sort(&mut entries);
        let mut changes = 0;
        for entry in &entries {
            if let Observed::Changed(changed) = observe(connection.as_ref(), entry) {
                connection = Some(changed);
                changes += 1;
            }
        }
        changes
    };
    for post in posts {
        take(post);
    }
    // Hosts post their last connections every minute.
    for post in posts {
        assert_eq!(
            take(post),
            0,
            "{post:?} changes something when it is posted again"
        );
    }
    let connection = connection.unwrap();
    (
        shown(connection.created),
        connection.end.map(shown),
        connection
            .history
            .iter()
            .map(|(status, date)| (*status, shown(*date)))
            .collect(),
    )
}

/// On 2026-11-01 the clocks of Toronto show 01:00 to 02:00 twice: from 05:00 and from 06:00 UTC.
#[rstest]
#[case::across_the_change(&["Connected 01:50", "Finished 01:10"], &["05:50", "06:10"])]
#[case::in_the_first_hour(&["Connected 01:10", "Finished 01:50"], &["05:10", "05:50"])]
#[case::from_before(&["Connected 00:50", "Finished 01:10"], &["04:50", "05:10"])]
#[case::into_after(&["Connected 01:50", "Finished 02:10"], &["05:50", "07:10"])]
#[case::back_and_forth(
    &["Connected 01:10", "Disconnected 01:50", "Connected 01:20", "Finished 01:40"],
    &["05:10", "05:50", "06:20", "06:40"]
)]
#[case::known_already(&["Finished 02:10", "Connected 01:50"], &["05:50", "07:10"])]
fn in_the_hour_that_a_clock_repeats(#[case] entries: &[&str], #[case] expected: &[&str]) {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| {
            let (status, time) = entry.split_once(' ').unwrap();
            raw("alice", "nx-1", status, &format!("2026-11-01 {time}:00"))
        })
        .collect();
    let one_by_one: Vec<&[RawEntry]> = entries.chunks(1).collect();
    for posts in [one_by_one, vec![&entries[..]]] {
        let (.., history) = posted(&posts);
        let dates: Vec<_> = history.iter().map(|(_, date)| date.as_str()).collect();
        assert_eq!(dates, expected, "{posts:?}");
    }
}

#[test]
fn a_list_may_have_the_newest_first() {
    let entries = [
        raw("alice", "nx-1", "Finished", "2026-11-01 01:10:00"),
        raw("alice", "nx-1", "Connected", "2026-11-01 01:50:00"),
    ];
    let (created, end, history) = posted(&[&entries]);
    assert_eq!((created.as_str(), end.as_deref()), ("05:50", Some("06:10")));
    assert_eq!(history, [(Connected, "05:50".into()), (Finished, "06:10".into())]);
}

/// An entry with start and end, as hosts send them since 2026.
fn spanning(status: &str, start: &str, end: &str) -> RawEntry {
    RawEntry {
        start_time: start.into(),
        end_time: end.into(),
        ..raw("alice", "nx-1", status, "")
    }
}

#[rstest]
#[case::lasting(&[spanning("Connected", "2026-11-26T08:00:00+00:00", "")], "08:00", None, &["08:00"])]
#[case::finished_at_once(
    &[spanning("Finished", "2026-11-26T08:00:00+00:00", "2026-11-26T09:00:00+00:00")],
    "08:00", Some("09:00"), &["09:00"]
)]
#[case::finished_later(
    &[
        spanning("Connected", "2026-11-26T08:00:00Z", ""),
        spanning("Finished", "2026-11-26T08:00:00Z", "2026-11-26T09:00:00Z"),
    ],
    "08:00", Some("09:00"), &["08:00", "09:00"]
)]
#[case::an_end_without_a_finish(
    &[spanning("Disconnected", "2026-11-26T08:00:00Z", "2026-11-26T09:00:00Z")],
    "08:00", Some("09:00"), &["09:00"]
)]
#[case::connected_with_an_end(
    &[spanning("Connected", "2026-11-26T08:00:00Z", "2026-11-26T09:00:00Z")],
    "08:00", Some("09:00"), &["08:00"]
)]
#[case::only_an_end(&[spanning("Failed", "", "2026-11-26T09:00:00Z")], "09:00", Some("09:00"), &["09:00"])]
#[case::naive(&[spanning("Finished", "2026-11-26 08:00:00", "2026-11-26 09:00:00")], "13:00", Some("14:00"), &["14:00"])]
#[case::across_the_change(
    &[spanning("Finished", "2026-11-01T01:50:00", "2026-11-01T01:10:00")],
    "05:50", Some("06:10"), &["06:10"]
)]
fn a_connection_with_its_start_and_end(
    #[case] entries: &[RawEntry],
    #[case] created: &str,
    #[case] end: Option<&str>,
    #[case] history: &[&str],
) {
    let posts: Vec<_> = entries.chunks(1).collect();
    let (began, ended, dates) = posted(&posts);
    assert_eq!((began.as_str(), ended.as_deref()), (created, end));
    let dates: Vec<_> = dates.iter().map(|(_, date)| date.as_str()).collect();
    assert_eq!(dates, history);
}

#[test]
fn a_bad_start_or_end_is_named() {
    for entry in [
        spanning("Finished", "x", ""),
        spanning("Finished", "2026-11-26T08:00:00Z", "x"),
    ] {
        let refused = parse_entry(&entry, &catalog(), Tz::UTC);
        assert_eq!(refused, Err(SkippedEntry::BadDate("x".into())));
    }
}
