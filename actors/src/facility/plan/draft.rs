//! The facility while a plan is made: what it will be, what the file names, and the writes.

use super::describe::{Changes, Described};
use super::situation::{Counts, Situation};
use crate::facility::catalog::{Catalog, Cataloged};
use crate::facility::declaration::{Declaration, Unread};
use crate::facility::place::{quoted, Mistakes, Place, Section};
use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::{keys, Batch, Table, Versioned};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the file says of one section.
#[derive(Debug, Default)]
struct Named {
    /// Where the file names an entry, by id.
    places: HashMap<u64, Place>,
    /// Entries whose new state is not known, because it holds a mistake.
    unknown: HashSet<u64>,
}

/// The facility as it will be, with the writes, counts and changes that lead to it.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) catalog: Catalog,
    pub(super) situation: &'a Situation<'a>,
    pub(super) mistakes: &'a mut Mistakes,
    pub(super) counts: Counts,
    pub(super) changes: Changes,
    pub(super) batch: Batch,
    unread: Unread,
    named: BTreeMap<Section, Named>,
    /// The last id given, of tables that get new records.
    last: BTreeMap<Table, u64>,
    /// New ids of samples are above this.
    first_id: u64,
}

impl<'a> Draft<'a> {
    /// Starts from the facility as it is.
    pub(super) fn new(
        catalog: &Catalog,
        declaration: &Declaration,
        situation: &'a Situation<'a>,
        mistakes: &'a mut Mistakes,
    ) -> Self {
        Self {
            catalog: catalog.clone(),
            situation,
            mistakes,
            counts: Counts::default(),
            changes: Changes::default(),
            batch: Batch::new(),
            unread: declaration.unread.clone(),
            named: BTreeMap::new(),
            last: BTreeMap::new(),
            first_id: declaration.first_id.unwrap_or(0),
        }
    }

    /// Where the file names an entry.
    pub(crate) fn place(&self, section: Section, id: u64) -> Option<Place> {
        self.named.get(&section)?.places.get(&id).copied()
    }

    /// Whether the new state of an entry is known.
    pub(crate) fn is_known(&self, section: Section, id: u64) -> bool {
        let named = self.named.get(&section);
        named.is_none_or(|named| !named.unknown.contains(&id))
    }

    /// Whether the new state of all entries of a section is known.
    pub(crate) fn is_complete(&self, section: Section) -> bool {
        !self.unread.sections.contains(&section)
    }

    /// Notes a mistake of an entry that can't become a record.
    pub(super) fn refuse<T>(&mut self, place: Place, field: &str, message: impl Into<String>) -> Option<T> {
        self.mistakes.note(place, field, message);
        None
    }

    /// The id of the entry that a field refers to. A mistake is noted when it does not exist or is
    /// going to be removed.
    pub(super) fn refer(&mut self, place: Place, field: &str, section: Section, name: &str) -> Option<u64> {
        let noun = section.noun();
        let message = match self.id_of(section, name) {
            Some(id) if self.is_kept(section, id) => return Some(id),
            Some(_) => format!(
                "refers to {noun} {}, which the file leaves out, so it would be removed",
                quoted(name)
            ),
            None => format!("there is no {noun} {}", quoted(name)),
        };
        if !self.unread.names.contains(&(section, name.to_owned())) {
            self.mistakes.note(place, field, message);
        }
        None
    }

    fn id_of(&self, section: Section, name: &str) -> Option<u64> {
        let catalog = &self.catalog;
        let owned = || {
            let (username, name) = name.split_once('/')?;
            Some((ProjectId(catalog.projects.id(username)?), name.to_owned()))
        };
        match section {
            Section::Project => catalog.projects.id(name),
            Section::Beamline => catalog.beamlines.id(name),
            Section::ContainerType => catalog.container_types.id(name),
            Section::Container => catalog.containers.id(&owned()?),
            Section::Group => catalog.groups.id(&owned()?),
            // No entry refers to any of these.
            _ => None,
        }
    }

