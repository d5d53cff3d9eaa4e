//! What must hold of the facility as a whole. Checked on what a plan results in; each violation is
//! reported at the entry of the file that causes it.

use super::place::{quoted, Mistakes, Place, Section};
use super::plan::draft::Draft;
use beamlive_storage::ids::{ContainerId, ContainerTypeId};
use beamlive_storage::records::Container;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// Greatest depth of nested containers: automounter, adaptor, puck, and one more.
pub const DEEPEST: usize = 4;

/// Finds every violation. What depends on entries that hold mistakes is not checked.
pub(crate) fn check(draft: &Draft<'_>) -> Mistakes {
    let mut check = Check {
        draft,
        mistakes: Mistakes::new(),
    };
    let locations = check.locations();
    check.containers(&locations);
    check.nesting();
    check.samples(&locations);
    if draft.is_complete(Section::Automounter) {
        check.automounters();
    }
    if draft.is_complete(Section::AccessList) {
        check.networks();
    }
    if draft.is_complete(Section::DataType) {
        check.aliases();
    }
    check.mistakes
}

/// The locations of each kind of container whose state is known.
type Locations<'a> = HashMap<u64, HashSet<&'a str>>;

/// Whether a kind has a location; true when that is not known.
fn has(locations: &Locations<'_>, kind: ContainerTypeId, location: &str) -> bool {
    locations
        .get(&kind.0)
        .is_none_or(|locations| locations.contains(location))
}

struct Check<'a> {
    draft: &'a Draft<'a>,
    mistakes: Mistakes,
}

impl<'a> Check<'a> {
    fn place(&self, section: Section, id: u64) -> Option<Place> {
        self.draft.place(section, id)
    }

    /// Notes a violation at the first of these places that the file has.
    fn add<const N: usize>(&mut self, places: [(Option<Place>, &str); N], message: String) {
        let found = places
            .into_iter()
            .find_map(|(place, field)| Some((place?, field)));
        match found {
            Some((place, field)) => self.mistakes.note(place, field, message),
            None => self.mistakes.other(None, "the facility", message),
        }
    }

