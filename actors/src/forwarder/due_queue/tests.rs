#![allow(clippy::unwrap_used)]

use super::*;
use crate::forwarder::backoff::later;
use crate::forwarder::circuit::REFUSALS;
use crate::forwarder::proxy::Cause;
use beamlive_storage::records::Subject;
use std::time::Duration;

mod random;

const NOW: Timestamp = Timestamp(1_000_000_000);
const FIRST: Duration = Duration::from_secs(1);
const NONE: [u64; 0] = [];
const LONGEST: Duration = Duration::from_secs(60);

fn queue(concurrency: usize, window: usize) -> DueQueue {
    let settings = ForwarderSettings {
        concurrency,
        window,
        first_backoff: FIRST,
        longest_backoff: LONGEST,
        ..ForwarderSettings::default()
    };
    DueQueue::new(
        settings,
        fastrand::Rng::with_seed(1),
        ForwarderStatus::default(),
        NOW,
    )
}

fn id(id: u64) -> RowId {
    (Subject::Dataset, id)
}

fn row(number: u64) -> Row {
    Row {
        id: id(number),
        revision: 1,
        attempts: 0,
        created: NOW,
    }
}

fn at(seconds: u64) -> Timestamp {
    later(NOW, Duration::from_secs(seconds))
}

fn with_rows(concurrency: usize, window: usize, ids: std::ops::Range<u64>) -> DueQueue {
    let mut queue = queue(concurrency, window);
    queue.add(&ids.map(row).collect::<Vec<_>>(), true, NOW);
    queue
}

fn calls(queue: &mut DueQueue, now: Timestamp) -> Vec<u64> {
    std::iter::from_fn(|| queue.next(now)).map(|(_, id)| id).collect()
}

fn is_up(queue: &DueQueue) -> bool {
    queue.circuit.is_up()
}

fn is_probing(queue: &DueQueue) -> bool {
    queue.circuit.probing
}

fn failure(cause: Cause) -> Outcome {
    let error = match cause {
        Cause::Proxy => ProxyError::Timeout,
        Cause::Directory => ProxyError::NoKey,
    };
    Err(error.into())
}

fn fail(queue: &mut DueQueue, number: u64, cause: Cause, now: Timestamp) {
    queue.finished(id(number), &failure(cause), now);
}

#[test]
fn calls_are_bounded_and_each_row_is_in_one_call_at_a_time() {
    let mut queue = with_rows(3, 10, 0..5);
    assert_eq!(calls(&mut queue, NOW), [0, 1, 2]);
    assert_eq!(queue.next_at(), None);
    queue.add(&[row(1)], true, NOW);
    queue.finished(id(1), &Ok(Success::Delivered), NOW);
    assert_eq!(calls(&mut queue, NOW), [3]);
    queue.finished(id(0), &Ok(Success::Gone), NOW);
    queue.finished(id(2), &Ok(Success::Delivered), NOW);
    assert_eq!(calls(&mut queue, NOW), [4]);
    assert_eq!(queue.rows.len(), 2);
}

#[test]
fn a_refused_directory_backs_off_alone() {
    let mut queue = with_rows(2, 10, 0..4);
    assert_eq!(calls(&mut queue, NOW), [0, 1]);
    fail(&mut queue, 0, Cause::Directory, NOW);
    assert!(is_up(&queue));
    assert_eq!(calls(&mut queue, NOW), [2]);
    queue.finished(id(1), &Ok(Success::Delivered), NOW);
    queue.finished(id(2), &Ok(Success::Delivered), NOW);
    assert_eq!(calls(&mut queue, NOW), [3]);
    queue.finished(id(3), &Ok(Success::Delivered), NOW);
    let due = queue.next_at().unwrap();
    assert!(due > NOW && due <= at(1));
    assert_eq!(calls(&mut queue, due), [0]);
    fail(&mut queue, 0, Cause::Directory, due);
    let next = queue.next_at().unwrap();
    assert!(next.micros_since(due) >= 1_000_000, "the second wait is longer");
}

