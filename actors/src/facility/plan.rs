//! What applying a facility file would do: pure, from the facility as it is and the file to the facility as it will be.
//!
//! Rules are checked on the result, so a file may move things around in one go. What an entry leaves out takes its
//! default, with two exceptions: a project's `key`, which its owner registers, and its `ssh_keys` stay as they are.

mod describe;
pub(crate) mod draft;
mod first_id;
mod prune;
mod refer;
mod resolve;

use super::catalog::Catalog;
use super::check;
use super::declaration::Declaration;
use super::place::{Mistake, Mistakes};
use beamlive_storage::ids::{AccessListId, BeamlineId, IdRef, ProjectId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::{Batch, Order, ReadError, Store, Timestamp};
use draft::Drafts;
use resolve::Resolver;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// How many entries became what. The first three are entries of the file; the last two are not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Entries that did not exist.
    pub created: usize,
    /// Entries that were different.
    pub updated: usize,
    /// Entries that were as the file says.
    pub unchanged: usize,
    /// What the file does not name and was removed.
    pub removed: usize,
    /// Projects and beamlines that the file does not name but records refer to.
    pub kept: usize,
}

/// A project whose signing key the file sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// Whose.
    pub project: ProjectId,
    /// The new key's canonical line.
    pub line: String,
    /// Whether there was another key before.
    pub replaced: bool,
}

/// The last ids given, per table that a file has a say in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters(BTreeMap<Table, u64>);

impl Counters {
    /// Reads them.
    ///
    /// # Errors
    /// [`ReadError`] when the store can't be read.
    pub fn load(store: &Store) -> Result<Self, ReadError> {
        let tables = [
            Table::Project,
            Table::Beamline,
            Table::DataType,
            Table::ContainerType,
            Table::Container,
            Table::Automounter,
            Table::Group,
            Table::Sample,
            Table::AccessList,
            Table::Beamtime,
            Table::Session,
            Table::Dataset,
            Table::Report,
        ];
        tables
            .into_iter()
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

/// What sessions, datasets, reports or connections refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse {
    /// Projects.
    pub projects: HashSet<ProjectId>,
    /// Beamlines.
    pub beamlines: HashSet<BeamlineId>,
    /// Access lists.
    pub access_lists: HashSet<AccessListId>,
}

impl InUse {
    /// Looks all projects and beamlines of `catalog` up.
    ///
    /// # Errors
    /// [`ReadError`] when the store can't be read.
    pub fn load(store: &Store, catalog: &Catalog) -> Result<Self, ReadError> {
        let any = |begins: &[Key]| -> Result<bool, ReadError> {
            for begin in begins {
                let (start, end) = keys::below(begin, None);
                let first = store.scan_keys(&start, &end, Order::Ascending).next();
                if first.transpose()?.is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let mut used = Self::default();
        for (id, _) in catalog.projects.iter() {
            let project = ProjectId(id);
            let mut begins = vec![
                keys::record(Table::SessionByProject, project),
                keys::record(Table::ReportByProject, project),
            ];
            let beamlines = catalog.beamlines.iter().map(|(id, _)| BeamlineId(id));
            begins.extend(beamlines.map(|beamline| keys::datasets_of(beamline, project)));
            if any(&begins)? {
                used.projects.insert(project);
            }
        }
        for (id, _) in catalog.beamlines.iter() {
            let tables = [
                Table::BeamlineState,
                Table::SessionByBeamline,
                Table::DatasetByProject,
            ];
            if any(&tables.map(|table| keys::record(table, IdRef::Known(id))))? {
                used.beamlines.insert(BeamlineId(id));
            }
        }
        let (start, end) = keys::below(&keys::Key::of(Table::Connection), None);
        for key in store.scan_keys(&start, &end, Order::Ascending) {
            if let Some((list, project, _)) = keys::parse_connection(&key?) {
                used.access_lists.insert(list);
                used.projects.insert(project);
            }
        }
        Ok(used)
    }
}

/// What a plan has to know besides the facility and the file.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Whether what the file does not name is removed.
    pub prune: bool,
    /// What must stay all the same.
    pub in_use: &'a InUse,
    /// Where new ids go on.
    pub counters: &'a Counters,
    /// When it is made.
    pub now: Timestamp,
}

/// What applying a file does.
#[derive(Debug)]
pub struct Plan {
    /// The facility afterwards, one generation on.
    pub catalog: Catalog,
    /// How many entries became what.
    pub counts: Counts,
    /// The changes in words; of very many, the first and how many more there are.
    pub changes: Vec<String>,
    /// Signing keys that are set or replaced.
    pub keys: Vec<KeyChange>,
    /// The writes. Whatever is replaced or removed must still be as `catalog` had it.
    pub batch: Batch,
}

impl Plan {
    /// Plans `declaration` over `catalog`.
    ///
    /// # Errors
    /// Every mistake, each with its place.
    pub fn make(
        catalog: &Catalog,
        declaration: &Declaration,
        situation: &Situation<'_>,
    ) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Mistakes::new();
        match Self::make_noting(catalog, declaration, situation, &mut mistakes) {
            Some(plan) => Ok(plan),
            None => Err(mistakes.into_list()),
        }
    }

    /// As [`Self::make`], for a file of which `mistakes` may be known already: then there is no plan, but what else is
    /// wrong is added to them.
    pub fn make_noting(
        catalog: &Catalog,
        declaration: &Declaration,
        situation: &Situation<'_>,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let mut resolver = Resolver::new(catalog, declaration, situation, mistakes);
        let floor = resolver.first_id(declaration.first_id);
        resolver.resolve(declaration);
        if situation.prune {
            resolver.prune(catalog, situation.in_use);
        }
        check::check(&resolver.drafts, resolver.mistakes);
        if !resolver.mistakes.is_empty() {
            return None;
        }
        let changes = resolver.take_changes();
        let mut batch = batch(&resolver.drafts);
        floor.write(&mut batch);
        Some(Self {
            catalog: after(catalog, &resolver.drafts),
            counts: resolver.counts,
            changes,
            keys: resolver.keys,
            batch,
        })
    }
}

fn batch(drafts: &Drafts) -> Batch {
    let mut batch = Batch::new();
    drafts.projects.write(&mut batch);
    drafts.beamlines.write(&mut batch);
    drafts.data_types.write(&mut batch);
    drafts.container_types.write(&mut batch);
    drafts.containers.write(&mut batch);
    drafts.automounters.write(&mut batch);
    drafts.groups.write(&mut batch);
    drafts.samples.write(&mut batch);
    drafts.access_lists.write(&mut batch);
    drafts.beamtimes.write(&mut batch);
    batch
}

fn after(catalog: &Catalog, drafts: &Drafts) -> Catalog {
    let mut after = Catalog {
        generation: catalog.generation + 1,
        projects: catalog.projects.clone(),
        beamlines: drafts.beamlines.entries.clone(),
        data_types: drafts.data_types.entries.clone(),
        container_types: drafts.container_types.entries.clone(),
        containers: drafts.containers.entries.clone(),
        automounters: drafts.automounters.entries.clone(),
        groups: drafts.groups.entries.clone(),
        samples: drafts.samples.entries.clone(),
        access_lists: drafts.access_lists.entries.clone(),
        beamtimes: drafts.beamtimes.entries.clone(),
        signing_keys: catalog.signing_keys.clone(),
    };
    after.set_projects(
        drafts.projects.entries.clone(),
        drafts.projects.changed().map(ProjectId),
    );
    after
}

#[cfg(test)]
mod tests;
