#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::clock::ManualClock;
use beamlive_storage::Timestamp;

const CALL: Duration = Duration::from_secs(30);
const AT: fn(u64) -> Duration = Duration::from_secs;

fn row(revision: u64, node: &str, renewals: u64, retries: u64) -> Option<Versioned<OutboxLease>> {
    let node = node.to_owned();
    let record = OutboxLease {
        node,
        renewals,
        retries,
    };
    Some(Versioned { revision, record })
}

fn write(revision: Option<u64>, renewals: u64, retries: u64) -> Move {
    Move::Write(revision, row(0, "a", renewals, retries).unwrap().record)
}

#[test]
fn a_lease_that_nobody_has_is_taken_and_renewed() {
    let mut lease = Lease::new("a", CALL);
    assert_eq!(lease.look(None, AT(1)), write(None, 1, 0));
    assert_eq!(lease.look(row(1, "a", 1, 0), AT(2)), write(Some(1), 2, 0));
    assert_eq!(lease.look(row(9, "", 6, 2), AT(3)), write(Some(9), 7, 2));
}

#[test]
fn it_is_taken_over_after_a_term_without_a_renewal() {
    let mut lease = Lease::new("a", CALL);
    let leave = Move::Leave("b".to_owned());
    assert_eq!(lease.look(row(1, "b", 1, 0), AT(100)), leave);
    assert_eq!(lease.look(row(1, "b", 1, 0), AT(144)), leave);
    assert_eq!(lease.look(row(2, "b", 2, 0), AT(145)), leave, "it was renewed");
    assert_eq!(lease.look(row(2, "b", 2, 0), AT(189)), leave);
    // An operator's retry is no sign of life of the holder.
    assert_eq!(lease.look(row(3, "b", 2, 1), AT(190)), write(Some(3), 3, 1));
}

#[test]
fn another_holder_has_a_term_of_its_own() {
    let mut lease = Lease::new("a", CALL);
    lease.look(row(1, "b", 1, 0), AT(100));
    let leave = Move::Leave("c".to_owned());
    assert_eq!(lease.look(row(2, "c", 1, 0), AT(200)), leave);
}

#[test]
fn no_call_of_the_old_holder_runs_when_the_next_begins() {
    assert!(Lease::new("a", CALL).term > CALLS + CALL);
}

#[test]
fn an_operators_retry_is_noticed_once() {
    let mut lease = Lease::new("a", CALL);
    assert!(!lease.written(4), "what was asked of another holder");
    assert!(!lease.written(4));
    assert!(lease.written(5));
    assert!(!lease.written(5));
}

#[test]
fn only_the_own_lease_is_given_up() {
    let lease = Lease::new("a", CALL);
    let own = row(1, "a", 3, 1).unwrap().record;
    let given_up = row(0, "", 4, 1).unwrap().record;
    assert_eq!(lease.released(&own), Some(given_up));
    assert_eq!(lease.released(&row(1, "b", 3, 1).unwrap().record), None);
}

#[test]
fn calls_start_only_for_some_time_after_a_renewal() {
    let clock = ManualClock::at(Timestamp(0));
    let held = LeaseGuard::by_record(Arc::new(clock.clone()));
    assert!(!held.is_held() && LeaseGuard::always().is_held());
    held.renewed(clock.monotonic());
    assert!(held.is_held());
    clock.skip(CALLS - AT(1));
    assert!(held.is_held());
    clock.skip(AT(1));
    assert!(!held.is_held());
    held.renewed(clock.monotonic());
    held.lost();
    assert!(!held.is_held());
}
