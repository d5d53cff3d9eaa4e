#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::fixtures::{project, versioned};
use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::records::Beamtime;
use rstest::rstest;

fn entry(address: &str) -> AccessList {
    AccessList {
        name: format!("list of {address}"),
        address: address.into(),
        users: Vec::new(),
        beamlines: Vec::new(),
        active: true,
    }
}

fn lists(addresses: &[&str]) -> Entries<AccessList> {
    let mut lists = Entries::default();
    for (id, address) in (1..).zip(addresses) {
        lists.put(id, versioned(entry(address)));
    }
    lists
}

fn found(table: &AccessTable, address: &str) -> Option<u64> {
    table.find(address.parse().unwrap()).map(|(id, _)| id.0)
}

#[test]
fn the_longest_prefix_wins() {
    let table = AccessTable::of(&lists(&[
        "10.0.0.0/8",
        "10.45.0.7",
        "10.45.0.0/24",
        "0.0.0.0/0",
        "2001:db8::/32",
    ]));
    assert_eq!(found(&table, "10.45.0.7"), Some(2));
    assert_eq!(found(&table, "10.45.0.8"), Some(3));
    assert_eq!(found(&table, "10.46.0.8"), Some(1));
    assert_eq!(found(&table, "192.0.2.1"), Some(4));
    assert_eq!(found(&table, "2001:db8:1::1"), Some(5));
    assert_eq!(found(&table, "2001:db9::1"), None);
}

#[test]
fn ipv4_mapped_ipv6_is_ipv4_in_lists_and_addresses() {
    let table = AccessTable::of(&lists(&["10.45.0.0/24", "::ffff:192.0.2.0/120", "::/0"]));
    assert_eq!(found(&table, "::ffff:10.45.0.9"), Some(1));
    assert_eq!(found(&table, "192.0.2.200"), Some(2));
    assert_eq!(found(&table, "192.0.3.1"), None);
    assert_eq!(found(&table, "::ffff:192.0.3.1"), None);
}

#[test]
fn an_address_with_host_bits_names_its_network() {
    let table = AccessTable::of(&lists(&["10.45.0.77/24"]));
    assert_eq!(found(&table, "10.45.0.1"), Some(1));
}

#[test]
fn inactive_and_unreadable_lists_do_not_count() {
    let mut lists = lists(&["10.45.0.0/24", "10.0.0.0/8", "somewhere"]);
    let mut inactive = lists.get(1).unwrap().clone();
    inactive.record.active = false;
    lists.put(1, inactive);
    assert_eq!(found(&AccessTable::of(&lists), "10.45.0.1"), Some(2));
}

#[test]
fn of_two_lists_with_one_network_the_first_is_used() {
    let table = AccessTable::of(&lists(&["10.45.0.0/24", "10.45.0.1/24"]));
    assert_eq!(found(&table, "10.45.0.1"), Some(1));
}

#[test]
fn a_change_of_the_lists_is_seen_at_once() {
    let tables = AccessTables::default();
    let mut catalog = Catalog::default();
    assert_eq!(found(&tables.of(&catalog), "10.45.0.1"), None);
    catalog.access_lists.put(1, versioned(entry("10.45.0.0/24")));
    assert_eq!(found(&tables.of(&catalog), "10.45.0.1"), Some(1));
}

#[test]
fn users_are_the_lists_own_and_the_remote_ones_while_scheduling_is_on() {
    let mut catalog = Catalog::default();
    for (id, username) in [(1, "zoe"), (2, "bob"), (3, "alice")] {
        catalog.projects.put(id, versioned(project(username)));
    }
    for (id, project, beamline) in [(1, 3, 1), (2, 1, 1), (3, 2, 2)] {
        let beamtime = Beamtime {
            project: ProjectId(project),
            beamline: BeamlineId(beamline),
            start: Timestamp(0),
            end: Timestamp(10),
            remote: true,
            cancelled: false,
        };
        catalog.beamtimes.put(id, versioned(beamtime));
    }
    let list = AccessList {
        users: vec![ProjectId(1).into(), ProjectId(99).into(), ProjectId(1).into()],
        beamlines: vec![BeamlineId(1)],
        ..entry("10.0.0.0/8")
    };
    let schedule = Schedule::default();
    assert_eq!(users(&list, &catalog, None, Timestamp(5)), ["zoe"]);
    assert_eq!(
        users(&list, &catalog, Some(&schedule), Timestamp(5)),
        ["alice", "zoe"]
    );
}

