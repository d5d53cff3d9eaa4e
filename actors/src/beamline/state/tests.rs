#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use beamlive_storage::ids::BeamlineId;
use beamlive_storage::records::SecureKey;
use proptest::prelude::*;
use rstest::rstest;
use std::collections::{BTreeMap, HashMap};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A beamline with an in-memory store, in place of the actor.
struct Beamline {
    state: State,
    sessions: BTreeMap<u64, Versioned<Session>>,
    names: HashMap<(ProjectId, String), SessionId>,
    stretches: BTreeMap<(u64, u32), Stretch>,
    newest: Option<Versioned<BeamlineState>>,
    now: Timestamp,
}

impl Beamline {
    fn new() -> Self {
        Self {
            state: State::new(None),
            sessions: BTreeMap::new(),
            names: HashMap::new(),
            stretches: BTreeMap::new(),
            newest: None,
            now: Timestamp(1_700_000_000_000_000),
        }
    }

    fn advance(&mut self, micros: i64) {
        self.now = self.now.plus_micros(micros);
    }

    /// Drops the state in memory, as a restart does.
    fn forget(&mut self) {
        self.state = State::new(self.newest.clone());
    }

    fn learn(&mut self, missing: Missing) {
        match missing {
            Missing::Name(project, name) => {
                let id = self.names.get(&(project, name.clone())).copied();
                self.state.know_name(project, name, id);
            }
            Missing::Session(id) => self.state.know_session(id, self.sessions[&id.0].clone()),
        }
    }

    fn store(&mut self, change: &Change) {
        let old = &self.sessions[&change.id.0];
        assert_eq!(
            old.revision, change.revision,
            "a change names the revision it replaces"
        );
        self.stretches
            .insert((change.id.0, change.session.stretches), change.session.latest);
        let new = Versioned {
            revision: change.revision + 1,
            record: change.session.clone(),
        };
        self.sessions.insert(change.id.0, new);
    }

    fn store_newest(&mut self, newest: &BeamlineState) {
        let revision = self.newest.as_ref().map_or(0, |old| old.revision) + 1;
        self.newest = Some(Versioned {
            revision,
            record: newest.clone(),
        });
        assert_eq!(self.newest, self.state.newest, "memory and store agree");
    }

    fn launch(&mut self, project: u64, name: &str) -> u64 {
        let project = ProjectId(project);
        let launched = loop {
            match self.state.launch(project, name, self.now) {
                Ok(launched) => break launched,
                Err(missing) => self.learn(missing),
            }
        };
        if let Some(ends) = &launched.ends {
            self.store(ends);
        }
        let id = match &launched.launch {
            Launch::Continues(id) => id.0,
            Launch::Reopens(change) | Launch::Joins(change) => {
                self.store(change);
                change.id.0
            }
            Launch::Creates(start) => {
                let id = self.sessions.len() as u64 + 1;
                let session = Session {
                    project,
                    beamline: BeamlineId(1),
                    name: name.to_owned(),
                    survey: SecureKey([0; 20]),
                    key: None,
                    created: *start,
                    stretches: 1,
                    latest: Stretch {
                        start: *start,
                        end: None,
                    },
                    ended_micros: 0,
                };
                self.stretches.insert((id, 1), session.latest);
                self.names.insert((project, name.to_owned()), SessionId(id));
                let newest = newest(id, &session);
                self.sessions.insert(
                    id,
                    Versioned {
                        revision: 1,
                        record: session.clone(),
                    },
                );
                self.state
                    .created(SessionId(id), session, launched.ends.as_ref(), newest.clone());
                self.store_newest(&newest);
                id
            }
        };
        if let Some(newest) = &launched.newest {
            self.store_newest(newest);
        }
        id
    }

    fn close(&mut self, project: u64, name: &str) -> Option<i64> {
        let closed = loop {
            match self.state.close(ProjectId(project), name, self.now) {
                Ok(closed) => break closed?,
                Err(missing) => self.learn(missing),
            }
        };
        if let Some(ends) = &closed.ends {
            self.store(ends);
        }
        if let Some(newest) = &closed.newest {
            self.store_newest(newest);
        }
        Some(closed.stretch_micros)
    }

    fn open(&self) -> Vec<(u64, u32)> {
        let open = self.stretches.iter().filter(|(_, stretch)| stretch.end.is_none());
        open.map(|(key, _)| *key).collect()
    }

    fn check(&self) {
        let open = self.open();
        assert!(open.len() <= 1, "more than one stretch is open: {open:?}");
        let mut spans: Vec<_> = self.stretches.values().collect();
        spans.sort_by_key(|stretch| (stretch.start, stretch.end.is_none(), stretch.end));
        for stretch in &spans {
            assert!(
                stretch.end.is_none_or(|end| end > stretch.start),
                "{stretch:?} does not end after it starts"
            );
        }
        for pair in spans.windows(2) {
            let end = pair[0].end.expect("only the last may be open");
            assert!(end <= pair[1].start, "{:?} overlaps {:?}", pair[0], pair[1]);
        }
        for (id, session) in &self.sessions {
            let session = &session.record;
            let own = self.stretches.range((*id, 0)..=(*id, u32::MAX));
            let ended: i64 = own
                .clone()
                .filter_map(|(_, s)| Some(s.end?.micros_since(s.start)))
                .sum();
            assert_eq!(
                session.ended_micros, ended,
                "the total of session {id} is not the sum of its stretches"
            );
            assert_eq!(session.stretches as usize, own.count());
            assert_eq!(self.stretches[&(*id, session.stretches)], session.latest);
        }
        let mut joinable = HashMap::new();
        for (id, session) in &self.sessions {
            let named = (session.record.project, session.record.name.clone());
            if is_joinable(&session.record, self.now) && self.names[&named].0 == *id {
                assert_eq!(
                    joinable.insert(named, *id),
                    None,
                    "two sessions of one name are joinable"
                );
            }
        }
    }
}

