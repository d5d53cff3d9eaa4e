//! After any fault and any end of the store: acknowledged changes are there, others are complete or
//! absent, and no change is there without all changes before it.

use crate::faulty::{End, Faulty};
use crate::map::{change, Change, Map};
use crate::support::{commit, data_type, key, poll_once, DURABLE};
use beamlive_storage::records::DataType;
use beamlive_storage::{CommitError, EngineKind, Order, Receipt, Step, StoreStatus, Unavailable};
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;
use std::collections::VecDeque;
use std::task::Poll;

#[derive(Debug, Clone)]
enum Op {
    /// Commits changes without waiting.
    Commit(Vec<Change>),
    /// Waits for all receipts.
    Wait,
    /// Reads everything.
    Read,
    /// Arms a fault.
    Arm(Step, u32),
    Restart(End),
}

fn op() -> impl Strategy<Value = Op> {
    let step = prop_oneof![
        Just((Step::Read, 40_u32)),
        Just((Step::Write, 3)),
        Just((Step::Sync, 3)),
        Just((Step::Open, 1)),
    ];
    let step = step.prop_flat_map(|(step, passes)| (Just(step), 0..passes));
    let end = prop_oneof![Just(End::Close), Just(End::Kill), Just(End::PowerCut)];
    prop_oneof![
        6 => proptest::collection::vec(change(), 1..6).prop_map(Op::Commit),
        3 => Just(Op::Wait),
        2 => Just(Op::Read),
        2 => step.prop_map(|(step, passes)| Op::Arm(step, passes)),
        2 => end.prop_map(Op::Restart),
    ]
}

struct Run {
    faulty: Faulty,
    /// The possible contents of the store: all acknowledged changes, then one more committed change
    /// each.
    states: VecDeque<Map>,
    /// Committed changes without an answer yet, and whether their preconditions hold.
    outstanding: VecDeque<(Receipt, bool)>,
    changes: usize,
}

impl Run {
    fn commit(&mut self, change: Change) {
        let permit = match self.faulty.store.reserve() {
            Ok(permit) => permit,
            Err(Unavailable::WritesOff(_)) if self.writer_failed() => return,
            Err(error) => panic!("{error}"),
        };
        let mut map = self.states.back().unwrap().clone();
        let receipt = permit.commit(map.batch(self.changes, change));
        let holds = map.apply(self.changes, change);
        self.changes += 1;
        self.states.push_back(map);
        self.outstanding.push_back((receipt, holds));
    }

    /// Whether a fault may have turned writes off.
    fn writer_failed(&self) -> bool {
        self.faulty.disk.writer_failed()
    }

    /// Polls the receipts, or waits for all of them.
    async fn receive(&mut self, wait: bool) {
        let mut off = false;
        while let Some((receipt, holds)) = self.outstanding.front_mut() {
            let outcome = match poll_once(receipt) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending if wait => receipt.await,
                Poll::Pending => return,
            };
            match outcome {
                Ok(_) => assert!(
                    *holds && !off,
                    "acknowledged after a failure, or against a precondition"
                ),
                Err(CommitError::Conflict(_)) => assert!(!*holds && !off),
                Err(CommitError::Away(_)) => panic!("an embedded database is never away"),
                Err(CommitError::WritesOff(_)) => {
                    assert!(self.writer_failed());
                    off = true;
                }
            }
            self.outstanding.pop_front();
            if off {
                // The states with these changes stay possible, in their order, until the restart.
                continue;
            }
            self.states.pop_front();
        }
        if wait {
            let status = self.faulty.store.status();
            let writes = matches!(status, StoreStatus::Writing);
            assert_eq!(writes, !self.writer_failed(), "{status:?}");
        }
    }

    /// Checks that each record is as in one of the possible states, or can't be read because of a
    /// fault.
    fn read(&self) {
        for id in 1..12 {
            let failures = self.faulty.disk.failures();
            match self.faulty.store.get::<DataType>(&key(id)) {
                Ok(read) => {
                    let read = read.map(|read| (read.revision, read.record.name));
                    let possible = self
                        .states
                        .iter()
                        .any(|map| map.records.get(&id) == read.as_ref());
                    assert!(possible, "record {id} is not as in any possible state");
                }
                Err(error) => assert!(self.faulty.disk.failures() > failures, "{error}"),
            }
        }
    }

    async fn restart(mut self, end: End) -> Self {
        match end {
            // The files are copied while nothing is written.
            End::Kill | End::Close => self.receive(true).await,
            End::PowerCut => self.receive(false).await,
        }
        let faulty = self.faulty.restart(end);
        let failures = faulty.disk.failures();
        let found = match Map::read(&faulty.store, Order::Ascending) {
            Ok(found) => found,
            Err(error) => {
                assert!(faulty.disk.failures() > failures, "{error}");
                Map::read(&faulty.store, Order::Ascending).unwrap()
            }
        };
        assert!(
            self.states.contains(&found),
            "after {end:?} the store has {found:?}, which is none of {:?}",
            self.states
        );
        Self {
            faulty,
            states: VecDeque::from([found]),
            outstanding: VecDeque::new(),
            changes: self.changes,
        }
    }
}