#[test]
fn an_unreachable_proxy_is_probed_by_one_call_at_a_time_with_backoff() {
    let mut queue = with_rows(3, 10, 0..6);
    assert_eq!(calls(&mut queue, NOW), [0, 1, 2]);
    fail(&mut queue, 0, Cause::Proxy, NOW);
    assert!(!is_up(&queue));
    assert_eq!(queue.next_at(), None, "calls from before the outage still run");
    fail(&mut queue, 1, Cause::Proxy, NOW);
    fail(&mut queue, 2, Cause::Proxy, NOW);
    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..10 {
        let probe_at = queue.next_at().unwrap();
        waits.push(probe_at.micros_since(now));
        assert_eq!(queue.next(probe_at.plus_micros(-1)), None);
        now = probe_at;
        let probe = queue.next(now).unwrap();
        assert!(is_probing(&queue));
        assert_eq!(queue.next(now), None, "one at a time");
        fail(&mut queue, probe.1, Cause::Proxy, now);
    }
    assert!(waits.iter().all(|wait| *wait <= 60_000_000));
    assert!(
        waits.first().unwrap() <= &1_000_000 && waits.last().unwrap() >= &30_000_000,
        "{waits:?}"
    );

    now = queue.next_at().unwrap();
    let probe = queue.next(now).unwrap();
    queue.finished(probe, &Ok(Success::Delivered), now);
    assert!(is_up(&queue));
    assert_eq!(queue.circuit.since, now);
    assert_eq!(calls(&mut queue, now).len(), 3, "all waiting rows are due again");
}

