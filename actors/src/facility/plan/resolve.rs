//! From what the file says to records.

use super::describe::Described;
use super::draft::{Draft, Drafts, Outcome};
use super::{Counts, KeyChange, Situation};
use crate::facility::catalog::{Catalog, Declared};
use crate::facility::declaration::{owned, Declaration};
use crate::facility::place::{Mistakes, Place, Section};
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Project, Sample,
};
use std::collections::HashSet;

/// Changes that are listed one by one.
const LISTED: usize = 1000;

/// Turns entries into records.
pub(super) struct Resolver<'a> {
    pub(super) drafts: Drafts,
    pub(super) counts: Counts,
    pub(super) keys: Vec<KeyChange>,
    pub(super) mistakes: &'a mut Mistakes,
    pub(super) situation: &'a Situation<'a>,
    /// Names that the file holds, but not in an entry that could be made a record.
    pub(super) unread: HashSet<(Section, String)>,
    changes: Vec<String>,
    more: usize,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        catalog: &Catalog,
        declaration: &Declaration,
        situation: &'a Situation<'a>,
        mistakes: &'a mut Mistakes,
    ) -> Self {
        Self {
            drafts: Drafts::new(catalog, situation, declaration.first_id.unwrap_or(0)),
            counts: Counts::default(),
            keys: Vec::new(),
            mistakes,
            situation,
            unread: declaration.unread.clone(),
            changes: Vec::new(),
            more: 0,
        }
    }

    /// Makes records of all entries.
    pub(super) fn resolve(&mut self, declaration: &Declaration) {
        self.projects(declaration);
        self.named(declaration);
        self.containers(declaration);
        self.automounters(declaration);
        self.groups(declaration);
        self.samples(declaration);
        self.access_lists(declaration);
        self.beamtimes(declaration);
        self.doubts();
    }

    /// The changes in words.
    pub(super) fn take_changes(&mut self) -> Vec<String> {
        let mut changes = std::mem::take(&mut self.changes);
        if self.more > 0 {
            changes.push(format!("… and {} more", self.more));
        }
        changes
    }

    /// Adds a change to the list, in words.
    pub(super) fn tell(&mut self, change: impl FnOnce() -> String) {
        if self.changes.len() < LISTED {
            self.changes.push(change());
        } else {
            self.more += 1;
        }
    }

    fn projects(&mut self, declaration: &Declaration) {
        for placed in &declaration.projects {
            let (place, entry) = (placed.place, &placed.entry);
            let Some(id) = self
                .drafts
                .projects
                .claim(entry.username.clone(), place, self.mistakes)
            else {
                continue;
            };
            let old = self.drafts.projects.entries.get(id).map(|old| old.record.clone());
            let before = old.as_ref();
            let mut record = Project {
                username: entry.username.clone(),
                name: entry.name.clone(),
                key: entry.key.clone().or_else(|| before?.key.clone()),
                ssh_keys: entry
                    .ssh_keys
                    .clone()
                    .or_else(|| Some(before?.ssh_keys.clone()))
                    .unwrap_or_default(),
                created: before.map_or(self.situation.now, |old| old.created),
                modified: before.map_or(self.situation.now, |old| old.modified),
            };
            if before.is_some_and(|old| *old != record) {
                record.modified = self.situation.now;
            }
            let old_key = before.and_then(|old| old.key.as_ref());
            if let Some(line) = record.key.as_ref().filter(|key| Some(*key) != old_key) {
                self.keys.push(KeyChange {
                    project: ProjectId(id),
                    line: line.clone(),
                    replaced: old_key.is_some(),
                });
            }
            self.settle(|drafts| &mut drafts.projects, id, record);
        }
    }

    /// The tables whose entries refer to nothing.
    fn named(&mut self, declaration: &Declaration) {
        for placed in &declaration.beamlines {
            let entry = &placed.entry;
            let record = Beamline {
                acronym: entry.acronym.clone(),
                name: entry.name.clone(),
                active: entry.active,
            };
            self.put(|drafts| &mut drafts.beamlines, placed.place, record);
        }
        for placed in &declaration.data_types {
            let entry = &placed.entry;
            let before = self.drafts.data_types.entries.find(&entry.acronym);
            let aliases = before.map(|(_, before)| before.record.aliases.clone());
            let record = DataType {
                acronym: entry.acronym.clone(),
                name: entry.name.clone(),
                aliases: entry.aliases.clone().or(aliases).unwrap_or_default(),
            };
            self.put(|drafts| &mut drafts.data_types, placed.place, record);
        }
        for placed in &declaration.container_types {
            let entry = &placed.entry;
            let record = ContainerType {
                name: entry.name.clone(),
                locations: entry.locations.clone(),
            };
            self.put(|drafts| &mut drafts.container_types, placed.place, record);
        }
    }

    /// Containers may be in containers that come later in the file, so all of them get their ids first.
    fn containers(&mut self, declaration: &Declaration) {
        let mut claimed = Vec::with_capacity(declaration.containers.len());
        for placed in &declaration.containers {
            let (place, name) = (placed.place, &placed.entry.container);
            match self.project(place, "project", &name.project) {
                Some(project) => {
                    let claim =
                        self.drafts
                            .containers
                            .claim((project, name.name.clone()), place, self.mistakes);
                    claimed.extend(claim.map(|id| (id, project, placed)));
                }
                None => {
                    self.unread
                        .insert((Section::Container, owned(&name.project, &name.name)));
                }
            }
        }
        for (id, project, placed) in claimed {
            let (place, entry) = (placed.place, &placed.entry);
            let kind = self.container_type(place, &entry.kind);
            let held = match &entry.held {
                None => Some(None),
                Some((parent, location)) => self
                    .container(place, "parent", parent)
                    .map(|parent| Some((parent, location.clone()))),
            };
            let (Some(kind), Some(held)) = (kind, held) else {
                continue;
            };
            let (parent, location) = held.unzip();
            let record = Container {
                project,
                name: entry.container.name.clone(),
                kind,
                status: entry.status,
                parent,
                location,
            };
            self.settle(|drafts| &mut drafts.containers, id, record);
        }
    }

    fn automounters(&mut self, declaration: &Declaration) {
        for placed in &declaration.automounters {
            let (place, entry) = (placed.place, &placed.entry);
            let beamline = self.beamline(place, "beamline", &entry.beamline);
            let container = self.container(place, "container", &entry.container);
            if let (Some(beamline), Some(container)) = (beamline, container) {
                let record = Automounter {
                    beamline,
                    container,
                    active: entry.active,
                };
                self.put(|drafts| &mut drafts.automounters, place, record);
            } else {
                self.drafts.in_doubt.insert(Section::Automounter);
            }
        }
    }

    fn groups(&mut self, declaration: &Declaration) {
        for placed in &declaration.groups {
            let (place, entry) = (placed.place, &placed.entry);
            if let Some(project) = self.project(place, "project", &entry.project) {
                let record = Group {
                    project,
                    name: entry.name.clone(),
                    priority: entry.priority,
                };
                self.put(|drafts| &mut drafts.groups, place, record);
            } else {
                self.unread
                    .insert((Section::Group, owned(&entry.project, &entry.name)));
            }
        }
    }

    fn samples(&mut self, declaration: &Declaration) {
        for placed in &declaration.samples {
            let (place, entry) = (placed.place, &placed.entry);
            let Some(project) = self.project(place, "project", &entry.container.project) else {
                continue;
            };
            let container = self.container(place, "container", &entry.container);
            let group = match &entry.group {
                None => Some(None),
                Some(name) => self
                    .group(place, project, &entry.container.project, name)
                    .map(Some),
            };
            if let (Some(container), Some(group)) = (container, group) {
                let record = Sample {
                    project,
                    container,
                    location: entry.location.clone(),
                    name: entry.name.clone(),
                    barcode: entry.barcode.clone(),
                    comments: entry.comments.clone(),
                    group,
                    priority: entry.priority,
                };
                self.put(|drafts| &mut drafts.samples, place, record);
            }
        }
    }

    fn access_lists(&mut self, declaration: &Declaration) {
        for placed in &declaration.access_lists {
            let (place, entry) = (placed.place, &placed.entry);
            let mut users: Vec<_> = entry
                .users
                .iter()
                .filter_map(|user| self.project(place, "users", user))
                .collect();
            let mut beamlines: Vec<_> = entry
                .beamlines
                .iter()
                .filter_map(|acronym| self.beamline(place, "beamlines", acronym))
                .collect();
            if users.len() < entry.users.len() || beamlines.len() < entry.beamlines.len() {
                self.drafts.in_doubt.insert(Section::AccessList);
                continue;
            }
            users.sort_unstable();
            beamlines.sort_unstable();
            let record = AccessList {
                name: entry.name.clone(),
                address: entry.address.clone(),
                users,
                beamlines,
                active: entry.active,
            };
            self.put(|drafts| &mut drafts.access_lists, place, record);
        }
    }

    fn beamtimes(&mut self, declaration: &Declaration) {
        for placed in &declaration.beamtimes {
            let (place, entry) = (placed.place, &placed.entry);
            let project = self.project(place, "project", &entry.project);
            let beamline = self.beamline(place, "beamline", &entry.beamline);
            if let (Some(project), Some(beamline)) = (project, beamline) {
                let record = Beamtime {
                    project,
                    beamline,
                    start: entry.start,
                    end: entry.end,
                    remote: entry.remote,
                    cancelled: entry.cancelled,
                };
                self.put(|drafts| &mut drafts.beamtimes, place, record);
            }
        }
    }

    /// Marks what there is already, but whose new state could not be read.
    fn doubts(&mut self) {
        for (section, name) in &self.unread {
            self.drafts.in_doubt.insert(*section);
            let drafts = &mut self.drafts;
            match section {
                Section::ContainerType => {
                    let id = drafts.container_types.find(name);
                    drafts.container_types.doubtful.extend(id);
                }
                Section::Container => {
                    let id = name.split_once('/').and_then(|(project, name)| {
                        let project = drafts.projects.find(&project.to_owned())?;
                        drafts.containers.find(&(ProjectId(project), name.to_owned()))
                    });
                    drafts.containers.doubtful.extend(id);
                }
                _ => {}
            }
        }
    }

    fn put<R: Declared + Described>(
        &mut self,
        pick: fn(&mut Drafts) -> &mut Draft<R>,
        place: Place,
        record: R,
    ) {
        match pick(&mut self.drafts).claim(record.identity(), place, self.mistakes) {
            Some(id) => self.settle(pick, id, record),
            None => {
                self.drafts.in_doubt.insert(place.section);
            }
        }
    }

    fn settle<R: Declared + Described>(
        &mut self,
        pick: fn(&mut Drafts) -> &mut Draft<R>,
        id: u64,
        record: R,
    ) {
        let draft = pick(&mut self.drafts);
        let old = draft.entries.get(id).map(|old| old.record.clone());
        let outcome = draft.settle(id, record.clone());
        match outcome {
            Outcome::Unchanged => self.counts.unchanged += 1,
            Outcome::Created => {
                self.counts.created += 1;
                let label = record.label(self.drafts.names());
                self.tell(|| format!("create {label}"));
            }
            Outcome::Updated => {
                self.counts.updated += 1;
                let label = record.label(self.drafts.names());
                let fields = old.map(|old| record.changes(&old)).unwrap_or_default();
                self.tell(|| format!("update {label}: {}", fields.join(", ")));
            }
        }
    }
}
