//! Groups and samples.

use super::accounts::Accounts;
use super::container_types::Types;
use super::containers::Containers;
use crate::facility::{Container, Facility, Group, Sample};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::tables::Tables;
use crate::text;
use std::collections::{BTreeMap, HashMap, HashSet};

const LABEL: &str = rows::Sample::LABEL;
/// The container that is made for samples without a place.
const MADE: &str = "Imported samples";

/// A sample that is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) project: String,
    pub(crate) container: String,
    pub(crate) location: String,
    /// The name of its group in the dump.
    pub(crate) group: Option<String>,
}

/// Which sample or group a reference means.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    pub(crate) samples: HashMap<Pk, Kept>,
    /// Project and name in the dump.
    pub(crate) groups: HashMap<Pk, (String, String)>,
}

pub(super) fn mend(
    tables: &Tables,
    accounts: &Accounts,
    containers: &Containers,
    types: &mut Types,
    facility: &mut Facility,
    notes: &mut Notes,
) -> Samples {
    let mut samples = Samples::default();
    let groups = groups(tables, accounts, &mut samples, facility, notes);
    let places = places(tables, accounts, containers, types, notes);
    let mut made: BTreeMap<String, String> = BTreeMap::new();
    for (pk, row) in tables.samples.iter() {
        let Some(place) = places.get(pk) else { continue };
        let project = place.project.clone();
        let (container, location) = match &place.at {
            Some((container, location)) => (container.clone(), location.clone()),
            None => {
                let made = made.entry(project.clone());
                let container = made
                    .or_insert_with(|| containers.free_name(&project, MADE))
                    .clone();
                let location = pk.to_string().replace('"', "");
                types.ensure_sample(&location);
                (container, location)
            }
        };
        let group = row.group.as_ref().and_then(|group| groups.get(group));
        let group = group.filter(|(owner, _)| *owner == project);
        if row.group.is_some() && group.is_none() {
            notes.mended(LABEL, pk, "its group does not exist, or is another project's");
        }
        let name = row.name.as_deref().and_then(text::name);
        let barcode = row.barcode.as_deref().and_then(text::name).unwrap_or_default();
        let comments = row.comments.as_deref().map(text::comments).unwrap_or_default();
        let kept = |text: &Option<String>, kept: &str| text.as_deref().unwrap_or_default() == kept;
        if !kept(&row.name, name.as_deref().unwrap_or_default())
            || name.is_none()
            || !kept(&row.barcode, &barcode)
            || !kept(&row.comments, &comments)
        {
            notes.mended(
                LABEL,
                pk,
                "a text is missing, too long, or has control characters",
            );
        }
        if matches!(pk, Pk::Number(_)) && pk.id().is_none() {
            notes.mended(LABEL, pk, "this is no id of beamlive: it gets a new one");
        }
        let old_group = row.group.as_ref().and_then(|group| samples.groups.get(group));
        let kept = Kept {
            project: project.clone(),
            container: container.clone(),
            location: location.clone(),
            group: group.and(old_group.map(|(_, name)| name.clone())),
        };
        samples.samples.insert(pk.clone(), kept);
        facility.sample.push(Sample {
            id: pk.id(),
            project,
            name: name.unwrap_or_else(|| format!("sample {pk}").replace('"', "")),
            container,
            location,
            group: group.map(|(_, name)| name.clone()),
            barcode,
            comments,
            priority: row.priority,
        });
    }
    for (project, name) in made {
        facility.container.push(Container {
            id: None,
            project,
            name,
            kind: types.samples_name(),
            status: "archived",
            parent: None,
            location: None,
        });
    }
    samples
}

/// The groups by key: their projects and their names.
fn groups(
    tables: &Tables,
    accounts: &Accounts,
    samples: &mut Samples,
    facility: &mut Facility,
    notes: &mut Notes,
) -> HashMap<Pk, (String, String)> {
    let label = rows::Group::LABEL;
    let mut groups = HashMap::new();
    let mut taken = HashSet::new();
    // The newest keeps its name.
    for (pk, row) in tables.groups.iter().rev() {
        let Some(project) = accounts.project(row.project.as_ref()) else {
            notes.left_out(label, pk, "its project does not exist");
            continue;
        };
        let own = row.name.as_deref().and_then(text::name);
        let old = own
            .clone()
            .unwrap_or_else(|| format!("group {pk}").replace('"', ""));
        let mut name = old.clone();
        let mut tail = format!(" ({})", pk.to_string().replace('"', ""));
        while !taken.insert((project.to_owned(), name.clone())) {
            name = text::with_tail(&old, &tail);
            tail.push('\'');
        }
        if row.name.as_ref() != Some(&name) {
            notes.mended(
                label,
                pk,
                format!("its name is missing, not allowed, or a newer group's: it is {name:?} now"),
            );
        }
        samples.groups.insert(pk.clone(), (project.to_owned(), old));
        groups.insert(pk.clone(), (project.to_owned(), name.clone()));
        facility.group.push(Group {
            id: pk.id(),
            project: project.to_owned(),
            name,
            priority: row.priority,
        });
    }
    facility.group.reverse();
    groups
}

/// Where a sample goes.
struct Place {
    project: String,
    /// Container and location; `None` if it has no place.
    at: Option<(String, String)>,
}

/// Finds a place for each sample. Of several at one place, the newest stays.
fn places(
    tables: &Tables,
    accounts: &Accounts,
    containers: &Containers,
    types: &mut Types,
    notes: &mut Notes,
) -> HashMap<Pk, Place> {
    let mut places = HashMap::new();
    let mut taken = HashSet::new();
    for (pk, row) in tables.samples.iter().rev() {
        let held = row
            .container
            .as_ref()
            .and_then(|container| containers.0.get(container));
        let own = accounts.project(row.project.as_ref());
        let Some(project) = own.or(held.map(|held| held.project.as_str())).map(str::to_owned) else {
            notes.left_out(LABEL, pk, "its project does not exist");
            continue;
        };
        if own.is_none() {
            notes.mended(
                LABEL,
                pk,
                "its project does not exist: it belongs to that of its container now",
            );
        }
        let at = match (held, types.location(row.location.as_ref())) {
            (None, _) => Err("it has no container, or one that does not exist"),
            (Some(held), _) if held.project != project => Err("its container is another project's"),
            (Some(_), None) => Err("its location is not known"),
            (Some(held), Some(at)) => {
                let place = (held.name.clone(), at);
                if taken.insert((project.clone(), place.clone())) {
                    types.ensure(held.kind, &place.1);
                    Ok(place)
                } else {
                    Err("a newer sample is at its place")
                }
            }
        };
        if let Err(why) = at {
            notes.mended(
                LABEL,
                pk,
                format!("{why}: it is in the container {MADE:?} of {project} now"),
            );
        }
        places.insert(pk.clone(), Place { project, at: at.ok() });
    }
    places
}