#[rstest]
#[case::no_header("10.0.0.1", &[], "10.0.0.1")]
#[case::empty_header("10.0.0.1", &["", " , "], "10.0.0.1")]
#[case::the_header_of_an_untrusted_peer_is_ignored("192.0.2.1", &["203.0.113.9", "nonsense"], "192.0.2.1")]
#[case::one_entry("10.0.0.1", &["192.0.2.7"], "192.0.2.7")]
#[case::the_first_entry_is_forged_by_the_client("10.0.0.1", &["203.0.113.9, 192.0.2.7"], "192.0.2.7")]
#[case::through_two_proxies("10.0.0.1", &["203.0.113.9, 192.0.2.7 , 10.0.0.2"], "192.0.2.7")]
#[case::headers_are_one_list("10.0.0.1", &["192.0.2.7", "10.0.0.2"], "192.0.2.7")]
#[case::the_last_header_is_the_nearest("10.0.0.1", &["203.0.113.9", "192.0.2.7"], "192.0.2.7")]
#[case::only_proxies("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3")]
#[case::mapped_peer_and_entry("::ffff:10.0.0.1", &["::ffff:192.0.2.7"], "192.0.2.7")]
#[case::mapped_network("172.16.0.1", &["192.0.2.7"], "192.0.2.7")]
#[case::ipv6("10.0.0.1", &["2001:db8::5"], "2001:db8::5")]
#[case::a_port("10.0.0.1", &["192.0.2.7:51234"], "192.0.2.7")]
#[case::a_proxys_port("10.0.0.1", &["192.0.2.7:51234, 10.0.0.2:80"], "192.0.2.7")]
#[case::brackets("10.0.0.1", &["[2001:db8::5]"], "2001:db8::5")]
#[case::brackets_and_port("10.0.0.1", &["[2001:db8::5]:443"], "2001:db8::5")]
#[case::mapped_in_brackets("10.0.0.1", &["[::ffff:192.0.2.7]:443"], "192.0.2.7")]
#[case::odd_entries_to_the_left("10.0.0.1", &["unknown, _hidden, nonsense,192.0.2.7, 10.0.0.2"], "192.0.2.7")]
#[case::empty_entries("10.0.0.1", &["unknown,, 192.0.2.7 ,,", ", 10.0.0.2,"], "192.0.2.7")]
#[case::an_odd_header_to_the_left("10.0.0.1", &["nonsense", "192.0.2.7"], "192.0.2.7")]
fn the_caller_is_the_nearest_address_that_is_not_a_proxy(
    #[case] peer: &str,
    #[case] forwarded: &[&str],
    #[case] expected: &str,
) {
    let trusted = [
        "10.0.0.0/8".parse().unwrap(),
        "::ffff:172.16.0.0/108".parse().unwrap(),
    ];
    let expected: IpAddr = expected.parse().unwrap();
    assert_eq!(caller(peer.parse().unwrap(), forwarded, &trusted), Ok(expected));
}

#[rstest]
#[case::alone(&["nonsense"], "nonsense")]
#[case::a_name(&["192.0.2.7, proxy.example"], "proxy.example")]
#[case::before_a_proxy(&["unknown, 10.0.0.2"], "unknown")]
#[case::no_port(&["192.0.2.7:"], "192.0.2.7:")]
#[case::too_great_a_port(&["192.0.2.7:70000"], "192.0.2.7:70000")]
#[case::a_quoted_name_and_no_port(&["\"unknown\", 1.2.3.4:99999"], "1.2.3.4:99999")]
#[case::half_a_bracket(&["[2001:db8::5"], "[2001:db8::5")]
#[case::ipv4_in_brackets(&["[192.0.2.7]"], "[192.0.2.7]")]
#[case::a_zone(&["fe80::1%eth0"], "fe80::1%eth0")]
fn an_entry_that_is_not_an_address_is_named(#[case] forwarded: &[&str], #[case] named: &str) {
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    assert_eq!(
        caller("10.0.0.1".parse().unwrap(), forwarded, &trusted),
        Err(BadForwarded::NoAddress(named.into()))
    );
}

#[test]
fn too_long_a_chain_of_proxies_is_refused() {
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    let header = |count: usize| vec!["10.0.0.2"; count].join(",");
    let caller = |header: String| caller("10.0.0.1".parse().unwrap(), &[&header], &trusted);
    assert!(caller(header(64)).is_ok());
    assert_eq!(caller(header(65)), Err(BadForwarded::TooMany));
    assert_eq!(
        caller(format!("{},192.0.2.7", header(9000))),
        Ok("192.0.2.7".parse().unwrap())
    );
    assert!(matches!(caller("x".repeat(9000)), Err(BadForwarded::NoAddress(shown)) if shown.len() == 64));
}
