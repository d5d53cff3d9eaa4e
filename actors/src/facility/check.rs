//! What must hold of the facility as a whole. Checked on what a plan results in; each violation is
//! reported at the entry of the file that causes it.

use super::place::{quoted, Mistakes, Place, Section};
use super::plan::draft::Draft;
use beamlive_storage::ids::ContainerId;
use beamlive_storage::records::{Automounter, Container};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

/// Greatest depth of nested containers: automounter, adaptor, puck, and one more.
pub const DEEPEST: usize = 4;

/// Finds every violation. What depends on entries that hold mistakes is not checked.
pub(crate) fn check(draft: &Draft<'_>, mistakes: &mut Mistakes) {
    let kinds = draft.catalog.container_types.iter();
    let mut check = Check {
        draft,
        locations: kinds
            .filter(|(id, _)| draft.is_known(Section::ContainerType, *id))
            .map(|(id, kind)| (id, kind.record.locations.iter().map(String::as_str).collect()))
            .collect(),
        mistakes,
    };
    check.usernames();
    check.containers();
    check.nesting();
    check.samples();
    if draft.is_complete(Section::Automounter) {
        check.automounters();
    }
    if draft.is_complete(Section::AccessList) {
        check.networks();
    }
    if draft.is_complete(Section::DataType) {
        check.aliases();
    }
}

struct Check<'a> {
    draft: &'a Draft<'a>,
    /// The locations of each kind of container whose state is known.
    locations: HashMap<u64, HashSet<&'a str>>,
    mistakes: &'a mut Mistakes,
}

impl<'a> Check<'a> {
    fn place(&self, section: Section, id: u64) -> Option<Place> {
        self.draft.place(section, id)
    }

    /// Notes a violation at a field of the first of these entries that the file has.
    fn add(&mut self, entries: &[(Section, u64, &str)], message: String) {
        let mut places = entries
            .iter()
            .filter_map(|(section, id, field)| Some((self.place(*section, *id)?, *field)));
        match places.next() {
            Some((place, field)) => self.mistakes.note(place, field, message),
            None => self.mistakes.other(None, "the facility", message),
        }
    }

