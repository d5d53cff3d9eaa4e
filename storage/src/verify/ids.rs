//! Counters, and the ids that they allocated.

use super::findings::Lines;
use super::row::{Checked, Row};
use crate::keys::Table;
use std::collections::BTreeMap;

/// What is known of the ids of all tables.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// The last id allocated.
    counters: BTreeMap<Table, u64>,
    /// First and last of each range of skipped ids, in order.
    skipped: BTreeMap<Table, Vec<(u64, u64)>>,
    /// Up to which id old records were removed.
    removed: BTreeMap<Table, u64>,
    /// The greatest id found, and the number of ids.
    found: BTreeMap<Table, (u64, u64)>,
}

impl Ids {
    pub(super) fn counter(&mut self, mut row: Row<'_>, problems: &mut Lines) -> Checked {
        let table = row.table()?;
        row.end()?;
        match row.value_id() {
            Some(last) => {
                self.counters.insert(table, last);
            }
            None => problems.add(format!(
                "counter of {table:?}: {} bytes are no number",
                row.value.len()
            )),
        }
        Ok(())
    }

    /// Checks that skipped ids follow each other, and that the counter is not below them.
    pub(super) fn skipped(&mut self, mut row: Row<'_>, problems: &mut Lines) -> Checked {
        let (table, first) = (row.table()?, row.id()?);
        row.end()?;
        let last = row.value_id().unwrap_or(0);
        let counter = self.last(table);
        let skipped = self.skipped.entry(table).or_default();
        let follows = skipped.last().is_none_or(|(_, before)| *before < first);
        if first == 0 || last < first || last > counter || !follows {
            problems.add(format!(
                "SkippedIds of {table:?} from {first}: up to {last}, which no change of the counter left out"
            ));
        } else {
            skipped.push((first, last));
        }
        Ok(())
    }

    /// Takes the last id of a table whose old records were removed.
    pub(super) fn removed(&mut self, mut row: Row<'_>, problems: &mut Lines) -> Checked {
        let table = row.table()?;
        row.end()?;
        let last = row.value_id().unwrap_or(0);
        if table != Table::Activity || last == 0 || last > self.last(table) {
            problems.add(format!(
                "RemovedIds of {table:?}: up to {last}, which were never given"
            ));
        } else {
            self.removed.insert(table, last);
        }
        Ok(())
    }

    /// Checks an id that was found in `table`. The ids of a table come in ascending order.
    pub(super) fn found(&mut self, table: Table, id: u64, problems: &mut Lines) {
        let counter = self.last(table);
        if id == 0 {
            problems.add(format!("{table:?} 0: ids start at 1"));
        } else if id > counter {
            problems.add(format!(
                "{table:?} {id}: the counter stands at {counter}, so this id will be given again"
            ));
        }
        let (greatest, count) = self.found.entry(table).or_default();
        let missing = (*greatest + 1, id.saturating_sub(1));
        *greatest = id.max(*greatest);
        *count += 1;
        self.missing(table, missing, problems);
        let skipped = self.skipped.get(&table).into_iter().flatten();
        if skipped
            .into_iter()
            .any(|(first, last)| (*first..=*last).contains(&id))
        {
            problems.add(format!(
                "{table:?} {id}: this id was skipped, so it was never given"
            ));
        }
    }

    /// The checks that need all rows.
    pub(super) fn finish(&self, problems: &mut Lines) {
        for (table, last) in &self.counters {
            let (greatest, count) = self.found.get(table).copied().unwrap_or_default();
            self.missing(*table, (greatest + 1, *last), problems);
            if *table == Table::Feedback && count < *last {
                problems.add(format!(
                    "Feedback: {last} answers were given, and {count} are there"
                ));
            }
        }
    }

    fn last(&self, table: Table) -> u64 {
        self.counters.get(&table).copied().unwrap_or(0)
    }

    /// Reports the ids from `first` to `last`, except skipped ones, if nothing is ever removed from
    /// the table.
    fn missing(&self, table: Table, (mut first, last): (u64, u64), problems: &mut Lines) {
        if !matches!(
            table,
            Table::Session | Table::Dataset | Table::Report | Table::Activity
        ) {
            return;
        }
        first = first.max(self.removed.get(&table).map_or(0, |last| last + 1));
        let mut report = |first: u64, last: u64| {
            let which = match last.checked_sub(first) {
                None => return,
                Some(0) => format!("{table:?} {first}"),
                Some(_) => format!("{table:?} {first} to {last}"),
            };
            problems.add(format!("{which}: given once, never removed, and not there"));
        };
        for (from, to) in self.skipped.get(&table).into_iter().flatten() {
            if *from <= last && *to >= first {
                report(first, from.saturating_sub(1));
                first = to.saturating_add(1);
            }
        }
        report(first, last);
    }
}
