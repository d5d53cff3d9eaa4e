//! Compares groups with a simple model.

use super::*;
use crate::chunks::{self, LIMIT};
use proptest::prelude::*;

/// A change of a record, a mark or a counter. There are only a few of them.
#[derive(Debug, Clone)]
enum Step {
    Insert(u64, usize),
    /// The second number is the difference to the right revision.
    Replace(u64, u64, usize),
    Remove(u64, u64),
    Mark(u64),
    Clear(u64),
    Allocate,
}

fn step() -> impl Strategy<Value = Step> {
    let id = 1..4_u64;
    let stale = prop_oneof![8 => Just(0), 1 => Just(1_u64)];
    let size = prop_oneof![4 => 0..20_usize, 1 => LIMIT - 40..LIMIT + 40, 1 => 2 * LIMIT..4 * LIMIT];
    prop_oneof![
        3 => (id.clone(), size.clone()).prop_map(|(id, size)| Step::Insert(id, size)),
        4 => (id.clone(), stale.clone(), size).prop_map(|(id, stale, size)| Step::Replace(id, stale, size)),
        2 => (id.clone(), stale).prop_map(|(id, stale)| Step::Remove(id, stale)),
        1 => id.clone().prop_map(Step::Mark),
        1 => id.prop_map(Step::Clear),
        1 => Just(Step::Allocate),
    ]
}

/// A simple model of `plan`: one batch at a time, without pieces.
#[derive(Default, Clone)]
struct Model {
    records: BTreeMap<u64, (u64, String)>,
    marks: BTreeMap<u64, ()>,
    last: u64,
}

fn mark(id: u64) -> Key {
    keys::record(Table::DatasetByProject, IdRef::Known(id))
}

impl Model {
    /// The batch of `steps`, the model after it if its preconditions hold, and its number of ids.
    fn batch(&self, steps: &[Step]) -> (Batch, Option<Self>, u64) {
        let (mut batch, mut after, mut holds, mut taken) = (Batch::new(), self.clone(), true, 0);
        for step in steps {
            match step {
                Step::Insert(id, size) => {
                    let name = "i".repeat(*size);
                    batch.insert(key(*id), &data_type(&name));
                    holds &= !self.records.contains_key(id);
                    after.records.insert(*id, (1, name));
                }
                Step::Replace(id, stale, size) => {
                    let (revision, name) =
                        (self.records.get(id).map_or(1, |r| r.0) + stale, "r".repeat(*size));
                    let next = batch.replace(key(*id), revision, &data_type(&name));
                    holds &= self.records.get(id).is_some_and(|r| r.0 == revision);
                    after.records.insert(*id, (next, name));
                }
                Step::Remove(id, stale) => {
                    let revision = self.records.get(id).map_or(1, |r| r.0) + stale;
                    batch.remove(key(*id), revision);
                    holds &= self.records.get(id).is_some_and(|r| r.0 == revision);
                    after.records.remove(id);
                }
                Step::Mark(id) => {
                    batch.mark(mark(*id));
                    after.marks.insert(*id, ());
                }
                Step::Clear(id) => {
                    batch.clear(mark(*id));
                    after.marks.remove(id);
                }
                Step::Allocate => {
                    batch.allocate(Table::Sample);
                    after.last += 1;
                    taken += 1;
                }
            }
        }
        (batch, holds.then_some(after), taken)
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        for (id, (revision, name)) in &self.records {
            let value = crate::codec::encode(*revision, &data_type(name));
            match chunks::split(key(*id).as_bytes(), &value) {
                None => rows.insert(key(*id).as_bytes().to_vec(), value),
                Some(pieces) => {
                    rows.extend(pieces.rows);
                    rows.insert(key(*id).as_bytes().to_vec(), pieces.head)
                }
            };
        }
        rows.extend(
            self.marks
                .keys()
                .map(|id| (mark(*id).as_bytes().to_vec(), Vec::new())),
        );
        if self.last > 0 {
            rows.insert(
                keys::counter(Table::Sample).as_bytes().to_vec(),
                self.last.to_be_bytes().to_vec(),
            );
        }
        rows
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groups_do_what_a_naive_model_does(
        groups in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(step(), 0..4), 1..5), 1..6)
    ) {
        let (mut rows, mut model) = (Rows::new(), Model::default());
        for steps_of_group in &groups {
            let (mut group, mut expected) = (Vec::new(), Vec::new());
            for steps in steps_of_group {
                let (batch, after, taken) = model.batch(steps);
                expected.push(after.is_some().then_some((model.last, taken)));
                group.push(batch);
                model = after.unwrap_or(model);
            }
            for (outcome, expected) in apply(&mut rows, &group).iter().zip(&expected) {
                let ids = outcome.as_ref().ok().map(|committed| committed.ids.to_vec());
                let wanted = expected.map(|(last, taken)| (last + 1..=last + taken).collect::<Vec<_>>());
                prop_assert_eq!(ids, wanted);
            }
            prop_assert_eq!(&rows, &model.rows());
        }
    }
}
