//! Containers and automounters.

use super::accounts::Accounts;
use super::beamlines::Beamlines;
use super::container_types::Types;
use crate::facility::{Automounter, Container, ContainerName, Facility};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::tables::Tables;
use crate::text;
use beamlive_actors::facility::DEEPEST;
use std::collections::{BTreeMap, HashMap, HashSet};

const LABEL: &str = rows::Container::LABEL;

/// A container that is kept.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) project: String,
    pub(super) name: String,
    pub(super) kind: usize,
    status: &'static str,
    /// Whether it was in another.
    loaded: bool,
    parent: Option<(Pk, String)>,
}

impl Held {
    fn path(&self) -> ContainerName {
        ContainerName {
            project: self.project.clone(),
            name: self.name.clone(),
        }
    }

    /// Which of two that claim a name or a place has it. Priority: on site, then nested, then
    /// newest.
    fn weight(&self) -> (bool, bool) {
        (self.status == "on-site", self.loaded)
    }
}

/// All containers that are kept.
#[derive(Debug, Default)]
pub(super) struct Containers(pub(super) BTreeMap<Pk, Held>);

impl Containers {
    /// An unused name for a container of a project.
    pub(super) fn free_name(&self, project: &str, name: &str) -> String {
        let taken: HashSet<_> = self
            .0
            .values()
            .filter(|held| held.project == project)
            .map(|held| &*held.name)
            .collect();
        let mut free = name.to_owned();
        for number in 2.. {
            if !taken.contains(free.as_str()) {
                break;
            }
            free = format!("{name} ({number})");
        }
        free
    }

    /// Takes a container out of the one that it is in.
    fn take_out(&mut self, pk: &Pk, why: &str, notes: &mut Notes) {
        if let Some(held) = self.0.get_mut(pk) {
            if held.parent.take().is_some() {
                notes.mended(
                    LABEL,
                    pk,
                    format!("{}/{} is in no container now: {why}", held.project, held.name),
                );
            }
        }
    }

    fn parent(&self, pk: &Pk) -> Option<&Pk> {
        self.0.get(pk)?.parent.as_ref().map(|(parent, _)| parent)
    }

    /// Cuts each circle at its newest container.
    fn cut_circles(&mut self, notes: &mut Notes) {
        let all: Vec<_> = self.0.keys().cloned().collect();
        let mut done = HashSet::new();
        for start in all {
            let mut path = Vec::new();
            let mut next = Some(start);
            while let Some(pk) = next {
                if done.contains(&pk) {
                    break;
                }
                if let Some(from) = path.iter().position(|member| *member == pk) {
                    let newest = path.get(from..).and_then(|circle| circle.iter().max().cloned());
                    if let Some(newest) = newest {
                        self.take_out(&newest, "it was in itself", notes);
                    }
                    break;
                }
                next = self.parent(&pk).cloned();
                path.push(pk);
            }
            done.extend(path);
        }
    }

    /// Takes out what is deeper than containers may nest.
    fn cut_depth(&mut self, notes: &mut Notes) {
        let mut inner: HashMap<Pk, Vec<Pk>> = HashMap::new();
        let mut level = Vec::new();
        for (pk, held) in &self.0 {
            match &held.parent {
                Some((parent, _)) => inner.entry(parent.clone()).or_default().push(pk.clone()),
                None => level.push((pk.clone(), 1)),
            }
        }
        while let Some((pk, depth)) = level.pop() {
            for own in inner.remove(&pk).unwrap_or_default() {
                if depth >= DEEPEST {
                    self.take_out(&own, "it was nested too deep", notes);
                    level.push((own, 1));
                } else {
                    level.push((own, depth + 1));
                }
            }
        }
    }

    /// Leaves one container at each place.
    fn cut_places(&mut self, notes: &mut Notes) {
        let mut places: BTreeMap<(Pk, String), Vec<Pk>> = BTreeMap::new();
        for (pk, held) in &self.0 {
            if let Some(place) = &held.parent {
                places.entry(place.clone()).or_default().push(pk.clone());
            }
        }
        for (_, mut there) in places.into_iter().filter(|(_, there)| there.len() > 1) {
            there.sort_by_cached_key(|pk| (self.0.get(pk).map(Held::weight), pk.clone()));
            there.pop();
            for pk in there {
                self.take_out(&pk, "another is at its place", notes);
            }
        }
    }
}

