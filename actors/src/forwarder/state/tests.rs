#![allow(clippy::unwrap_used)]

use super::*;
use crate::forwarder::standing::REFUSALS;
use proptest::prelude::*;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_000_000_000);
const FIRST: Duration = Duration::from_secs(1);
const NONE: [u64; 0] = [];
const LONGEST: Duration = Duration::from_secs(60);

fn state(concurrency: usize, capacity: usize) -> State {
    State::new(concurrency, capacity, Backoff::new(FIRST, LONGEST, 1), NOW)
}

fn place(id: u64) -> Place {
    (Subject::Dataset, id)
}

fn row(id: u64) -> Row {
    Row {
        place: place(id),
        revision: 1,
        attempts: 0,
        created: NOW,
    }
}

fn at(seconds: u64) -> Timestamp {
    plus(NOW, Duration::from_secs(seconds))
}

fn offered(concurrency: usize, capacity: usize, ids: std::ops::Range<u64>) -> State {
    let mut state = state(concurrency, capacity);
    for id in ids {
        state.offer(row(id), NOW, true);
    }
    state
}

fn calls(state: &mut State, now: Timestamp) -> Vec<u64> {
    std::iter::from_fn(|| state.next(now))
        .map(|call| call.place.1)
        .collect()
}

fn fail(state: &mut State, id: u64, blame: Blame, now: Timestamp) {
    state.finished(
        place(id),
        Outcome::Failed {
            blame,
            revision: None,
        },
        now,
    );
}

#[test]
fn calls_are_bounded_and_each_row_is_in_one_call_at_a_time() {
    let mut state = offered(3, 10, 0..5);
    assert_eq!(calls(&mut state, NOW), [0, 1, 2]);
    assert_eq!(state.next_at(), None);
    state.offer(row(1), NOW, true);
    state.finished(place(1), Outcome::Delivered, NOW);
    assert_eq!(calls(&mut state, NOW), [3]);
    state.finished(place(0), Outcome::Gone, NOW);
    state.finished(place(2), Outcome::Delivered, NOW);
    assert_eq!(calls(&mut state, NOW), [4]);
    assert_eq!(state.len(), 2);
}

#[test]
fn a_refused_directory_backs_off_alone() {
    let mut state = offered(2, 10, 0..4);
    assert_eq!(calls(&mut state, NOW), [0, 1]);
    fail(&mut state, 0, Blame::Directory, NOW);
    assert!(state.standing().is_up());
    assert_eq!(calls(&mut state, NOW), [2]);
    state.finished(place(1), Outcome::Delivered, NOW);
    state.finished(place(2), Outcome::Delivered, NOW);
    assert_eq!(calls(&mut state, NOW), [3]);
    state.finished(place(3), Outcome::Delivered, NOW);
    let due = state.next_at().unwrap();
    assert!(due > NOW && due <= at(1));
    assert_eq!(calls(&mut state, due), [0]);
    fail(&mut state, 0, Blame::Directory, due);
    let next = state.next_at().unwrap();
    assert!(next.micros_since(due) >= 1_000_000, "the second wait is longer");
}

#[test]
fn an_unreachable_proxy_is_probed_by_one_call_at_a_time_with_backoff() {
    let mut state = offered(3, 10, 0..6);
    assert_eq!(calls(&mut state, NOW), [0, 1, 2]);
    fail(&mut state, 0, Blame::Proxy, NOW);
    assert!(!state.standing().is_up());
    assert_eq!(state.next_at(), None, "calls from before the outage still run");
    fail(&mut state, 1, Blame::Proxy, NOW);
    fail(&mut state, 2, Blame::Proxy, NOW);
    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..10 {
        let probe_at = state.next_at().unwrap();
        waits.push(probe_at.micros_since(now));
        assert_eq!(state.next(probe_at.plus_micros(-1)), None);
        now = probe_at;
        let probe = state.next(now).unwrap();
        assert!(probe.probe);
        assert_eq!(state.next(now), None, "one at a time");
        fail(&mut state, probe.place.1, Blame::Proxy, now);
    }
    assert!(waits.iter().all(|wait| *wait <= 60_000_000));
    assert!(
        waits.first().unwrap() <= &1_000_000 && waits.last().unwrap() >= &30_000_000,
        "{waits:?}"
    );

    now = state.next_at().unwrap();
    let probe = state.next(now).unwrap();
    state.finished(probe.place, Outcome::Delivered, now);
    assert!(state.standing().is_up());
    assert_eq!(state.standing().since(), now);
    assert_eq!(calls(&mut state, now).len(), 3, "all waiting rows may go again");
}