async fn run(engine: EngineKind, ops: Vec<Op>) {
    let mut run = Run {
        faulty: Faulty::new(engine),
        states: VecDeque::from([Map::default()]),
        outstanding: VecDeque::new(),
        changes: 0,
    };
    for op in ops {
        match op {
            Op::Commit(changes) => changes.into_iter().for_each(|change| run.commit(change)),
            Op::Wait => run.receive(true).await,
            Op::Read => run.read(),
            Op::Arm(step, passes) => run.faulty.disk.arm(step, passes),
            Op::Restart(end) => run = run.restart(end).await,
        }
    }
    for end in [End::PowerCut, End::Kill, End::Close] {
        run = run.restart(end).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_keeps_acknowledged_changes_on_a_disk_that_fails(engine in select(&DURABLE), ops in proptest::collection::vec(op(), 1..20)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(engine, ops));
    }
}

/// Tries every step of a commit. The property test may leave some out.
#[rstest]
#[tokio::test]
async fn a_fault_at_any_step_of_a_commit_turns_writes_off(
    #[values(EngineKind::Sled, EngineKind::Fjall)] engine: EngineKind,
) {
    for step in [Step::Read, Step::Write, Step::Sync] {
        for end in [End::PowerCut, End::Kill, End::Close] {
            let faulty = Faulty::new(engine);
            commit(&faulty.store, |b| b.insert(key(1), &data_type("kept")))
                .await
                .unwrap();
            let later = faulty.store.reserve().unwrap();
            faulty.disk.arm(step, 0);
            let lost = commit(&faulty.store, |b| b.insert(key(2), &data_type("lost"))).await;
            assert!(
                matches!(lost, Err(CommitError::WritesOff(_))),
                "{step:?}: {lost:?}"
            );
            let late = later.commit(crate::support::batch(|b| b.insert(key(3), &data_type("late"))));
            assert!(matches!(late.await, Err(CommitError::WritesOff(_))), "{step:?}");
            let StoreStatus::WritesOff { reason } = faulty.store.status() else {
                panic!("{step:?}: writes are still on");
            };
            assert!(reason.contains("Input/output error"), "{step:?}: {reason}");
            let read = |faulty: &Faulty, id| {
                let read = faulty.store.get::<DataType>(&key(id)).unwrap();
                read.map(|read| read.record.name)
            };
            assert_eq!(read(&faulty, 1).as_deref(), Some("kept"), "{step:?}");

            let faulty = faulty.restart(end);
            assert_eq!(read(&faulty, 1).as_deref(), Some("kept"), "{step:?}, {end:?}");
            if matches!(end, End::PowerCut) {
                assert_eq!(read(&faulty, 2), None, "{step:?}: the record was never synced");
            }
            assert_eq!(read(&faulty, 3), None, "{step:?}, {end:?}");
            commit(&faulty.store, |b| b.insert(key(4), &data_type("on")))
                .await
                .unwrap();
        }
    }
}
