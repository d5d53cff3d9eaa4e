//! What is told of a store.

use crate::keys::Table;
use std::collections::BTreeMap;

/// Lines that are kept; others are counted.
const KEPT: usize = 1_000;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What must not be: each breaks a promise.
    pub problems: Lines,
    /// What may be, but someone should know of.
    pub warnings: Lines,
    tables: BTreeMap<Table, u64>,
}

/// Lines for a person, so many of them as anybody reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    kept: Vec<String>,
    count: u64,
}

impl Lines {
    /// The first lines.
    #[must_use]
    pub fn kept(&self) -> &[String] {
        &self.kept
    }

    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn add(&mut self, line: String) {
        self.count += 1;
        if self.kept.len() < KEPT {
            self.kept.push(line);
        }
    }
}

impl Findings {
    /// Whether every promise holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.count == 0
    }

    /// How many rows `table` has.
    #[must_use]
    pub fn rows(&self, table: Table) -> u64 {
        self.tables.get(&table).copied().unwrap_or(0)
    }

    /// Every table that has rows, and how many.
    pub fn tables(&self) -> impl Iterator<Item = (Table, u64)> + '_ {
        self.tables.iter().map(|(table, rows)| (*table, *rows))
    }

    pub(super) fn count(&mut self, table: Table) {
        *self.tables.entry(table).or_default() += 1;
    }
}
