//! What must hold of the facility as a whole. Checked on what a plan results in; each breach is laid at the door of the
//! entry of the file that brings it about.

use super::place::{quoted, Mistakes, Place, Section};
use super::plan::draft::Drafts;
use beamlive_storage::ids::{ContainerId, ContainerTypeId};
use beamlive_storage::records::Container;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// Containers in each other, at most: automounter, adaptor, puck, and one more.
pub const DEEPEST: usize = 4;

/// Notes every breach.
pub(crate) fn check(drafts: &Drafts, mistakes: &mut Mistakes) {
    let locations = Locations::of(drafts);
    held(drafts, &locations, mistakes);
    nesting(drafts, mistakes);
    samples(drafts, &locations, mistakes);
    if !drafts.in_doubt.contains(&Section::Automounter) {
        automounters(drafts, mistakes);
    }
    if !drafts.in_doubt.contains(&Section::AccessList) {
        networks(drafts, mistakes);
    }
    if !drafts.in_doubt.contains(&Section::DataType) {
        aliases(drafts, mistakes);
    }
}

/// The locations of each kind of container whose state is beyond doubt.
struct Locations<'a>(HashMap<u64, HashSet<&'a str>>);

impl<'a> Locations<'a> {
    fn of(drafts: &'a Drafts) -> Self {
        let kinds = drafts.container_types.entries.iter();
        let sure = kinds.filter(|(id, _)| !drafts.container_types.doubtful.contains(id));
        let locations = |(id, kind): (u64, &'a beamlive_storage::Versioned<_>)| {
            let kind: &'a beamlive_storage::records::ContainerType = &kind.record;
            (id, kind.locations.iter().map(String::as_str).collect())
        };
        Self(sure.map(locations).collect())
    }

    /// Whether a kind has a location; true when that can't be told.
    fn has(&self, kind: ContainerTypeId, location: &str) -> bool {
        self.0
            .get(&kind.0)
            .is_none_or(|locations| locations.contains(location))
    }
}

/// A container whose state is beyond doubt.
fn container(drafts: &Drafts, id: ContainerId) -> Option<&Container> {
    let sure = !drafts.containers.doubtful.contains(&id.0);
    drafts
        .containers
        .entries
        .get(id.0)
        .filter(|_| sure)
        .map(|entry| &entry.record)
}

fn kind_name(drafts: &Drafts, kind: ContainerTypeId) -> &str {
    drafts
        .container_types
        .entries
        .get(kind.0)
        .map_or("?", |entry| &entry.record.name)
}

/// Notes a breach at the first of these places that the file has.
fn blame<const N: usize>(mistakes: &mut Mistakes, places: [(Option<Place>, &str); N], message: String) {
    match places
        .into_iter()
        .find_map(|(place, field)| Some((place?, field)))
    {
        Some((place, "")) => mistakes.entry(place, message),
        Some((place, field)) => mistakes.field(place, field, message),
        None => mistakes.other(None, "the facility", message),
    }
}

/// Every container that is in another stands at a location of that one's type, and alone.
fn held(drafts: &Drafts, locations: &Locations<'_>, mistakes: &mut Mistakes) {
    let names = drafts.names();
    let mut taken: HashMap<(ContainerId, &str), u64> = HashMap::new();
    for (id, _) in drafts.containers.entries.iter() {
        let Some(Container {
            parent: Some(parent),
            location: Some(location),
            ..
        }) = container(drafts, ContainerId(id))
        else {
            continue;
        };
        let own = drafts.containers.place(id);
        if let Some(Container { kind, .. }) = container(drafts, *parent) {
            if !locations.has(*kind, location) {
                let places = [
                    (own, "location"),
                    (drafts.containers.place(parent.0), "type"),
                    (drafts.container_types.place(kind.0), "locations"),
                ];
                let message = format!(
                    "{} in container {} is at {}: container type {} has no such location",
                    names.container(ContainerId(id)),
                    names.container(*parent),
                    quoted(location),
                    quoted(kind_name(drafts, *kind)),
                );
                blame(mistakes, places, message);
                continue;
            }
        }
        match taken.entry((*parent, location)) {
            Entry::Vacant(free) => {
                free.insert(id);
            }
            Entry::Occupied(first) => {
                let first_place = drafts.containers.place(*first.get());
                let (place, other) = match (own, first_place) {
                    (Some(own), Some(first_place)) if own < first_place => {
                        (Some(first_place), ContainerId(id))
                    }
                    (Some(own), _) => (Some(own), ContainerId(*first.get())),
                    (None, place) => (place, ContainerId(id)),
                };
                let message = format!(
                    "{} of container {} is taken by {}",
                    quoted(location),
                    names.container(*parent),
                    names.container(other),
                );
                blame(mistakes, [(place, "location")], message);
            }
        }
    }
}

/// No container is in itself, and none is deeper than [`DEEPEST`].
fn nesting(drafts: &Drafts, mistakes: &mut Mistakes) {
    let names = drafts.names();
    // Of every container: how deep it is, and the nearest entry of the file at or above it, which put it there.
    let mut levels: HashMap<u64, (usize, Option<Place>)> = HashMap::new();
    let mut too_deep: HashSet<Option<Place>> = HashSet::new();
    for (start, _) in drafts.containers.entries.iter() {
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
                report_circle(drafts, &circle, mistakes);
                levels.extend(circle.into_iter().map(|member| (member, (1, None))));
                above = 1;
                break;
            }
            path.push(id);
            next = container(drafts, ContainerId(id))
                .and_then(|container| container.parent)
                .map(|parent| parent.0);
        }
        for id in path.into_iter().rev() {
            above += 1;
            mover = drafts.containers.place(id).or(mover);
            levels.insert(id, (above, mover));
            if above > DEEPEST && too_deep.insert(mover) {
                let message = format!(
                    "{} is the {above}th container in another: at most {DEEPEST} nest",
                    names.container(ContainerId(id)),
                );
                blame(mistakes, [(mover, "parent")], message);
            }
        }
    }
}