    /// A container whose state is known.
    fn container(&self, id: ContainerId) -> Option<&'a Container> {
        let entry = self.draft.catalog.containers.get(id.0)?;
        let known = self.draft.is_known(Section::Container, id.0);
        known.then_some(&entry.record)
    }

    fn container_name(&self, id: u64) -> String {
        self.draft.catalog.container_name(ContainerId(id))
    }

    /// Pairs of entries with the same key: the entry to report, the other one, and the key.
    /// Reported is the one that is further down in the file, or the only one that is in the file.
    fn repeated<K: Hash + Eq + Copy>(
        &self,
        section: Section,
        entries: impl Iterator<Item = (u64, K)>,
    ) -> Vec<(u64, u64, K)> {
        let mut firsts = HashMap::new();
        let pairs = entries.filter_map(|(id, key)| {
            let first = *firsts.entry(key).or_insert(id);
            let is_later = self.place(section, id) >= self.place(section, first);
            let (later, other) = if is_later { (id, first) } else { (first, id) };
            (id != first).then_some((later, other, key))
        });
        pairs.collect()
    }

    /// Whether what is in `holder` is at a location of that container's type. A violation is noted
    /// for the entry `own`, which is called `what`.
    fn is_located(&mut self, own: (Section, u64), what: &str, holder: ContainerId, at: &str) -> bool {
        let Some(Container { kind, .. }) = self.container(holder) else {
            return true;
        };
        let locations = self.locations.get(&kind.0);
        if locations.is_none_or(|locations| locations.contains(at)) {
            return true;
        }
        let kinds = &self.draft.catalog.container_types;
        let message = format!(
            "{what} in container {} is at {}: container type {} has no such location",
            self.container_name(holder.0),
            quoted(at),
            quoted(kinds.get(kind.0).map_or("?", |entry| &entry.record.name)),
        );
        let entries = [
            (own.0, own.1, "location"),
            (Section::Container, holder.0, "type"),
            (Section::ContainerType, kind.0, "locations"),
        ];
        self.add(&entries, message);
        false
    }

    /// Projects and persons have different usernames.
    fn usernames(&mut self) {
        let catalog = &self.draft.catalog;
        for (id, person) in catalog.persons.iter() {
            let username = person.record.username.as_str();
            if let Some(project) = catalog.projects.id(username) {
                let message = format!(
                    "{} is a project and a person: one needs another name",
                    quoted(username)
                );
                let (person, project) = ((Section::Person, id), (Section::Project, project));
                self.add(
                    &[
                        (person.0, person.1, "username"),
                        (project.0, project.1, "username"),
                    ],
                    message,
                );
            }
        }
    }

    /// Every container that is in another is at a location of that one's type, and no other is
    /// there.
    fn containers(&mut self) {
        let containers = &self.draft.catalog.containers;
        let mut held = Vec::new();
        for (id, _) in containers.iter() {
            let container = self.container(ContainerId(id));
            let Some((parent, at)) = container.and_then(|own| Some((own.parent?, own.location.as_deref()?)))
            else {
                continue;
            };
            let name = self.container_name(id);
            let located = self.is_located((Section::Container, id), &name, parent, at);
            if located && containers.get(parent.0).is_some() {
                held.push((id, (parent.0, at)));
            }
        }
        for (later, other, (parent, at)) in self.repeated(Section::Container, held.into_iter()) {
            let (at, parent) = (quoted(at), self.container_name(parent));
            let message = format!(
                "{at} of container {parent} is taken by {}",
                self.container_name(other)
            );
            self.add(&[(Section::Container, later, "location")], message);
        }
    }

    /// No container is in itself, and none is deeper than [`DEEPEST`].
    fn nesting(&mut self) {
        let containers = self.draft.catalog.containers.iter();
        let parents = containers.filter_map(|(id, _)| Some((id, self.container(ContainerId(id))?.parent?.0)));
        let mut parents: BTreeMap<u64, u64> = parents.collect();
        let mut inner: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (id, parent) in &parents {
            inner.entry(*parent).or_default().push(*id);
        }
        // The containers of one depth, each with the nearest entry of the file at or above it,
        // which put it there.
        let in_file = |id: u64| self.place(Section::Container, id).map(|_| id);
        let outermost = inner.keys().filter(|id| !parents.contains_key(id));
        let mut level: Vec<_> = outermost.map(|id| (*id, in_file(*id))).collect();
        let mut too_deep = BTreeMap::new();
        for depth in 1.. {
            let mut next = Vec::new();
            for (id, mover) in level {
                parents.remove(&id);
                if depth > DEEPEST {
                    too_deep.entry(mover).or_insert((id, depth));
                }
                let inner = inner.remove(&id).unwrap_or_default();
                next.extend(inner.into_iter().map(|id| (id, in_file(id).or(mover))));
            }
            level = next;
            if level.is_empty() {
                break;
            }
        }
        for (mover, (id, depth)) in too_deep {
            let name = self.container_name(id);
            let message = format!("{name} is the {depth}th container in another: at most {DEEPEST} nest");
            let mover = mover.map(|id| (Section::Container, id, "parent"));
            self.add(mover.as_slice(), message);
        }
        // What was not reached is in a circle, or below one.
        while let Some((start, _)) = parents.first_key_value() {
            let mut path = Vec::new();
            let mut id = *start;
            while let Some(parent) = parents.remove(&id) {
                path.push(id);
                id = parent;
            }
            if let Some(from) = path.iter().position(|member| *member == id) {
                self.circle(path.get(from..).unwrap_or_default());
            }
        }
    }

    /// Notes one violation per circle, at its first member in the file.
    fn circle(&mut self, circle: &[u64]) {
        let places = circle.iter().map(|id| self.place(Section::Container, *id));
        let first = places.zip(0..).filter(|(place, _)| place.is_some()).min();
        let around = circle.iter().cycle().skip(first.map_or(0, |(_, index)| index));
        let mut shown = around.clone().take(10.min(circle.len() + 1));
        let names: Vec<_> = shown.clone().map(|id| self.container_name(*id)).collect();
        let more = if circle.len() < names.len() { "" } else { " in …" };
        let message = format!("is in itself: {}{more}", names.join(" in "));
        let start = shown.next().map(|id| (Section::Container, *id, "parent"));
        self.add(start.as_slice(), message);
    }

    /// Every sample is at a location of its container's type.
    fn samples(&mut self) {
        for (id, entry) in self.draft.catalog.samples.iter() {
            let sample = &entry.record;
            let what = format!("sample {}", quoted(&sample.name));
            self.is_located((Section::Sample, id), &what, sample.container, &sample.location);
        }
    }

    /// An acronym or alias that a client sends means one data type.
    fn aliases(&mut self) {
        let types = &self.draft.catalog.data_types;
        let acronym = |id| quoted(types.get(id).map_or("?", |entry| &entry.record.acronym));
        let aliases = types.iter().flat_map(|(id, entry)| {
            let aliases = entry.record.aliases.iter();
            aliases.map(move |alias| (id, alias.as_str()))
        });
        let (acronyms, aliases): (Vec<_>, Vec<_>) =
            aliases.partition(|(_, alias)| types.id(*alias).is_some());
        for (id, alias) in acronyms {
            let (own, name) = (acronym(id), quoted(alias));
            let message =
                format!("data type {own} has the alias {name}, which is the acronym of a data type");
            let other = types.id(alias).unwrap_or(id);
            let entries = [
                (Section::DataType, id, "aliases"),
                (Section::DataType, other, "acronym"),
            ];
            self.add(&entries, message);
        }
        for (later, other, alias) in self.repeated(Section::DataType, aliases.into_iter()) {
            let (first, second, alias) = (acronym(other), acronym(later), quoted(alias));
            let message = format!("data types {first} and {second} both have the alias {alias}");
            self.add(&[(Section::DataType, later, "aliases")], message);
        }
    }

    /// A beamline has one active automounter; its container is in no other and serves no other
    /// beamline.
    fn automounters(&mut self) {
        let catalog = &self.draft.catalog;
        let all = catalog.automounters.iter().map(|(id, entry)| (id, &entry.record));
        let active: Vec<_> = all.filter(|(_, automounter)| automounter.active).collect();
        let beamlines = active.iter().map(|(id, own)| (*id, own.beamline));
        for (later, _, beamline) in self.repeated(Section::Automounter, beamlines) {
            let acronym = quoted(catalog.acronym(beamline));
            let message = format!("beamline {acronym} has two active automounters");
            self.add(&[(Section::Automounter, later, "beamline")], message);
        }
        let containers = active.iter().map(|(id, own)| (*id, own.container.0));
        let containers = containers.filter(|(_, container)| catalog.containers.get(*container).is_some());
        for (later, _, container) in self.repeated(Section::Automounter, containers) {
            let label = quoted(&self.container_name(container));
            let message = format!("container {label} is the automounter of two beamlines");
            self.add(&[(Section::Automounter, later, "container")], message);
        }
        for (id, Automounter { container, .. }) in active {
            if self.container(*container).is_some_and(|own| own.parent.is_some()) {
                let label = quoted(&self.container_name(container.0));
                let message = format!("container {label} is in another, so it is no automounter");
                let own = (Section::Automounter, id, "container");
                self.add(&[own, (Section::Container, container.0, "parent")], message);
            }
        }
    }

    /// No two active access lists have the same address.
    fn networks(&mut self) {
        let lists = &self.draft.catalog.access_lists;
        let active = lists.iter().filter(|(_, entry)| entry.record.active);
        let addresses = active.map(|(id, entry)| (id, entry.record.address.as_str()));
        for (later, other, _) in self.repeated(Section::AccessList, addresses) {
            let name = lists.get(other).map_or("?", |entry| &entry.record.name);
            let message = format!("the active access list {} has the same address", quoted(name));
            self.add(&[(Section::AccessList, later, "address")], message);
        }
    }
}