    fn locations(&self) -> Locations<'a> {
        let kinds = self.draft.catalog.container_types.iter();
        kinds
            .filter(|(id, _)| self.draft.is_known(Section::ContainerType, *id))
            .map(|(id, kind)| (id, kind.record.locations.iter().map(String::as_str).collect()))
            .collect()
    }

    /// A container whose state is known.
    fn container(&self, id: ContainerId) -> Option<&'a Container> {
        let entry = self.draft.catalog.containers.get(id.0)?;
        self.draft
            .is_known(Section::Container, id.0)
            .then_some(&entry.record)
    }

    fn container_name(&self, id: ContainerId) -> String {
        self.draft.catalog.container_name(id)
    }

    /// `what` is at a location that the type of its container does not have.
    fn no_location(&mut self, own: Option<Place>, what: &str, holder: ContainerId, at: &str) {
        let Some(Container { kind, .. }) = self.container(holder) else {
            return;
        };
        let kinds = &self.draft.catalog.container_types;
        let message = format!(
            "{what} in container {} is at {}: container type {} has no such location",
            self.container_name(holder),
            quoted(at),
            quoted(kinds.get(kind.0).map_or("?", |entry| &entry.record.name)),
        );
        let places = [
            (own, "location"),
            (self.place(Section::Container, holder.0), "type"),
            (self.place(Section::ContainerType, kind.0), "locations"),
        ];
        self.add(places, message);
    }

    /// Every container that is in another is at a location of that one's type, and no other is
    /// there.
    fn containers(&mut self, locations: &Locations<'_>) {
        let mut taken: HashMap<(ContainerId, &str), u64> = HashMap::new();
        for (id, _) in self.draft.catalog.containers.iter() {
            let Some(Container {
                parent: Some(parent),
                location: Some(location),
                ..
            }) = self.container(ContainerId(id))
            else {
                continue;
            };
            let own = self.place(Section::Container, id);
            let holder = self.container(*parent);
            if holder.is_some_and(|holder| !has(locations, holder.kind, location)) {
                self.no_location(own, &self.container_name(ContainerId(id)), *parent, location);
                continue;
            }
            match taken.entry((*parent, location)) {
                Entry::Vacant(free) => {
                    free.insert(id);
                }
                Entry::Occupied(first) => {
                    let first = *first.get();
                    let (place, other) = later((own, id), (self.place(Section::Container, first), first));
                    let message = format!(
                        "{} of container {} is taken by {}",
                        quoted(location),
                        self.container_name(*parent),
                        self.container_name(ContainerId(other)),
                    );
                    self.add([(place, "location")], message);
                }
            }
        }
    }

    /// No container is in itself, and none is deeper than [`DEEPEST`].
    fn nesting(&mut self) {
        // Of every container: how deep it is, and the nearest entry of the file at or above it,
        // which put it there.
        let mut levels: HashMap<u64, (usize, Option<Place>)> = HashMap::new();
        let mut too_deep: HashSet<Option<Place>> = HashSet::new();
        for (start, _) in self.draft.catalog.containers.iter() {
            let mut path: Vec<u64> = Vec::new();
            let mut on_path: HashSet<u64> = HashSet::new();
            let mut next = Some(start);
            let (mut above, mut mover) = (0, None);
            while let Some(id) = next {
                if let Some(known) = levels.get(&id) {
                    (above, mover) = *known;
                    break;
                }
                if !on_path.insert(id) {
                    let from = path.iter().position(|member| *member == id).unwrap_or(0);
                    let circle = path.split_off(from);
                    self.circle(&circle);
                    levels.extend(circle.into_iter().map(|member| (member, (1, None))));
                    above = 1;
                    break;
                }
                path.push(id);
                let parent = self
                    .container(ContainerId(id))
                    .and_then(|container| container.parent);
                next = parent.map(|parent| parent.0);
            }
            for id in path.into_iter().rev() {
                above += 1;
                mover = self.place(Section::Container, id).or(mover);
                levels.insert(id, (above, mover));
                if above > DEEPEST && too_deep.insert(mover) {
                    let message = format!(
                        "{} is the {above}th container in another: at most {DEEPEST} nest",
                        self.container_name(ContainerId(id)),
                    );
                    self.add([(mover, "parent")], message);
                }
            }
        }
    }

    /// Notes one violation per circle, at its first member in the file.
    fn circle(&mut self, circle: &[u64]) {
        let place = |id: &u64| self.place(Section::Container, *id);
        let first = circle.iter().filter_map(place).min();
        let start = circle.iter().position(|id| place(id) == first).unwrap_or(0);
        let around = circle.iter().cycle().skip(start).take(circle.len() + 1);
        let shown: Vec<_> = around
            .take(10)
            .map(|id| self.container_name(ContainerId(*id)))
            .collect();
        let more = if circle.len() < shown.len() { "" } else { " in …" };
        let message = format!("is in itself: {}{more}", shown.join(" in "));
        self.add([(first, "parent")], message);
    }

    /// Every sample is at a location of its container's type.
    fn samples(&mut self, locations: &Locations<'_>) {
        for (id, entry) in self.draft.catalog.samples.iter() {
            let sample = &entry.record;
            let holder = self.container(sample.container);
            if holder.is_some_and(|holder| !has(locations, holder.kind, &sample.location)) {
                let what = format!("sample {}", quoted(&sample.name));
                let own = self.place(Section::Sample, id);
                self.no_location(own, &what, sample.container, &sample.location);
            }
        }
    }

    /// An acronym or alias that a client sends means one data type.
    fn aliases(&mut self) {
        let types = &self.draft.catalog.data_types;
        let mut owners = HashMap::new();
        for (id, entry) in types.iter() {
            let acronym = &entry.record.acronym;
            let own = (self.place(Section::DataType, id), "aliases");
            for alias in &entry.record.aliases {
                if let Some(other) = types.id(alias) {
                    let message = format!(
                        "data type {} has the alias {}, which is the acronym of a data type",
                        quoted(acronym),
                        quoted(alias),
                    );
                    let other = (self.place(Section::DataType, other), "acronym");
                    self.add([own, other], message);
                } else if let Some((other, first)) = owners.insert(alias, (id, acronym)) {
                    let message = format!(
                        "data types {} and {} both have the alias {}",
                        quoted(first),
                        quoted(acronym),
                        quoted(alias),
                    );
                    let other = (self.place(Section::DataType, other), "aliases");
                    self.add([own, other], message);
                }
            }
        }
    }

    /// A beamline has one active automounter; its container is in no other and serves no other
    /// beamline.
    fn automounters(&mut self) {
        let mut beamlines = HashMap::new();
        let mut containers = HashMap::new();
        for (id, entry) in self.draft.catalog.automounters.iter() {
            let automounter = &entry.record;
            if !automounter.active {
                continue;
            }
            let own = self.place(Section::Automounter, id);
            if let Some(first) = beamlines.insert(automounter.beamline, id) {
                let acronym = self.draft.catalog.acronym(automounter.beamline);
                let message = format!("beamline {} has two active automounters", quoted(acronym));
                let place = own.max(self.place(Section::Automounter, first));
                self.add([(place, "beamline")], message);
            }
            let label = quoted(&self.container_name(automounter.container));
            if let Some(first) = containers.insert(automounter.container, id) {
                let message = format!("container {label} is the automounter of two beamlines");
                let place = own.max(self.place(Section::Automounter, first));
                self.add([(place, "container")], message);
            }
            let container = self.container(automounter.container);
            if container.is_some_and(|container| container.parent.is_some()) {
                let message = format!("container {label} is in another, so it is no automounter");
                let other = self.place(Section::Container, automounter.container.0);
                self.add([(own, "container"), (other, "parent")], message);
            }
        }
    }

    /// Among active access lists, an address leads to one.
    fn networks(&mut self) {
        let lists = &self.draft.catalog.access_lists;
        let mut addresses: HashMap<&str, u64> = HashMap::new();
        for (id, entry) in lists.iter().filter(|(_, entry)| entry.record.active) {
            if let Some(first) = addresses.insert(&entry.record.address, id) {
                let own = (self.place(Section::AccessList, id), id);
                let (place, other) = later(own, (self.place(Section::AccessList, first), first));
                let name = lists.get(other).map_or("?", |entry| &entry.record.name);
                let message = format!("the active access list {} has the same address", quoted(name));
                self.add([(place, "address")], message);
            }
        }
    }
}

/// Of two entries in conflict: the place of the one further down in the file, or of the one that is
/// in the file, and the id of the other.
fn later(own: (Option<Place>, u64), first: (Option<Place>, u64)) -> (Option<Place>, u64) {
    if own.0 >= first.0 {
        (own.0, first.1)
    } else {
        (first.0, own.1)
    }
}
