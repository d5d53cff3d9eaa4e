//! The facility while a plan is made: what it will be, what the file names, and the writes.

use super::situation::{Counts, Situation};
use crate::facility::capped::Capped;
use crate::facility::catalog::{Catalog, Cataloged};
use crate::facility::place::{quoted, Mistakes, Place, Section};
use beamlive_storage::ids::{IdRef, ProjectId};
use beamlive_storage::{keys, Batch, Table, Versioned};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Changes that are listed. Of those beyond it only the number is given.
const LISTED: usize = 1000;

/// The facility as it will be, with the writes, counts and changes that lead to it.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) catalog: Catalog,
    pub(super) situation: &'a Situation<'a>,
    pub(super) mistakes: &'a mut Mistakes,
    pub(super) counts: Counts,
    pub(super) changes: Capped<String, LISTED>,
    pub(super) batch: Batch,
    /// Where the file names an entry.
    places: HashMap<(Section, u64), Place>,
    /// Entries whose new state is not known, because they hold mistakes.
    unknown: HashSet<(Section, u64)>,
    /// Their sections.
    incomplete: HashSet<Section>,
    /// Their names. A reference to one of them is not reported.
    unread: HashSet<(Section, String)>,
    /// The last id given, of tables that get new records.
    last: BTreeMap<Table, u64>,
    /// New ids of samples are above this.
    first_id: u64,
    /// The id that the entry that is being read asks for.
    wanted: Option<u64>,
    /// The ids that entries of the file ask for. No other entry gets one of them.
    asked_for: HashSet<(Section, u64)>,
}

impl<'a> Draft<'a> {
    /// Starts from the facility as it is.
    pub(super) fn new(
        catalog: &Catalog,
        first_id: u64,
        situation: &'a Situation<'a>,
        mistakes: &'a mut Mistakes,
    ) -> Self {
        Self {
            catalog: catalog.clone(),
            situation,
            mistakes,
            counts: Counts::default(),
            changes: Capped::default(),
            batch: Batch::new(),
            places: HashMap::new(),
            unknown: HashSet::new(),
            incomplete: HashSet::new(),
            unread: HashSet::new(),
            last: BTreeMap::new(),
            first_id,
            wanted: None,
            asked_for: HashSet::new(),
        }
    }

    /// Notes all ids that entries of the file ask for, before the first is read.
    pub(super) fn reserve_ids(&mut self, ids: impl Iterator<Item = (Section, u64)>) {
        self.asked_for.extend(ids);
    }

    /// Notes the id that the entry that is being read asks for.
    pub(super) fn want(&mut self, id: Option<u64>) {
        self.wanted = id;
    }

    /// Where the file names an entry.
    pub(crate) fn place(&self, section: Section, id: u64) -> Option<Place> {
        self.places.get(&(section, id)).copied()
    }

    /// Whether the new state of an entry is known.
    pub(crate) fn is_known(&self, section: Section, id: u64) -> bool {
        !self.unknown.contains(&(section, id))
    }

    /// Whether the new state of all entries of a section is known.
    pub(crate) fn is_complete(&self, section: Section) -> bool {
        !self.incomplete.contains(&section)
    }

    /// The id of the entry that another refers to by name. It must exist and not be going to be
    /// removed.
    ///
    /// # Errors
    /// What is wrong; `None` when the mistake is in the entry itself.
    pub(super) fn refer(&self, section: Section, name: &str) -> Result<u64, Option<String>> {
        let found = self.id_of(section, name);
        if let Some(id) = found.filter(|id| self.is_kept(section, *id)) {
            return Ok(id);
        }
        if self.unread.contains(&(section, name.to_owned())) {
            return Err(None);
        }
        let (noun, name) = (section.noun(), quoted(name));
        Err(Some(match found {
            Some(_) => format!("refers to {noun} {name}, which the file leaves out, so it would be removed"),
            None => format!("there is no {noun} {name}"),
        }))
    }

    /// Whether an entry of this name holds mistakes.
    pub(super) fn is_unread(&self, section: Section, name: &str) -> bool {
        self.unread.contains(&(section, name.to_owned()))
    }

    /// Takes `alice/CLS-0042` apart.
    pub(super) fn owned_name(&self, path: &str) -> Option<(ProjectId, String)> {
        let (username, name) = path.split_once('/')?;
        Some((ProjectId(self.catalog.projects.id(username)?), name.to_owned()))
    }

