//! Where ids begin: above those of an earlier server, whose ids clients still send.

use super::resolve::Resolver;
use beamlive_storage::{Batch, Table};

/// The tables whose ids clients keep and send, and what their records are called.
const TABLES: [(Table, &str); 4] = [
    (Table::Session, "sessions"),
    (Table::Dataset, "datasets"),
    (Table::Report, "reports"),
    (Table::Sample, "samples"),
];

/// What has to be raised.
#[derive(Debug, Default)]
pub(super) struct Floor(Vec<(Table, u64)>);

impl Floor {
    /// Adds it to the batch of the file. The writer raises only what is still lower by then.
    pub(super) fn write(&self, batch: &mut Batch) {
        for (table, first) in &self.0 {
            batch.raise(*table, *first);
        }
    }
}

impl Resolver<'_> {
    /// Lets ids go on above `first`, where they are not there yet.
    pub(super) fn first_id(&mut self, first: Option<u64>) -> Floor {
        let Some(first) = first else {
            return Floor::default();
        };
        let counters = self.situation.counters;
        let lower = || TABLES.iter().filter(|(table, _)| counters.of(*table) < first);
        if lower().next().is_none() {
            self.counts.unchanged += 1;
            return Floor::default();
        }
        self.counts.updated += 1;
        let names: Vec<_> = lower().map(|(_, name)| *name).collect();
        self.tell(|| format!("ids of {} start above {first}", names.join(", ")));
        Floor(lower().map(|(table, _)| (*table, first)).collect())
    }
}
