//! One table while a plan is made: what it will hold, what the file named, what has to be written.

use super::describe::Names;
use super::Situation;
use crate::facility::catalog::{Catalog, Declared, Entries};
use crate::facility::place::{Mistakes, Place, Section};
use beamlive_storage::ids::IdRef;
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Project, Sample,
};
use beamlive_storage::{keys, Batch, Versioned};
use std::collections::{HashMap, HashSet};

/// What came of one entry of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    Updated,
    Unchanged,
}

/// One table.
#[derive(Debug)]
pub(crate) struct Draft<R: Declared> {
    /// What it will hold.
    pub(crate) entries: Entries<R>,
    /// Entries whose state in the file is not known, for it holds a mistake.
    pub(crate) doubtful: HashSet<u64>,
    places: HashMap<u64, Place>,
    claimed: HashMap<R::Name, u64>,
    last: u64,
    created: Vec<u64>,
    /// Ids with the revision that is replaced or removed.
    updated: Vec<(u64, u64)>,
    removed: Vec<(u64, u64)>,
}

impl<R: Declared> Draft<R> {
    /// Starts from what there is; new ids follow `last`.
    pub(crate) fn new(entries: Entries<R>, last: u64) -> Self {
        Self {
            last: last.max(entries.last_id()),
            entries,
            doubtful: HashSet::new(),
            places: HashMap::new(),
            claimed: HashMap::new(),
            created: Vec::new(),
            updated: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// The id of a name: of what there is, or of what the file creates.
    pub(crate) fn find(&self, name: &R::Name) -> Option<u64> {
        self.claimed
            .get(name)
            .copied()
            .or_else(|| self.entries.find(name).map(|(id, _)| id))
    }

    /// Where the file names an entry.
    pub(crate) fn place(&self, id: u64) -> Option<Place> {
        self.places.get(&id).copied()
    }

    /// All that the file does not name, by id.
    pub(crate) fn unnamed(&self) -> Vec<u64> {
        self.entries
            .iter()
            .map(|(id, _)| id)
            .filter(|id| !self.places.contains_key(id))
            .collect()
    }

    /// The file names `name` at `place`: gives its id, a new one if there is no such entry yet. Naming something twice
    /// is a mistake.
    pub(crate) fn claim(&mut self, name: R::Name, place: Place, mistakes: &mut Mistakes) -> Option<u64> {
        let id = match self.find(&name) {
            Some(id) => id,
            None => {
                self.last += 1;
                self.last
            }
        };
        if let Some(first) = self.places.get(&id) {
            mistakes.entry(
                place,
                format!("names the same {} as {first}", place.section.noun()),
            );
            return None;
        }
        self.places.insert(id, place);
        self.claimed.insert(name, id);
        self.doubtful.insert(id);
        Some(id)
    }

    /// Gives a claimed entry its new state.
    pub(crate) fn settle(&mut self, id: u64, record: R) -> Outcome {
        self.doubtful.remove(&id);
        let revision = match self.entries.get(id) {
            None => {
                self.created.push(id);
                self.entries.put(id, Versioned { revision: 1, record });
                return Outcome::Created;
            }
            Some(old) if old.record == record => return Outcome::Unchanged,
            Some(old) => old.revision,
        };
        self.updated.push((id, revision));
        self.entries.put(
            id,
            Versioned {
                revision: revision + 1,
                record,
            },
        );
        Outcome::Updated
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, id: u64) {
        if let Some(revision) = self.entries.get(id).map(|old| old.revision) {
            self.removed.push((id, revision));
            self.entries.remove(id);
        }
    }

    /// Ids that were created, updated or removed.
    pub(crate) fn changed(&self) -> impl Iterator<Item = u64> + '_ {
        let others = self.updated.iter().chain(&self.removed).map(|(id, _)| *id);
        self.created.iter().copied().chain(others)
    }

    /// Adds what has to be written. Everything that is replaced or removed must still be as it was read.
    pub(crate) fn write(&self, batch: &mut Batch) {
        for id in &self.created {
            if let Some(entry) = self.entries.get(*id) {
                batch.insert(keys::record(R::TABLE, IdRef::Known(*id)), &entry.record);
            }
        }
        for (id, revision) in &self.updated {
            if let Some(entry) = self.entries.get(*id) {
                batch.replace(
                    keys::record(R::TABLE, IdRef::Known(*id)),
                    *revision,
                    &entry.record,
                );
            }
        }
        for (id, revision) in &self.removed {
            batch.remove(keys::record(R::TABLE, IdRef::Known(*id)), *revision);
        }
        if !self.created.is_empty() {
            batch.set(keys::counter(R::TABLE), &self.last.to_be_bytes());
        }
    }
}

/// All tables.
#[derive(Debug)]
pub(crate) struct Drafts {
    pub(crate) projects: Draft<Project>,
    pub(crate) beamlines: Draft<Beamline>,
    pub(crate) data_types: Draft<DataType>,
    pub(crate) container_types: Draft<ContainerType>,
    pub(crate) containers: Draft<Container>,
    pub(crate) automounters: Draft<Automounter>,
    pub(crate) groups: Draft<Group>,
    pub(crate) samples: Draft<Sample>,
    pub(crate) access_lists: Draft<AccessList>,
    pub(crate) beamtimes: Draft<Beamtime>,
    /// Sections of which an entry holds a mistake.
    pub(crate) in_doubt: HashSet<Section>,
}

impl Drafts {
    /// `first_id` is the number above which ids of samples go on.
    pub(super) fn new(catalog: &Catalog, situation: &Situation<'_>, first_id: u64) -> Self {
        let last = situation.counters;
        Self {
            projects: Draft::new(catalog.projects.clone(), last.of(Project::TABLE)),
            beamlines: Draft::new(catalog.beamlines.clone(), last.of(Beamline::TABLE)),
            data_types: Draft::new(catalog.data_types.clone(), last.of(DataType::TABLE)),
            container_types: Draft::new(catalog.container_types.clone(), last.of(ContainerType::TABLE)),
            containers: Draft::new(catalog.containers.clone(), last.of(Container::TABLE)),
            automounters: Draft::new(catalog.automounters.clone(), last.of(Automounter::TABLE)),
            groups: Draft::new(catalog.groups.clone(), last.of(Group::TABLE)),
            samples: Draft::new(catalog.samples.clone(), last.of(Sample::TABLE).max(first_id)),
            access_lists: Draft::new(catalog.access_lists.clone(), last.of(AccessList::TABLE)),
            beamtimes: Draft::new(catalog.beamtimes.clone(), last.of(Beamtime::TABLE)),
            in_doubt: HashSet::new(),
        }
    }

    /// Where names are found.
    pub(crate) fn names(&self) -> Names<'_> {
        Names {
            projects: &self.projects.entries,
            beamlines: &self.beamlines.entries,
            containers: &self.containers.entries,
        }
    }
}
