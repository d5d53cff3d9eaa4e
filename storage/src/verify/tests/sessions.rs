//! Damage to sessions and stretches.

use super::sound::{key, known, ALICE, BM, T};
use super::{breaks, Table};
use crate::ids::{BeamlineId, SessionId};
use crate::keys;
use crate::records::{BeamlineState, Session, Stretch, Subject};

#[test]
fn a_beamline_names_its_newest_stretch() {
    breaks(
        |bench| {
            bench.change::<BeamlineState>(&keys::beamline_state(BM), |state| state.number = 2);
        },
        &["BeamlineState 1: it is not as the newest stretch of session 2"],
    );
    breaks(
        |bench| {
            bench.change::<BeamlineState>(&keys::beamline_state(BM), |state| {
                state.session = 9.into();
            });
        },
        &[
            "BeamlineState 1: session 9 does not exist",
            "Session 2: its stretch is open, but it does not have beamline 1",
        ],
    );
}

#[test]
fn one_stretch_is_open_at_most() {
    breaks(
        |bench| {
            bench.change::<Session>(&keys::session(known(1)), |session| {
                session.latest.end = None;
                session.ended_micros = 10_000_000;
            });
            bench.write(|batch| {
                let open = Stretch {
                    start: T(20),
                    end: None,
                };
                batch.put_guarded(keys::stretch(known(1), 2), &open);
            });
        },
        &[
            "Session 1: its stretch is open, but it does not have beamline 1",
            "Beamline 1: stretches of sessions 1 and 2 overlap",
        ],
    );
}

#[test]
fn sums_match_the_stretches() {
    breaks(
        |bench| {
            bench.change::<Session>(&keys::session(known(1)), |session| {
                session.ended_micros += 1;
                session.latest.start = T(21);
                session.stretches = 3;
            });
        },
        &[
            "Session 1: it has 2 stretches, and its record says 3",
            "Session 1: its newest stretch is not as its record says",
            "Session 1: its ended stretches last 20000000 µs, and its record says 20000001",
        ],
    );
    breaks(
        |bench| bench.write(|batch| batch.clear(keys::stretch(known(1), 1))),
        &["Session 1: stretch 1 is missing"],
    );
}

#[test]
fn stretches_follow_each_other() {
    let backwards = Stretch {
        start: T(9),
        end: Some(T(8)),
    };
    breaks(
        |bench| {
            bench.write(|batch| batch.put_guarded(keys::stretch(known(1), 2), &backwards));
            bench.change::<Session>(&keys::session(known(1)), |session| {
                session.latest = backwards;
                session.ended_micros = 9_000_000;
            });
        },
        &[
            "Session 1: stretch 2 begins before the one before has ended",
            "Session 1: stretch 2 ends before it begins",
        ],
    );
}

#[test]
fn a_stretch_belongs_to_a_session() {
    breaks(
        |bench| {
            bench.write(|batch| {
                let stretch = Stretch {
                    start: T(1),
                    end: None,
                };
                batch.put_guarded(keys::stretch(known(9), 1), &stretch);
                batch.put_guarded(keys::stretch(known(9), 0), &stretch);
            });
        },
        &[
            "Stretch 0 of session 9: stretches are numbered from 1",
            "Stretch 1 of session 9: there is no such session",
        ],
    );
}

#[test]
fn a_name_has_one_joinable_session() {
    breaks(
        |bench| {
            bench.change::<Session>(&keys::session(known(2)), |second| {
                second.name = "day-1".to_owned();
            });
            bench.change::<BeamlineState>(&keys::beamline_state(BM), |state| {
                state.name = "day-1".to_owned();
            });
            bench.write(|batch| {
                batch.clear(keys::session_by_name(BM, ALICE, "day-2"));
                batch.point(keys::session_by_name(BM, ALICE, "day-1"), known(2));
            });
        },
        &["Session 2: session 1 of the same name could be joined when this one was made"],
    );
}

#[test]
fn sessions_are_in_their_indexes() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::index(Table::SessionByProject, ALICE, known(1)));
                batch.clear(keys::index(Table::SessionByBeamline, BM, known(2)));
                batch.clear(keys::session_by_survey(&key(101)));
                batch.clear(keys::session_by_name(BM, ALICE, "day-1"));
            });
        },
        &[
            "Session 1: not in SessionByProject of 1",
            "Session 1: its survey key does not lead to it",
            "Session 1: its name does not lead to it",
            "Session 2: not in SessionByBeamline of 1",
        ],
    );
}

#[test]
fn indexes_lead_to_sessions() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.mark(keys::index(Table::SessionByProject, ALICE, known(9)));
                batch.mark(keys::index(Table::SessionByBeamline, BeamlineId(2), known(1)));
                batch.point(keys::session_by_survey(&key(101)), known(2));
                batch.point(keys::session_by_name(BM, ALICE, "never"), known(1));
            });
        },
        &[
            "Session 1: its survey key does not lead to it",
            "SessionByName never of project 1 at beamline 1: does not lead to the newest session of that name",
            "SessionByProject of 1: session 9 does not belong to it",
            "SessionByBeamline of 2: session 1 does not belong to it",
            "SessionBySurvey 246565656565656565…: does not lead to the session of this survey",
        ],
    );
}

#[test]
fn a_session_that_is_lost_is_named() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.clear(keys::session(known(1)));
                batch.clear(keys::secure_key(Subject::Session, known(1)));
            });
        },
        &[
            "Session 1: given once, never removed, and not there",
            "Stretch 1 of session 1: there is no such session",
            "SessionByName day-1 of project 1 at beamline 1: does not lead to the newest session of that name",
            "SessionByProject of 1: session 1 does not belong to it",
            "SessionByBeamline of 1: session 1 does not belong to it",
            "SessionBySurvey 246565656565656565…: does not lead to the session of this survey",
            "Feedback 1 of session 1: there is no such session",
            "Dataset 1: session 1 does not exist, or is another project's or beamline's",
        ],
    );
}

#[test]
fn feedback_that_is_lost_is_named() {
    breaks(
        |bench| bench.write(|batch| batch.clear(keys::feedback(SessionId(1), known(1)))),
        &[
            "FeedbackCount of session 1: it says 1, and 0 answers are there",
            "Feedback: 1 answers were given, and 0 are there",
        ],
    );
    breaks(
        |bench| bench.write(|batch| batch.clear(keys::feedback_count(SessionId(1)))),
        &["Feedback of session 1: it has no FeedbackCount"],
    );
}