#[test]
fn probes_take_turns_and_an_outage_does_not_add_to_their_own_backoff() {
    let mut state = offered(1, 10, 0..3);
    let mut probed = Vec::new();
    for _ in 0..9 {
        let now = state.next_at().unwrap();
        let call = state.next(now).unwrap();
        probed.push(call.place.1);
        fail(&mut state, call.place.1, Blame::Proxy, now);
    }
    assert_eq!(probed, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
    let now = state.next_at().unwrap();
    let call = state.next(now).unwrap();
    state.finished(call.place, Outcome::Delivered, now);
    let mut rest = calls(&mut state, at(3600));
    state.finished(place(1), Outcome::Delivered, now);
    rest.extend(calls(&mut state, plus(now, FIRST)));
    assert_eq!(rest, [1, 2]);
}

#[test]
fn a_directory_that_breaks_the_proxy_does_not_keep_new_ones_waiting() {
    let mut state = offered(2, 10, 0..1);
    let mut now = NOW;
    for _ in 0..12 {
        now = state.next_at().unwrap();
        assert_eq!(calls(&mut state, now), [0]);
        fail(&mut state, 0, Blame::Proxy, now);
    }
    assert!(state.next_at().unwrap().micros_since(now) >= 30_000_000);
    state.offer(row(1), now, false);
    let soon = state.next_at().unwrap();
    assert!(soon <= plus(now, FIRST));
    assert_eq!(
        state.next(soon),
        Some(Call {
            place: place(1),
            probe: true
        })
    );
    state.finished(place(1), Outcome::Delivered, soon);
    assert!(state.standing().is_up());
}

#[test]
fn refusing_every_directory_is_being_down_and_answering_one_is_being_up() {
    let several = REFUSALS as u64;
    let mut state = offered(1, 20, 0..several + 1);
    for id in 0..several {
        assert!(state.standing().is_up());
        assert_eq!(calls(&mut state, NOW), [id]);
        fail(&mut state, id, Blame::Directory, NOW);
    }
    assert!(!state.standing().is_up());
    let probe = state.next(state.next_at().unwrap()).unwrap();
    assert_eq!(probe.place, place(several), "the one that was never tried");
    state.finished(probe.place, Outcome::Delivered, at(1));
    assert!(state.standing().is_up());
}

#[test]
fn one_directory_refused_time_and_again_is_not_several() {
    let mut state = offered(1, 10, 0..1);
    for _ in 0..2 * REFUSALS {
        let now = state.next_at().unwrap();
        assert_eq!(calls(&mut state, now), [0]);
        fail(&mut state, 0, Blame::Directory, now);
        assert!(state.standing().is_up());
    }
}

#[test]
fn a_refusal_by_a_proxy_that_was_away_shows_that_it_is_back() {
    let mut state = offered(1, 10, 0..2);
    state.next(NOW).unwrap();
    fail(&mut state, 0, Blame::Proxy, NOW);
    let now = state.next_at().unwrap();
    let probe = state.next(now).unwrap();
    fail(&mut state, probe.place.1, Blame::Directory, now);
    assert!(state.standing().is_up());
}

#[test]
fn a_probe_whose_row_is_gone_leaves_room_for_another() {
    let mut state = offered(1, 10, 0..2);
    state.next(NOW).unwrap();
    fail(&mut state, 0, Blame::Proxy, NOW);
    let now = state.next_at().unwrap();
    let probe = state.next(now).unwrap();
    state.finished(probe.place, Outcome::Gone, now);
    assert!(!state.standing().is_up());
    assert!(state.next(at(1)).is_some());
}

#[test]
fn a_row_uploaded_again_is_due_at_once_but_not_because_its_failure_was_noted() {
    let mut state = offered(1, 10, 0..1);
    state.next(NOW).unwrap();
    let noted = Outcome::Failed {
        blame: Blame::Directory,
        revision: Some(2),
    };
    state.finished(place(0), noted, NOW);
    state.offer(
        Row {
            revision: 2,
            attempts: 1,
            ..row(0)
        },
        NOW,
        false,
    );
    assert_eq!(calls(&mut state, NOW), NONE);
    state.offer(
        Row {
            revision: 3,
            ..row(0)
        },
        NOW,
        false,
    );
    assert_eq!(calls(&mut state, NOW), [0]);
}

#[test]
fn a_row_that_left_while_it_was_read_does_not_come_back() {
    let mut state = offered(2, 10, 0..2);
    assert_eq!(calls(&mut state, NOW), [0, 1]);
    state.page_ordered();
    state.finished(place(0), Outcome::Delivered, NOW);
    state.finished(place(1), Outcome::Gone, NOW);
    state.page_read(vec![row(0), row(1), row(2)], NOW, false);
    assert_eq!(calls(&mut state, NOW), [2]);
    assert_eq!(state.len(), 1);
    state.page_ordered();
    state.page_read(vec![row(0)], NOW, false);
    assert_eq!(calls(&mut state, NOW), [0], "uploaded again");
}

#[test]
fn the_window_keeps_what_is_due_soonest() {
    let mut state = offered(1, 4, 0..4);
    assert_eq!(state.room(NOW), 0);
    state.offer(row(9), NOW, true);
    assert_eq!(calls(&mut state, NOW), [0]);
    fail(&mut state, 0, Blame::Directory, NOW);
    assert_eq!(state.room(NOW), 1, "a resting row makes way");
    state.offer(row(9), NOW, false);
    let mut order = Vec::new();
    while let Some(call) = state.next(NOW) {
        order.push(call.place.1);
        state.finished(call.place, Outcome::Delivered, NOW);
    }
    assert_eq!(order, [1, 2, 3, 9]);
    assert_eq!(state.len(), 0);
    state.offer(
        Row {
            attempts: 1,
            ..row(0)
        },
        NOW,
        false,
    );
    assert_eq!(calls(&mut state, NOW), NONE, "what has failed before waits");
    assert_eq!(calls(&mut state, at(1)), [0]);
}

#[test]
fn an_operator_makes_everything_due() {
    let mut state = offered(1, 10, 0..2);
    for _ in 0..8 {
        let now = state.next_at().unwrap();
        let call = state.next(now).unwrap();
        fail(&mut state, call.place.1, Blame::Proxy, now);
    }
    let now = at(200);
    state.retry(now);
    let probe = state.next(now).unwrap();
    assert!(probe.probe);
    state.finished(probe.place, Outcome::Delivered, now);
    assert_eq!(calls(&mut state, now).len(), 1);
}

#[test]
fn a_clock_set_back_keeps_nothing_waiting() {
    let mut state = offered(1, 10, 0..1);
    state.next(NOW).unwrap();
    fail(&mut state, 0, Blame::Directory, NOW);
    let back = Timestamp(NOW.0 - 3_600_000_000);
    assert_eq!(calls(&mut state, back), [0]);
    let mut state = offered(1, 10, 0..1);
    state.next(NOW).unwrap();
    fail(&mut state, 0, Blame::Proxy, NOW);
    assert_eq!(calls(&mut state, back), [0]);
}

/// A proxy that follows a script: which directories it serves at which times.
#[derive(Debug, Clone)]
enum Step {
    Offer(u64),
    /// Ends the running call at this index, well or not.
    End(usize, u8),
    Wait(u64),
    Retry,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..12_u64).prop_map(Step::Offer),
        4 => (0..8_usize, 0..6_u8).prop_map(|(index, ending)| Step::End(index, ending)),
        2 => (0..90_u64).prop_map(Step::Wait),
        1 => Just(Step::Retry),
    ];
    proptest::collection::vec(step, 0..120)
}