pub(super) fn mend(
    tables: &Tables,
    accounts: &Accounts,
    beamlines: &Beamlines,
    types: &mut Types,
    facility: &mut Facility,
    notes: &mut Notes,
) -> Containers {
    let mut containers = Containers::default();
    for (pk, row) in tables.containers.iter() {
        let Some(project) = accounts.project(row.project.as_ref()) else {
            notes.left_out(LABEL, pk, "its project does not exist");
            continue;
        };
        let kind = types.of(row.kind.as_ref());
        if kind.is_none() {
            notes.mended(LABEL, pk, "its container type does not exist: it gets a made one");
        }
        let name = row.name.as_deref().and_then(text::name);
        if name.as_ref() != row.name.as_ref() || name.is_none() {
            notes.mended(
                LABEL,
                pk,
                "its name is missing, too long, or has control characters",
            );
        }
        let held = Held {
            project: project.to_owned(),
            name: name.unwrap_or_else(|| format!("Container {pk}").replace('"', "")),
            kind: kind.unwrap_or_else(|| types.other()),
            status: status(pk, row.status, notes),
            loaded: row.parent.is_some(),
            parent: None,
        };
        containers.0.insert(pk.clone(), held);
    }
    unique_names(&mut containers, notes);
    let parents: Vec<_> = tables
        .containers
        .iter()
        .filter_map(|(pk, row)| {
            containers.0.get(pk)?;
            let parent = row.parent.as_ref()?;
            let there = containers
                .0
                .contains_key(parent)
                .then(|| types.location(row.location.as_ref()));
            Some((pk.clone(), parent.clone(), there))
        })
        .collect();
    for (pk, parent, there) in parents {
        match there {
            None => notes.mended(LABEL, &pk, "the container that it was in does not exist"),
            Some(None) => notes.mended(LABEL, &pk, "its location is not known: it is in no container now"),
            Some(Some(at)) => {
                if let Some(held) = containers.0.get_mut(&pk) {
                    held.parent = Some((parent, at));
                }
            }
        }
    }
    automounters(tables, beamlines, &mut containers, facility, notes);
    containers.cut_circles(notes);
    containers.cut_depth(notes);
    containers.cut_places(notes);
    for held in containers.0.values() {
        let parent = held.parent.as_ref();
        let holder = parent.and_then(|(parent, at)| Some((containers.0.get(parent)?, at)));
        if let Some((holder, at)) = holder {
            types.ensure(holder.kind, at);
        }
    }
    for (pk, held) in &containers.0 {
        let parent = held.parent.as_ref();
        facility.container.push(Container {
            id: pk.id(),
            project: held.project.clone(),
            name: held.name.clone(),
            kind: types.name(held.kind).to_owned(),
            status: held.status,
            parent: parent.and_then(|(parent, _)| containers.0.get(parent).map(Held::path)),
            location: parent.map(|(_, at)| at.clone()),
        });
    }
    containers
}

fn status(pk: &Pk, status: Option<i64>, notes: &mut Notes) -> &'static str {
    match status {
        Some(0) => "draft",
        Some(1) => "sent",
        // 3 is loaded: it is in an automounter then.
        Some(2 | 3) => "on-site",
        Some(4) => "returned",
        Some(9) => "archived",
        other => {
            let other = other.map_or_else(|| "missing".to_owned(), |other| other.to_string());
            notes.mended(LABEL, pk, format!("its status is {other}: it is archived now"));
            "archived"
        }
    }
}

/// Container names are unique in a project. Repeated ones get their keys as a suffix.
fn unique_names(containers: &mut Containers, notes: &mut Notes) {
    let mut order: Vec<_> = containers
        .0
        .iter()
        .map(|(pk, held)| (held.weight(), pk.clone()))
        .collect();
    order.sort_by(|one, other| other.cmp(one));
    let mut taken = HashSet::new();
    let mut later = Vec::new();
    for (_, pk) in order {
        if let Some(held) = containers.0.get(&pk) {
            if !taken.insert((held.project.clone(), held.name.clone())) {
                later.push(pk);
            }
        }
    }
    for pk in later {
        let Some(held) = containers.0.get_mut(&pk) else {
            continue;
        };
        let old = held.name.clone();
        let mut tail = format!(" ({})", pk.to_string().replace('"', ""));
        loop {
            held.name = text::with_tail(&old, &tail);
            if taken.insert((held.project.clone(), held.name.clone())) {
                break;
            }
            tail.push('\'');
        }
        let name = &held.name;
        notes.mended(
            LABEL,
            &pk,
            format!("another container of the project has its name: it is {name:?} now"),
        );
    }
}

/// One active automounter for a beamline and for a container; such a container is in no other.
fn automounters(
    tables: &Tables,
    beamlines: &Beamlines,
    containers: &mut Containers,
    facility: &mut Facility,
    notes: &mut Notes,
) {
    let label = rows::Automounter::LABEL;
    let mut seen = HashSet::new();
    let (mut busy, mut loaded) = (HashSet::new(), HashSet::new());
    let mut all: Vec<_> = tables.automounters.iter().collect();
    // The newest first, and active ones before others.
    all.sort_by(|(one, a), (other, b)| (b.active, other).cmp(&(a.active, one)));
    for (pk, row) in all {
        let container = row.container.as_ref();
        let path = container.and_then(|pk| containers.0.get(pk)).map(Held::path);
        let (Some(beamline), Some(container), Some(path)) =
            (beamlines.beamline(row.beamline.as_ref()), container, path)
        else {
            notes.left_out(label, pk, "its beamline or its container does not exist");
            continue;
        };
        if !seen.insert((beamline.to_owned(), path.clone())) {
            notes.left_out(label, pk, "a newer one has the same beamline and container");
            continue;
        }
        let free = !busy.contains(beamline) && !loaded.contains(&path);
        if row.active && !free {
            notes.mended(
                label,
                pk,
                "it is inactive now: a newer one of the beamline or of the container is active",
            );
        }
        let active = row.active && free;
        if active {
            busy.insert(beamline.to_owned());
            loaded.insert(path.clone());
            containers.take_out(container, "it is the container of an automounter", notes);
        }
        facility.automounter.push(Automounter {
            id: pk.id(),
            beamline: beamline.to_owned(),
            container: path,
            active,
        });
    }
    facility
        .automounter
        .sort_by(|one, other| (one.id, &one.container).cmp(&(other.id, &other.container)));
}
