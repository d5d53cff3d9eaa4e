//! What a plan starts from besides the facility and the file, and what it counts.

use crate::facility::catalog::Catalog;
use crate::facility::place::Section;
use beamlive_storage::ids::{Account, BeamlineId, IdRef, ProjectId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::{Order, ReadError, Store, Timestamp};
use std::collections::{BTreeMap, HashSet};

/// The number of entries by outcome. The first three are in the file, the last two are not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries that did not exist.
    pub created: usize,
    /// Entries that were different.
    pub updated: usize,
    /// Entries that were as the file says.
    pub unchanged: usize,
    /// Entries that the file does not name, removed.
    pub removed: usize,
    /// Entries that the file does not name, kept because records refer to them.
    pub kept: usize,
}

/// A project whose signing key the file sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// The project.
    pub project: ProjectId,
    /// The new key's canonical line.
    pub line: String,
    /// Whether there was another key before.
    pub replaced: bool,
}

/// The last id given in each table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters(pub BTreeMap<Table, u64>);

impl Counters {
    /// Reads them.
    ///
    /// # Errors
    /// [`ReadError`] when the store can't be read.
    pub fn load(store: &Store) -> Result<Self, ReadError> {
        let tables = (0..=u8::MAX).filter_map(Table::from_repr);
        tables
            .map(|table| Ok((table, store.counter(table)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The last id given in `table`; 0 when none is known.
    #[must_use]
    pub fn of(&self, table: Table) -> u64 {
        self.0.get(&table).copied().unwrap_or(0)
    }
}

/// The projects, persons, beamlines and access lists that sessions, datasets, reports or
/// connections refer to, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse(pub HashSet<(Section, u64)>);

impl InUse {
    /// Looks all projects and beamlines of `catalog` up.
    ///
    /// # Errors
    /// [`ReadError`] when the store can't be read.
    pub fn load(store: &Store, catalog: &Catalog) -> Result<Self, ReadError> {
        let any = |begins: &[Key]| {
            let mut rows = begins.iter().filter_map(|begin| {
                let (start, end) = keys::below(begin, None);
                store.scan_keys(&start, &end, Order::Ascending).next()
            });
            rows.next().transpose().map(|row| row.is_some())
        };
        let mut used = HashSet::new();
        for (id, _) in catalog.projects.iter() {
            let project = ProjectId(id);
            let mut begins = vec![
                keys::record(Table::SessionByProject, project),
                keys::record(Table::ReportByProject, project),
            ];
            let beamlines = catalog.beamlines.iter().map(|(id, _)| BeamlineId(id));
            begins.extend(beamlines.map(|beamline| keys::datasets_of(beamline, project)));
            if any(&begins)? {
                used.insert((Section::Project, id));
            }
        }
        for (id, _) in catalog.beamlines.iter() {
            let tables = [
                Table::BeamlineState,
                Table::SessionByBeamline,
                Table::DatasetByProject,
            ];
            if any(&tables.map(|table| keys::record(table, IdRef::Known(id))))? {
                used.insert((Section::Beamline, id));
            }
        }
        let (start, end) = keys::below(&keys::Key::of(Table::Connection), None);
        for key in store.scan_keys(&start, &end, Order::Ascending) {
            if let Some((list, account, _)) = keys::parse_connection(&key?) {
                used.insert((Section::AccessList, list.0));
                used.insert(match account {
                    Account::Project(id) => (Section::Project, id.0),
                    Account::Person(id) => (Section::Person, id.0),
                });
            }
        }
        Ok(Self(used))
    }

    /// Whether something refers to the entry.
    #[must_use]
    pub fn contains(&self, section: Section, id: u64) -> bool {
        self.0.contains(&(section, id))
    }
}

/// What a plan depends on besides the facility and the file.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Whether what the file does not name is removed.
    pub prune: bool,
    /// What is in use, so that it is not removed.
    pub in_use: &'a InUse,
    /// New ids follow these.
    pub counters: &'a Counters,
    /// When it is made.
    pub now: Timestamp,
}