proptest! {
    #[test]
    fn whatever_happens_the_bounds_hold_and_every_row_is_served_once_the_proxy_is(steps in steps()) {
        let (concurrency, capacity) = (3, 6);
        let mut state = state(concurrency, capacity);
        let mut now = NOW;
        let mut running: Vec<Place> = Vec::new();
        for step in steps {
            match step {
                Step::Offer(id) => state.offer(row(id), now, false),
                Step::Wait(seconds) => now = plus(now, Duration::from_secs(seconds)),
                Step::Retry => state.retry(now),
                Step::End(index, ending) if index < running.len() => {
                    let blame = if ending % 2 == 0 { Blame::Proxy } else { Blame::Directory };
                    let outcome = match ending {
                        0 => Outcome::Delivered,
                        1 => Outcome::Gone,
                        2 => Outcome::Contended,
                        3 => Outcome::Void,
                        _ => Outcome::Failed { blame, revision: None },
                    };
                    state.finished(running.remove(index), outcome, now);
                }
                Step::End(..) => {}
            }
            while let Some(call) = state.next(now) {
                prop_assert!(!running.contains(&call.place));
                prop_assert!(!call.probe || running.is_empty());
                prop_assert_eq!(call.probe, !state.standing().is_up());
                running.push(call.place);
            }
            prop_assert!(running.len() <= concurrency && state.len() <= capacity);
            prop_assert_eq!(running.len(), state.in_flight());
        }
        // From here on the proxy works.
        let deadline = plus(now, LONGEST * 3);
        while state.len() > 0 {
            for place in running.drain(..) {
                state.finished(place, Outcome::Delivered, now);
            }
            if let Some(next) = state.next_at() {
                now = now.max(next);
                running.extend(std::iter::from_fn(|| state.next(now)).map(|call| call.place));
                prop_assert!(!running.is_empty(), "it said {next:?} and had nothing to give");
            }
            prop_assert!(now <= deadline);
        }
    }
}
