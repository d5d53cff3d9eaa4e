//! Where ids begin: above those of an earlier server, which clients still send.

use super::draft::Draft;
use beamlive_storage::Table;

/// The tables whose ids clients keep and send, and what their records are called.
const TABLES: [(Table, &str); 4] = [
    (Table::Session, "sessions"),
    (Table::Dataset, "datasets"),
    (Table::Report, "reports"),
    (Table::Sample, "samples"),
];

/// The tables whose last id is lower than `first`. To raise them counts as one change.
pub(super) fn lower(draft: &mut Draft<'_>, first: u64) -> Vec<Table> {
    let counters = draft.situation.counters;
    let lower: Vec<_> = TABLES
        .into_iter()
        .filter(|(table, _)| counters.of(*table) < first)
        .collect();
    if lower.is_empty() {
        draft.counts.unchanged += 1;
        return Vec::new();
    }
    draft.counts.updated += 1;
    let (tables, names): (Vec<_>, Vec<_>) = lower.into_iter().unzip();
    draft
        .changes
        .add(|| format!("ids of {} start above {first}", names.join(", ")));
    tables
}