/// One mistake per circle, at its first member in the file.
fn report_circle(drafts: &Drafts, circle: &[u64], mistakes: &mut Mistakes) {
    let names = drafts.names();
    let first = circle.iter().filter_map(|id| drafts.containers.place(*id)).min();
    let start = circle
        .iter()
        .position(|id| drafts.containers.place(*id) == first)
        .unwrap_or(0);
    let around = circle.iter().cycle().skip(start).take(circle.len() + 1);
    let shown: Vec<_> = around
        .take(10)
        .map(|id| names.container(ContainerId(*id)))
        .collect();
    let more = if circle.len() < shown.len() { "" } else { " in …" };
    blame(
        mistakes,
        [(first, "parent")],
        format!("is in itself: {}{more}", shown.join(" in ")),
    );
}

/// Every sample stands at a location of its container's type.
fn samples(drafts: &Drafts, locations: &Locations<'_>, mistakes: &mut Mistakes) {
    for (id, entry) in drafts.samples.entries.iter() {
        let sample = &entry.record;
        let Some(holder) = container(drafts, sample.container) else {
            continue;
        };
        if !locations.has(holder.kind, &sample.location) {
            let places = [
                (drafts.samples.place(id), "location"),
                (drafts.containers.place(sample.container.0), "type"),
                (drafts.container_types.place(holder.kind.0), "locations"),
            ];
            let message = format!(
                "sample {} in container {} is at {}: container type {} has no such location",
                quoted(&sample.name),
                drafts.names().container(sample.container),
                quoted(&sample.location),
                quoted(kind_name(drafts, holder.kind)),
            );
            blame(mistakes, places, message);
        }
    }
}

/// What clients send names one data type.
fn aliases(drafts: &Drafts, mistakes: &mut Mistakes) {
    let types = &drafts.data_types;
    let mut owners = HashMap::new();
    for (id, entry) in types.entries.iter() {
        for alias in &entry.record.aliases {
            let own = (types.place(id), "aliases");
            if let Some((other, _)) = types.entries.find(alias) {
                let message = format!(
                    "data type {} has the alias {}, which is the acronym of a data type",
                    quoted(&entry.record.acronym),
                    quoted(alias),
                );
                blame(mistakes, [own, (types.place(other), "acronym")], message);
            } else if let Some((other, acronym)) = owners.insert(alias, (id, &entry.record.acronym)) {
                let message = format!(
                    "data types {} and {} both have the alias {}",
                    quoted(acronym),
                    quoted(&entry.record.acronym),
                    quoted(alias),
                );
                blame(mistakes, [own, (types.place(other), "aliases")], message);
            }
        }
    }
}

/// A beamline has one active automounter; its container is in no other and serves no other beamline.
fn automounters(drafts: &Drafts, mistakes: &mut Mistakes) {
    let names = drafts.names();
    let mut beamlines = HashMap::new();
    let mut containers = HashMap::new();
    for (id, entry) in drafts.automounters.entries.iter() {
        let automounter = &entry.record;
        if !automounter.active {
            continue;
        }
        let own = drafts.automounters.place(id);
        let mut second = |first: Option<u64>, field: &str, message: String| {
            if let Some(first) = first {
                // Of two, the one further down in the file; or the one that is in the file.
                blame(
                    mistakes,
                    [(own.max(drafts.automounters.place(first)), field)],
                    message,
                );
            }
        };
        let acronym = names.beamline(automounter.beamline);
        let message = format!("beamline {} has two active automounters", quoted(acronym));
        second(beamlines.insert(automounter.beamline, id), "beamline", message);
        let label = names.container(automounter.container);
        let message = format!("container {} is the automounter of two beamlines", quoted(&label));
        second(containers.insert(automounter.container, id), "container", message);
        if container(drafts, automounter.container).is_some_and(|container| container.parent.is_some()) {
            let places = [
                (own, "container"),
                (drafts.containers.place(automounter.container.0), "parent"),
            ];
            blame(
                mistakes,
                places,
                format!(
                    "container {} is in another, so it is no automounter",
                    quoted(&label)
                ),
            );
        }
    }
}

/// Among active access lists, an address leads to one.
fn networks(drafts: &Drafts, mistakes: &mut Mistakes) {
    let mut lists: HashMap<&str, u64> = HashMap::new();
    for (id, entry) in drafts
        .access_lists
        .entries
        .iter()
        .filter(|(_, entry)| entry.record.active)
    {
        if let Some(first) = lists.insert(&entry.record.address, id) {
            let (own, other) = (drafts.access_lists.place(id), drafts.access_lists.place(first));
            let (place, other) = if own >= other { (own, first) } else { (other, id) };
            let name = drafts
                .access_lists
                .entries
                .get(other)
                .map_or("?", |entry| &entry.record.name);
            let message = format!("the active access list {} has the same address", quoted(name));
            blame(mistakes, [(place, "address")], message);
        }
    }
}
