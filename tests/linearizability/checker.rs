//! Tests of the checker: it does not explain the histories of a broken service.

use super::history::{Answer, Call, Op, Seen};
use super::search::Checker;
use super::spec::Rules;
use beamlive_storage::Timestamp;

fn launch(project: &'static str, name: &str) -> Op {
    Op::Launch {
        project,
        name: name.to_owned(),
    }
}

fn close(project: &'static str, name: &str) -> Op {
    Op::Close {
        project,
        name: name.to_owned(),
    }
}

/// A call from `called` to `answered`.
fn call(op: Op, called: u64, answered: u64, answer: Answer) -> Call {
    Call {
        op,
        called,
        answered: Some((answered, answer)),
        now: None,
    }
}

fn unanswered(op: Op, called: u64) -> Call {
    Call {
        op,
        called,
        answered: None,
        now: None,
    }
}

fn launched(survey: &str) -> Answer {
    Answer::Launched {
        survey: survey.to_owned(),
        duration: String::new(),
    }
}

fn closed() -> Answer {
    Answer::Closed {
        duration: String::new(),
    }
}

/// Sessions of alice, by name, and stretches, by their session and whether they are open.
fn seen(names: &[&str], stretches: &[(usize, bool)]) -> Seen {
    let times = (0..).step_by(10).map(Timestamp);
    Seen {
        sessions: names
            .iter()
            .map(|name| ("alice".to_owned(), (*name).to_owned()))
            .collect(),
        stretches: stretches
            .iter()
            .zip(times)
            .map(|((place, open), start)| (*place, start, (!open).then(|| start.plus_micros(5))))
            .collect(),
    }
}

fn explained(calls: &[Call], seen: &Seen) -> bool {
    Checker::new(Rules::Pure).explains(calls, seen, false)
}

#[test]
fn concurrent_calls_may_have_happened_in_either_order() {
    let calls = [
        call(launch("alice", "a"), 0, 10, launched("A")),
        call(launch("alice", "b"), 1, 9, launched("B")),
    ];
    assert!(explained(&calls, &seen(&["a", "b"], &[(0, false), (1, true)])));
    assert!(explained(&calls, &seen(&["b", "a"], &[(0, false), (1, true)])));
    assert!(
        !explained(&calls, &seen(&["a", "b"], &[(0, true), (1, true)])),
        "two are open"
    );
    assert!(
        !explained(&calls, &seen(&["a", "b"], &[(0, false), (1, false)])),
        "there was no close"
    );
}

#[test]
fn a_call_made_after_an_answer_happened_after_that_call() {
    let calls = [
        call(launch("alice", "a"), 0, 1, launched("A")),
        call(launch("alice", "b"), 2, 3, launched("B")),
    ];
    assert!(explained(&calls, &seen(&["a", "b"], &[(0, false), (1, true)])));
    assert!(!explained(&calls, &seen(&["b", "a"], &[(0, false), (1, true)])));
}

#[test]
fn one_new_name_that_becomes_two_sessions_is_noticed() {
    let calls = |second| {
        [
            call(launch("alice", "a"), 0, 10, launched("A")),
            call(launch("alice", "a"), 1, 9, launched(second)),
        ]
    };
    assert!(explained(&calls("A"), &seen(&["a"], &[(0, true)])));
    assert!(!explained(&calls("B"), &seen(&["a"], &[(0, true)])));
    assert!(!explained(
        &calls("B"),
        &seen(&["a", "a"], &[(0, false), (1, true)])
    ));
}

#[test]
fn an_acknowledged_launch_that_is_lost_is_noticed() {
    let calls = [call(launch("alice", "a"), 0, 1, launched("A"))];
    assert!(!explained(&calls, &seen(&[], &[])));
    let forgotten = [
        calls[0].clone(),
        call(close("alice", "a"), 2, 3, Answer::NotFound),
    ];
    assert!(!explained(&forgotten, &seen(&["a"], &[(0, true)])));
    let kept = [calls[0].clone(), call(close("alice", "a"), 2, 3, closed())];
    assert!(explained(&kept, &seen(&["a"], &[(0, false)])));
    assert!(
        !explained(&kept, &seen(&["a"], &[(0, true)])),
        "the close is lost"
    );
}

#[test]
fn a_stretch_that_should_have_continued_is_noticed() {
    let calls = [
        call(launch("alice", "a"), 0, 1, launched("A")),
        call(close("alice", "a"), 2, 3, closed()),
        call(launch("alice", "a"), 4, 5, launched("A")),
    ];
    assert!(explained(&calls, &seen(&["a"], &[(0, true)])));
    assert!(!explained(&calls, &seen(&["a"], &[(0, false), (0, true)])));
}

#[test]
fn an_unanswered_call_happens_before_the_restart_or_never() {
    let calls = [unanswered(launch("alice", "a"), 0)];
    let (nothing, there) = (seen(&[], &[]), seen(&["a"], &[(0, true)]));
    assert!(explained(&calls, &nothing) && explained(&calls, &there));

    let mut checker = Checker::new(Rules::Pure);
    assert!(checker.explains(&calls, &nothing, false));
    assert!(
        !checker.explains(&[], &there, false),
        "the launch happened after the restart"
    );
    let mut checker = Checker::new(Rules::Pure);
    assert!(checker.explains(&calls, &there, false));
    assert!(
        !checker.explains(&[], &nothing, false),
        "the session disappeared after the restart"
    );
}