#[test]
fn probes_take_turns_and_an_outage_does_not_add_to_their_own_backoff() {
    let mut queue = with_rows(1, 10, 0..3);
    let mut probed = Vec::new();
    for _ in 0..9 {
        let now = queue.next_at().unwrap();
        let call = queue.next(now).unwrap();
        probed.push(call.1);
        fail(&mut queue, call.1, Cause::Proxy, now);
    }
    assert_eq!(probed, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
    let now = queue.next_at().unwrap();
    let call = queue.next(now).unwrap();
    queue.finished(call, &Ok(Success::Delivered), now);
    let mut rest = calls(&mut queue, at(3600));
    queue.finished(id(1), &Ok(Success::Delivered), now);
    rest.extend(calls(&mut queue, later(now, FIRST)));
    assert_eq!(rest, [1, 2]);
}

#[test]
fn a_directory_that_breaks_the_proxy_does_not_hold_up_new_ones() {
    let mut queue = with_rows(2, 10, 0..1);
    let mut now = NOW;
    for _ in 0..12 {
        now = queue.next_at().unwrap();
        assert_eq!(calls(&mut queue, now), [0]);
        fail(&mut queue, 0, Cause::Proxy, now);
    }
    assert!(queue.next_at().unwrap().micros_since(now) >= 30_000_000);
    queue.add(&[row(1)], false, now);
    let soon = queue.next_at().unwrap();
    assert!(soon <= later(now, FIRST));
    assert_eq!(queue.next(soon), Some(id(1)));
    assert!(is_probing(&queue));
    queue.finished(id(1), &Ok(Success::Delivered), soon);
    assert!(is_up(&queue));
}

#[test]
fn a_row_added_during_a_probe_may_be_the_next_one_soon() {
    let mut queue = with_rows(2, 10, 0..1);
    for _ in 0..12 {
        let now = queue.next_at().unwrap();
        assert_eq!(calls(&mut queue, now), [0]);
        queue.add(&[row(0)], false, now);
        fail(&mut queue, 0, Cause::Proxy, now);
    }
    let now = queue.next_at().unwrap();
    assert_eq!(calls(&mut queue, now), [0]);
    queue.add(&[row(1)], false, now);
    fail(&mut queue, 0, Cause::Proxy, now);
    assert!(queue.next_at().unwrap() <= later(now, FIRST));
}

#[test]
fn a_proxy_that_refuses_every_directory_is_down_until_it_accepts_one() {
    let several = REFUSALS as u64;
    let mut queue = with_rows(1, 20, 0..several + 1);
    for id in 0..several {
        assert!(is_up(&queue));
        assert_eq!(calls(&mut queue, NOW), [id]);
        fail(&mut queue, id, Cause::Directory, NOW);
    }
    assert!(!is_up(&queue));
    let probe = queue.next(queue.next_at().unwrap()).unwrap();
    assert_eq!(probe, id(several), "the one that was never tried");
    queue.finished(probe, &Ok(Success::Delivered), at(1));
    assert!(is_up(&queue));
}

#[test]
fn one_directory_refused_repeatedly_does_not_count_as_several() {
    let mut queue = with_rows(1, 10, 0..1);
    for _ in 0..2 * REFUSALS {
        let now = queue.next_at().unwrap();
        assert_eq!(calls(&mut queue, now), [0]);
        fail(&mut queue, 0, Cause::Directory, now);
        assert!(is_up(&queue));
    }
}

#[test]
fn a_refusal_shows_that_a_proxy_that_was_down_is_back() {
    let mut queue = with_rows(1, 10, 0..2);
    queue.next(NOW).unwrap();
    fail(&mut queue, 0, Cause::Proxy, NOW);
    let now = queue.next_at().unwrap();
    let probe = queue.next(now).unwrap();
    fail(&mut queue, probe.1, Cause::Directory, now);
    assert!(is_up(&queue));
}

#[test]
fn a_probe_whose_row_is_gone_is_followed_by_another() {
    let mut queue = with_rows(1, 10, 0..2);
    queue.next(NOW).unwrap();
    fail(&mut queue, 0, Cause::Proxy, NOW);
    let now = queue.next_at().unwrap();
    let probe = queue.next(now).unwrap();
    queue.finished(probe, &Ok(Success::Gone), now);
    assert!(!is_up(&queue));
    assert!(queue.next(at(1)).is_some());
}

#[test]
fn a_row_uploaded_again_is_due_at_once_and_a_recorded_failure_is_not_an_upload() {
    let mut queue = with_rows(1, 10, 0..1);
    queue.next(NOW).unwrap();
    queue.finished(id(0), &failure(Cause::Directory), NOW);
    queue.add(
        &[Row {
            revision: 2,
            attempts: 1,
            ..row(0)
        }],
        false,
        NOW,
    );
    assert_eq!(calls(&mut queue, NOW), NONE);
    queue.add(
        &[Row {
            revision: 3,
            ..row(0)
        }],
        false,
        NOW,
    );
    assert_eq!(calls(&mut queue, NOW), [0]);
}

#[test]
fn a_removed_row_may_be_added_again() {
    let mut queue = with_rows(1, 10, 0..1);
    assert_eq!(calls(&mut queue, NOW), [0]);
    queue.finished(id(0), &Ok(Success::Delivered), NOW);
    assert!(queue.rows.is_empty());
    queue.add(&[row(0)], false, NOW);
    assert_eq!(calls(&mut queue, NOW), [0], "uploaded again");
    queue.finished(id(0), &Ok(Success::Gone), NOW);
    assert!(queue.rows.is_empty());
}

#[test]
fn the_window_keeps_the_rows_that_are_due_soonest() {
    let mut queue = with_rows(1, 4, 0..4);
    assert_eq!(queue.page_limit(NOW), None);
    queue.add(&[row(9)], true, NOW);
    assert_eq!(calls(&mut queue, NOW), [0]);
    fail(&mut queue, 0, Cause::Directory, NOW);
    assert_eq!(
        queue.page_limit(NOW),
        None,
        "less than half of the window is free"
    );
    queue.add(&[row(9)], false, NOW);
    let mut order = Vec::new();
    while let Some(call) = queue.next(NOW) {
        order.push(call.1);
        queue.finished(call, &Ok(Success::Delivered), NOW);
    }
    assert_eq!(order, [1, 2, 3, 9]);
    assert_eq!(queue.page_limit(NOW), Some(4));
    assert!(queue.rows.is_empty());
    queue.add(
        &[Row {
            attempts: 1,
            ..row(0)
        }],
        false,
        NOW,
    );
    assert_eq!(calls(&mut queue, NOW), NONE, "rows that have failed are not due");
    assert_eq!(calls(&mut queue, at(1)), [0]);
}

#[test]
fn a_retry_makes_everything_due() {
    let mut queue = with_rows(1, 10, 0..2);
    for _ in 0..8 {
        let now = queue.next_at().unwrap();
        let call = queue.next(now).unwrap();
        fail(&mut queue, call.1, Cause::Proxy, now);
    }
    let now = at(200);
    queue.retry(now);
    let probe = queue.next(now).unwrap();
    assert!(is_probing(&queue));
    queue.finished(probe, &Ok(Success::Delivered), now);
    assert_eq!(calls(&mut queue, now).len(), 1);
}

#[test]
fn a_clock_set_back_keeps_nothing_waiting() {
    let mut queue = with_rows(1, 10, 0..1);
    queue.next(NOW).unwrap();
    fail(&mut queue, 0, Cause::Directory, NOW);
    let back = Timestamp(NOW.0 - 3_600_000_000);
    assert_eq!(calls(&mut queue, back), [0]);
    let mut queue = with_rows(1, 10, 0..1);
    queue.next(NOW).unwrap();
    fail(&mut queue, 0, Cause::Proxy, NOW);
    assert_eq!(calls(&mut queue, back), [0]);
}
