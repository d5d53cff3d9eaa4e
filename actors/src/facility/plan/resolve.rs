//! From what an entry says to the record that it declares.

use super::describe::Described;
use super::draft::Draft;
use crate::facility::declaration::{
    AccessListEntry, AutomounterEntry, BeamlineEntry, BeamtimeEntry, ContainerEntry, ContainerTypeEntry,
    DataTypeEntry, GroupEntry, Placed, ProjectEntry, SampleEntry,
};
use crate::facility::place::{Place, Section};
use beamlive_storage::ids::{BeamlineId, ContainerId, ContainerTypeId, GroupId, ProjectId};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerStatus, ContainerType, DataType, Group,
    Project, Sample,
};

/// Makes records of all entries of a section. `resolve` gives the record of an entry, or `None`
/// when its fields contradict each other or it refers to something that does not exist, which it
/// has noted.
pub(super) fn section<E, R: Described>(
    draft: &mut Draft<'_>,
    entries: &[Placed<E>],
    resolve: fn(&E, Place, &mut Draft<'_>) -> Option<R>,
) {
    for Placed { place, name, entry } in entries {
        match resolve(entry, *place, draft) {
            Some(record) => draft.put(record, *place),
            None => draft.add_unread(place.section, name.as_ref()),
        }
    }
}

/// Gives all containers of the file their ids: one may be in another that comes later.
pub(super) fn reserve_containers(draft: &mut Draft<'_>, entries: &[Placed<ContainerEntry>]) {
    for Placed { place, entry, .. } in entries {
        if let Some(project) = draft.catalog.projects.id(&entry.project.0) {
            draft.reserve::<Container>((ProjectId(project), entry.name.0.clone()), *place);
        }
    }
}

/// What the file leaves out stays as it is: the `key`, which the owner registers, and the
/// `ssh_keys`.
pub(super) fn project(entry: &ProjectEntry, _: Place, draft: &mut Draft<'_>) -> Option<Project> {
    let old = draft.catalog.projects.find(&entry.username.0);
    let old = old.map(|(_, old)| &old.record);
    let now = draft.situation.now;
    let mut record = Project {
        username: entry.username.0.clone(),
        name: text(&entry.name, &entry.username.0),
        key: match &entry.key {
            Some(key) => Some(key.0.clone()),
            None => old.and_then(|old| old.key.clone()),
        },
        ssh_keys: match &entry.ssh_keys {
            Some(keys) => keys.texts(),
            None => old.map(|old| old.ssh_keys.clone()).unwrap_or_default(),
        },
        created: old.map_or(now, |old| old.created),
        modified: old.map_or(now, |old| old.modified),
    };
    if old.is_some_and(|old| *old != record) {
        record.modified = now;
    }
    Some(record)
}

pub(super) fn beamline(entry: &BeamlineEntry, _: Place, _: &mut Draft<'_>) -> Option<Beamline> {
    Some(Beamline {
        acronym: entry.acronym.0.clone(),
        name: text(&entry.name, &entry.acronym.0),
        active: entry.active.unwrap_or(true),
    })
}

/// The aliases stay as they are if the file leaves them out.
pub(super) fn data_type(entry: &DataTypeEntry, _: Place, draft: &mut Draft<'_>) -> Option<DataType> {
    let old = draft.catalog.data_types.find(&entry.acronym.0);
    Some(DataType {
        acronym: entry.acronym.0.clone(),
        name: text(&entry.name, &entry.acronym.0),
        aliases: match &entry.aliases {
            Some(aliases) => aliases.texts(),
            None => old.map(|(_, old)| old.record.aliases.clone()).unwrap_or_default(),
        },
    })
}

pub(super) fn container_type(
    entry: &ContainerTypeEntry,
    place: Place,
    draft: &mut Draft<'_>,
) -> Option<ContainerType> {
    if entry.locations.0.is_empty() {
        return draft.refuse(place, "locations", "must name at least one location");
    }
    Some(ContainerType {
        name: entry.name.0.clone(),
        locations: entry.locations.texts(),
    })
}

pub(super) fn container(entry: &ContainerEntry, place: Place, draft: &mut Draft<'_>) -> Option<Container> {
    let project = draft.refer(place, "project", Section::Project, &entry.project.0)?;
    let kind = draft.refer(place, "type", Section::ContainerType, &entry.kind.0);
    let held = match (&entry.parent, &entry.location) {
        (None, None) => Some(None),
        (Some(parent), Some(location)) => {
            let parent = draft.refer(place, "parent", Section::Container, &parent.path());
            parent.map(|parent| Some((ContainerId(parent), location.0.clone())))
        }
        (Some(_), None) => draft.refuse(place, "location", "is missing: say where in the parent"),
        (None, Some(_)) => {
            let message = "is missing: say which container the location is in";
            draft.refuse(place, "parent", message)
        }
    };
    let (parent, location) = held?.unzip();
    Some(Container {
        project: ProjectId(project),
        name: entry.name.0.clone(),
        kind: ContainerTypeId(kind?),
        status: entry
            .status
            .as_ref()
            .map_or(ContainerStatus::Draft, |status| status.0),
        parent,
        location,
    })
}

pub(super) fn automounter(
    entry: &AutomounterEntry,
    place: Place,
    draft: &mut Draft<'_>,
) -> Option<Automounter> {
    let beamline = draft.refer(place, "beamline", Section::Beamline, &entry.beamline.0);
    let container = draft.refer(place, "container", Section::Container, &entry.container.path());
    Some(Automounter {
        beamline: BeamlineId(beamline?),
        container: ContainerId(container?),
        active: entry.active.unwrap_or(true),
    })
}

pub(super) fn group(entry: &GroupEntry, place: Place, draft: &mut Draft<'_>) -> Option<Group> {
    let project = draft.refer(place, "project", Section::Project, &entry.project.0)?;
    Some(Group {
        project: ProjectId(project),
        name: entry.name.0.clone(),
        priority: entry.priority,
    })
}

pub(super) fn sample(entry: &SampleEntry, place: Place, draft: &mut Draft<'_>) -> Option<Sample> {
    let username = &entry.project.0;
    let project = draft.refer(place, "project", Section::Project, username)?;
    let container = format!("{username}/{}", entry.container.0);
    let container = draft.refer(place, "container", Section::Container, &container);
    let group = match &entry.group {
        None => None,
        Some(group) => {
            let group = format!("{username}/{}", group.0);
            Some(draft.refer(place, "group", Section::Group, &group)?)
        }
    };
    Some(Sample {
        project: ProjectId(project),
        container: ContainerId(container?),
        location: entry.location.0.clone(),
        name: entry.name.0.clone(),
        barcode: text(&entry.barcode, ""),
        comments: text(&entry.comments, ""),
        group: group.map(GroupId),
        priority: entry.priority,
    })
}

pub(super) fn access_list(
    entry: &AccessListEntry,
    place: Place,
    draft: &mut Draft<'_>,
) -> Option<AccessList> {
    let users = entry
        .users
        .as_ref()
        .map(|users| users.texts())
        .unwrap_or_default();
    let users = refer_all(draft, place, "users", Section::Project, &users);
    let beamlines = entry
        .beamlines
        .as_ref()
        .map(|beamlines| beamlines.texts())
        .unwrap_or_default();
    let beamlines = refer_all(draft, place, "beamlines", Section::Beamline, &beamlines);
    Some(AccessList {
        name: entry.name.0.clone(),
        address: entry.address.0.clone(),
        users: users?.into_iter().map(ProjectId).collect(),
        beamlines: beamlines?.into_iter().map(BeamlineId).collect(),
        active: entry.active.unwrap_or(true),
    })
}

pub(super) fn beamtime(entry: &BeamtimeEntry, place: Place, draft: &mut Draft<'_>) -> Option<Beamtime> {
    let project = draft.refer(place, "project", Section::Project, &entry.project.0);
    let beamline = draft.refer(place, "beamline", Section::Beamline, &entry.beamline.0);
    let (start, end) = (entry.start.0, entry.end.0);
    if end <= start {
        return draft.refuse(place, "end", "must be later than the start");
    }
    Some(Beamtime {
        project: ProjectId(project?),
        beamline: BeamlineId(beamline?),
        start,
        end,
        remote: entry.remote.unwrap_or(false),
        cancelled: entry.cancelled.unwrap_or(false),
    })
}

/// What the file gives, or else the default.
fn text<T: AsRef<String>>(given: &Option<T>, default: &str) -> String {
    given.as_ref().map_or(default, |given| given.as_ref()).to_owned()
}

/// The ids of all that a list refers to, in order. Every name is looked up, so that all mistakes
/// are noted.
fn refer_all(
    draft: &mut Draft<'_>,
    place: Place,
    field: &str,
    section: Section,
    names: &[String],
) -> Option<Vec<u64>> {
    let ids: Vec<_> = names
        .iter()
        .map(|name| draft.refer(place, field, section, name))
        .collect();
    let mut ids = ids.into_iter().collect::<Option<Vec<_>>>()?;
    ids.sort_unstable();
    Some(ids)
}