    fn is_kept(&self, section: Section, id: u64) -> bool {
        !self.situation.prune
            || self.place(section, id).is_some()
            || self.situation.in_use.contains(section, id)
    }

    /// The id of a name that the file holds at `place`: that of the existing record, or a new one.
    /// Also returns where the file names it first.
    pub(super) fn reserve<R: Cataloged>(&mut self, name: R::Name, place: Place) -> (u64, Place) {
        let id = R::of(&self.catalog).id(&name).unwrap_or_else(|| {
            let id = self.next_id::<R>();
            R::of_mut(&mut self.catalog).reserve(name, id);
            id
        });
        let named = self.named.entry(R::SECTION).or_default();
        let first = *named.places.entry(id).or_insert_with(|| {
            named.unknown.insert(id);
            place
        });
        (id, first)
    }

    fn next_id<R: Cataloged>(&mut self) -> u64 {
        let last = self.last.entry(R::TABLE).or_insert_with(|| {
            let first = if R::TABLE == Table::Sample {
                self.first_id
            } else {
                0
            };
            let given = self.situation.counters.of(R::TABLE);
            first.max(given).max(R::of(&self.catalog).last_id())
        });
        *last += 1;
        *last
    }

    /// Puts the record of the entry at `place`. A second entry of the same name is a mistake.
    pub(super) fn put<R: Described>(&mut self, record: R, place: Place) {
        let (id, first) = self.reserve::<R>(record.identity(), place);
        if first != place {
            let message = format!("names the same {} as {first}", R::SECTION.noun());
            self.mistakes.note(place, "", message);
            self.unread.sections.insert(R::SECTION);
            return;
        }
        if let Some(named) = self.named.get_mut(&R::SECTION) {
            named.unknown.remove(&id);
        }
        let catalog = &self.catalog;
        match R::of(catalog).get(id) {
            Some(old) if old.record == record => {
                self.counts.unchanged += 1;
                return;
            }
            Some(old) => {
                self.counts.updated += 1;
                let fields = record.changes(&old.record).join(", ");
                self.changes
                    .add(|| format!("update {}: {fields}", record.label(catalog)));
            }
            None => {
                self.counts.created += 1;
                self.changes.add(|| format!("create {}", record.label(catalog)));
            }
        }
        self.write(id, record);
    }

    /// Writes a record. One that is replaced must still be as the catalog has it.
    pub(super) fn write<R: Cataloged>(&mut self, id: u64, record: R) {
        let key = keys::record(R::TABLE, IdRef::Known(id));
        let revision = match R::of(&self.catalog).get(id) {
            Some(old) => self.batch.replace(key, old.revision, &record),
            None => {
                self.batch.insert(key, &record);
                1
            }
        };
        R::of_mut(&mut self.catalog).put(id, Versioned { revision, record });
    }

    /// Removes a record, which must still be as the catalog has it.
    pub(super) fn remove<R: Cataloged>(&mut self, id: u64) {
        if let Some(old) = R::of(&self.catalog).get(id) {
            let key = keys::record(R::TABLE, IdRef::Known(id));
            self.batch.remove(key, old.revision);
            R::of_mut(&mut self.catalog).remove(id);
        }
    }

    /// Adds an entry that holds a mistake. `name` is the name by which others refer to it.
    pub(super) fn add_unread(&mut self, section: Section, name: Option<&String>) {
        self.unread.sections.insert(section);
        self.unread.names.extend(name.map(|name| (section, name.clone())));
    }

    /// Marks the records whose entries could not be read.
    pub(super) fn mark_unread(&mut self) {
        for (section, name) in &self.unread.names {
            if let Some(id) = self.id_of(*section, name) {
                self.named.entry(*section).or_default().unknown.insert(id);
            }
        }
    }

    /// Writes the counters of the tables that get new records.
    pub(super) fn write_counters(&mut self) {
        for (table, last) in &self.last {
            self.batch.set(keys::counter(*table), &last.to_be_bytes());
        }
    }
}