    fn id_of(&self, section: Section, name: &str) -> Option<u64> {
        let catalog = &self.catalog;
        match section {
            Section::Project => catalog.projects.id(name),
            Section::Person => catalog.persons.id(name),
            Section::Beamline => catalog.beamlines.id(name),
            Section::ContainerType => catalog.container_types.id(name),
            Section::Container => catalog.containers.id(&self.owned_name(name)?),
            Section::Group => catalog.groups.id(&self.owned_name(name)?),
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
        let entry = (R::SECTION, id);
        let first = *self.places.entry(entry).or_insert_with(|| {
            self.unknown.insert(entry);
            place
        });
        (id, first)
    }

    /// A new id: the one that the entry asks for, or the next one.
    fn next_id<R: Cataloged>(&mut self) -> u64 {
        // Projects and persons share their ids, so that the id in a token names one of them.
        let accounts = [Table::Project, Table::Person];
        let sections = [Section::Project, Section::Person];
        let (tables, sections) = if accounts.contains(&R::TABLE) {
            (&accounts[..], &sections[..])
        } else {
            (&[R::TABLE][..], &[R::SECTION][..])
        };
        let own = self.last_id(R::TABLE).max(R::of(&self.catalog).last_id());
        let greatest = tables
            .iter()
            .map(|table| self.last_id(*table))
            .fold(own, u64::max);
        let is_free = |id: &u64| {
            let mut sections = sections.iter();
            sections.all(|section| !self.asked_for.contains(&(*section, *id)))
        };
        let next = (greatest + 1..).find(is_free).unwrap_or(greatest + 1);
        let id = self.wanted.take().unwrap_or(next);
        self.last.insert(R::TABLE, id.max(own));
        id
    }

    /// The last id given in a table.
    fn last_id(&self, table: Table) -> u64 {
        let first = if table == Table::Sample { self.first_id } else { 0 };
        let present = match table {
            Table::Project => self.catalog.projects.last_id(),
            Table::Person => self.catalog.persons.last_id(),
            _ => 0,
        };
        let given = self.last.get(&table).copied();
        let given = given.unwrap_or_else(|| self.situation.counters.of(table));
        first.max(given).max(present)
    }

    /// Takes the id that the entry at `place` asks for, unless the record has another one, or
    /// another record has this one.
    fn check_wanted<R: Cataloged>(&mut self, record: &R, place: Place) {
        let Some(id) = self.wanted else { return };
        let own = R::of(&self.catalog).id(&record.identity());
        if own == Some(id) {
            return;
        }
        // A container of the file has an id before it is put.
        let own = own.filter(|own| R::of(&self.catalog).get(*own).is_some());
        let message = match (own, R::of(&self.catalog).get(id)) {
            (Some(own), _) => format!("has the id {own} already, and ids never change"),
            (None, Some(other)) => format!("{id} is the id of {}", other.record.label(&self.catalog)),
            (None, None) => return,
        };
        self.wanted = None;
        self.mistakes.note(place, "id", message);
        self.incomplete.insert(R::SECTION);
    }

    /// Puts the record of the entry at `place`. A second entry of the same name is a mistake.
    pub(super) fn put<R: Cataloged>(&mut self, record: R, place: Place) {
        self.check_wanted(&record, place);
        let (id, first) = self.reserve::<R>(record.identity(), place);
        self.wanted = None;
        if first != place {
            let message = format!("names the same {} as {first}", R::SECTION.noun());
            self.mistakes.note(place, "", message);
            self.incomplete.insert(R::SECTION);
            return;
        }
        self.unknown.remove(&(R::SECTION, id));
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
    pub(super) fn add_unread(&mut self, section: Section, name: Option<String>) {
        self.wanted = None;
        self.incomplete.insert(section);
        if let Some(name) = name {
            let id = self.id_of(section, &name);
            self.unknown.extend(id.map(|id| (section, id)));
            self.unread.insert((section, name));
        }
    }

    /// Writes the counters of the tables that get new records.
    pub(super) fn write_counters(&mut self) {
        for (table, last) in &self.last {
            self.batch.set(keys::counter(*table), &last.to_be_bytes());
        }
    }
}