#[test]
fn a_launch_ends_every_other_session() {
    let mut beamline = Beamline::new();
    let alice = beamline.launch(1, "day");
    beamline.advance(MINUTE);
    let bob = beamline.launch(2, "day");
    assert_ne!(alice, bob);
    assert_eq!(beamline.open(), [(bob, 1)]);
    assert_eq!(beamline.sessions[&alice].record.ended_micros, MINUTE);
    assert_eq!(beamline.state.open_session(ProjectId(2)), Some(SessionId(bob)));
    assert_eq!(beamline.state.open_session(ProjectId(1)), None);
    beamline.check();
}

#[test]
fn launching_again_changes_nothing() {
    let mut beamline = Beamline::new();
    let id = beamline.launch(1, "day");
    beamline.advance(MINUTE);
    assert_eq!(beamline.launch(1, "day"), id);
    assert_eq!(beamline.open(), [(id, 1)]);
    assert_eq!(total_micros(&beamline.sessions[&id].record, beamline.now), MINUTE);
}

#[rstest]
#[case::a_moment(5 * MINUTE - 1, 1, 1)]
#[case::five_minutes(5 * MINUTE, 1, 2)]
#[case::a_week(7 * DAY, 1, 2)]
#[case::longer(7 * DAY + 1, 2, 1)]
fn after_a_pause(#[case] pause: i64, #[case] sessions: usize, #[case] stretch: u32) {
    let mut beamline = Beamline::new();
    let first = beamline.launch(1, "day");
    beamline.advance(MINUTE);
    assert_eq!(beamline.close(1, "day"), Some(MINUTE));
    beamline.advance(pause);
    let again = beamline.launch(1, "day");
    assert_eq!(beamline.sessions.len(), sessions);
    assert_eq!(beamline.open(), [(again, stretch)]);
    assert_eq!(first == again, sessions == 1);
    beamline.check();
}

#[test]
fn a_stretch_is_not_reopened_over_another_session() {
    let mut beamline = Beamline::new();
    let alice = beamline.launch(1, "day");
    beamline.advance(MINUTE);
    beamline.launch(2, "night");
    beamline.advance(MINUTE);
    assert_eq!(beamline.launch(1, "day"), alice);
    assert_eq!(
        beamline.open(),
        [(alice, 2)],
        "another session had the beamline in between"
    );
    beamline.check();
}

#[test]
fn closing_again_changes_nothing() {
    let mut beamline = Beamline::new();
    beamline.launch(1, "day");
    beamline.advance(MINUTE);
    assert_eq!(beamline.close(1, "day"), Some(MINUTE));
    let stored = beamline.sessions.clone();
    beamline.advance(MINUTE);
    assert_eq!(beamline.close(1, "day"), Some(MINUTE));
    assert_eq!(beamline.sessions, stored);
}

#[test]
fn a_session_that_was_never_launched_is_not_closed() {
    let mut beamline = Beamline::new();
    beamline.launch(1, "day");
    assert_eq!(beamline.close(2, "day"), None);
    assert_eq!(beamline.close(1, "night"), None);
    assert_eq!(beamline.open().len(), 1);
}

#[test]
fn a_session_that_was_ended_stays_closed_when_its_client_closes_it() {
    let mut beamline = Beamline::new();
    beamline.launch(1, "day");
    beamline.advance(MINUTE);
    let bob = beamline.launch(2, "day");
    assert_eq!(beamline.close(1, "day"), Some(MINUTE));
    assert_eq!(beamline.open(), [(bob, 1)]);
}

#[derive(Debug, Clone)]
enum Step {
    Launch(u64, &'static str),
    Close(u64, &'static str),
    Pass(i64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let name = prop::sample::select(vec!["day", "night", "x"]);
    prop_oneof![
        4 => (1..4u64, name.clone()).prop_map(|(project, name)| Step::Launch(project, name)),
        2 => (1..4u64, name).prop_map(|(project, name)| Step::Close(project, name)),
        3 => prop_oneof![
            0..10i64,
            0..10 * MINUTE,
            0..8 * DAY,
            // A wrong clock may also be set back.
            -10 * MINUTE..0,
            -2 * DAY..0,
        ].prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_invariants_hold_after_any_steps(steps in prop::collection::vec(step(), 1..60)) {
        let mut beamline = Beamline::new();
        for step in steps {
            match step {
                Step::Launch(project, name) => {
                    let id = beamline.launch(project, name);
                    prop_assert_eq!(beamline.open().first().map(|open| open.0), Some(id));
                    prop_assert_eq!(beamline.state.open_session(ProjectId(project)), Some(SessionId(id)));
                }
                Step::Close(project, name) => {
                    beamline.close(project, name);
                }
                Step::Pass(micros) => beamline.advance(micros),
                Step::Restart => beamline.forget(),
            }
            beamline.check();
        }
    }
}
