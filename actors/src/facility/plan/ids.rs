//! The table `[ids]`: ids begin above those of an earlier server, which clients still send.

use super::draft::Draft;
use super::fields::GREATEST_ID;
use crate::facility::declaration::values::shown;
use crate::facility::declaration::Declaration;
use crate::facility::place::{quoted, suggestion, Mistakes};
use beamlive_storage::Table;
use serde_json::Value;

/// The tables whose ids clients keep and send, and what their records are called.
const TABLES: [(Table, &str); 4] = [
    (Table::Session, "sessions"),
    (Table::Dataset, "datasets"),
    (Table::Report, "reports"),
    (Table::Sample, "samples"),
];

/// Reads `first`: new ids are above it.
pub(super) fn read(declaration: &Declaration, mistakes: &mut Mistakes) -> Option<u64> {
    let (table, line) = declaration.ids.as_ref()?;
    let Value::Object(fields) = table else {
        mistakes.other(None, "[ids]", "must be one table with the field first");
        return None;
    };
    let place = line.map_or_else(|| "[ids]".to_owned(), |line| format!("[ids] (line {line})"));
    for name in fields.keys().filter(|name| *name != "first") {
        let suggestion = suggestion(name, &["first"]);
        let message = format!("{} is not a known field{suggestion}", quoted(name));
        mistakes.other(*line, &place, message);
    }
    let first = fields.get("first").filter(|value| !value.is_null());
    let number = first
        .and_then(Value::as_u64)
        .filter(|number| *number <= GREATEST_ID);
    if number.is_none() {
        let message = first.map_or_else(
            || "is missing: name the greatest id of the earlier server".to_owned(),
            |first| {
                format!(
                    "must be a whole number from 0 to {GREATEST_ID}, not {}",
                    shown(first)
                )
            },
        );
        mistakes.other(*line, &format!("{place}, first"), message);
    }
    number
}

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
