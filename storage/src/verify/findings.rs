//! The result of a check, and the rules that it is given.

use crate::keys::Table;
use std::collections::BTreeMap;

/// Number of lines that are kept. Further lines are only counted.
const KEPT: usize = 1_000;

/// The rules of the service that the store cannot know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long after its last stretch a session is joined by a launch of its name, in
    /// microseconds.
    pub joinable_micros: i64,
    /// Maximum depth of nested containers.
    pub deepest: usize,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Violations of an invariant.
    pub problems: Lines,
    /// What is allowed, but needs attention.
    pub warnings: Lines,
    tables: BTreeMap<Table, u64>,
}

/// Messages. Only the first ones are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    kept: Vec<String>,
    count: u64,
}

impl Lines {
    /// The first lines.
    pub fn kept(&self) -> &[String] {
        &self.kept
    }

    /// The number of all lines.
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
    /// The number of rows in `table`.
    pub fn rows(&self, table: Table) -> u64 {
        self.tables.get(&table).copied().unwrap_or(0)
    }

    /// All tables that have rows, with their numbers of rows.
    pub fn tables(&self) -> impl Iterator<Item = (Table, u64)> + '_ {
        self.tables.iter().map(|(table, rows)| (*table, *rows))
    }

    pub(super) fn count(&mut self, table: Table) {
        *self.tables.entry(table).or_default() += 1;
    }
}
