//! From an entry to the record that it declares, for each section.

use super::draft::Draft;
use super::fields::{Fields, GREATEST_ID};
use crate::facility::catalog::Cataloged;
use crate::facility::declaration::values::{acronym, comments, line, name, network, status, username};
use crate::facility::declaration::Declaration;
use crate::facility::place::Section;
use beamlive_storage::ids::{BeamlineId, ContainerId, ContainerTypeId, GroupId, ProjectId};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerStatus, DataType, Group, Sample,
};
use beamlive_storage::Timestamp;
use serde_json::Value;
use std::collections::HashSet;

/// The fields by which other entries refer to one of a section.
fn named_by(section: Section) -> &'static [&'static str] {
    match section {
        Section::Project | Section::Person => &["username"],
        Section::Beamline => &["acronym"],
        Section::ContainerType => &["name"],
        Section::Container | Section::Group => &["project", "name"],
        _ => &[],
    }
}

/// The name by which others refer to an entry: `alice`, or `alice/CLS-0042` for what belongs to a
/// project.
fn path(section: Section, entry: &Value) -> Option<String> {
    let names = named_by(section).iter().map(|field| entry.get(field)?.as_str());
    let names: Vec<_> = names.collect::<Option<_>>()?;
    (!names.is_empty()).then(|| names.join("/"))
}

/// Makes records of all entries of a section.
pub(super) fn declare<R: Cataloged>(
    draft: &mut Draft<'_>,
    declaration: &Declaration,
    read: fn(&mut Fields<'_, '_>) -> R,
) {
    for (place, entry) in declaration.entries(R::SECTION) {
        match Fields::read(draft, declaration.zone, (*place, ""), entry, read) {
            Some(record) => draft.put(record, *place),
            None => draft.add_unread(R::SECTION, path(R::SECTION, entry)),
        }
    }
}

/// Gives all containers of the file their ids: one may be in another that comes later.
pub(super) fn reserve_containers(draft: &mut Draft<'_>, declaration: &Declaration) {
    let mut wanted = HashSet::new();
    for (place, entry) in declaration.entries(Section::Container) {
        let path = path(Section::Container, entry);
        if let Some(name) = path.and_then(|path| draft.owned_name(&path)) {
            // One that is taken is reported when the entry is read.
            let id = entry.get("id").and_then(Value::as_u64);
            let free =
                |id: &u64| (1..=GREATEST_ID).contains(id) && draft.catalog.containers.get(*id).is_none();
            let id = id.filter(free).filter(|id| wanted.insert(*id));
            draft.want(id);
            draft.reserve::<Container>(name, *place);
            draft.want(None);
        }
    }
}

pub(super) fn beamline(fields: &mut Fields<'_, '_>) -> Beamline {
    fields.wanted_id();
    let acronym = fields.text("acronym", acronym);
    Beamline {
        name: fields.optional("name", name).unwrap_or_else(|| acronym.clone()),
        active: fields.flag("active", true),
        simulated: fields.flag("simulated", false),
        energy: energy(fields),
        contact: fields.optional("contact", line).unwrap_or_default(),
        acronym,
    }
}

/// The lowest and the highest energy.
fn energy(fields: &mut Fields<'_, '_>) -> Option<(f64, f64)> {
    let [low, high] = fields.numbers("energy")?;
    if low <= 0.0 || high < low {
        fields.note(
            "energy",
            "must be the lowest and the highest energy in keV, both above 0",
        );
        return None;
    }
    Some((low, high))
}

/// The aliases and the metadata stay as they are if the file leaves them out.
pub(super) fn data_type(fields: &mut Fields<'_, '_>) -> DataType {
    fields.wanted_id();
    let own = fields.text("acronym", acronym);
    let name = fields.optional("name", name).unwrap_or_else(|| own.clone());
    let (aliases, metadata) = (fields.list("aliases", acronym), fields.list("metadata", line));
    let old = fields.draft.catalog.data_types.find(&own);
    let old = old.map(|(_, old)| &old.record);
    DataType {
        acronym: own,
        name,
        aliases: aliases.unwrap_or_else(|| old.map(|old| old.aliases.clone()).unwrap_or_default()),
        metadata: metadata.unwrap_or_else(|| old.map(|old| old.metadata.clone()).unwrap_or_default()),
    }
}

pub(super) fn container(fields: &mut Fields<'_, '_>) -> Container {
    fields.wanted_id();
    let project = fields.project();
    let own = fields.text("name", name);
    let kind = ContainerTypeId(fields.refer("type", Section::ContainerType, name));
    let status = fields.optional("status", status);
    let parent = fields.container_path("parent");
    let location = fields.optional("location", name);
    match (fields.has("parent"), fields.has("location")) {
        (true, false) => fields.note("location", "is missing: say where in the parent"),
        (false, true) => fields.note("parent", "is missing: say which container the location is in"),
        _ => {}
    }
    let parent = parent.filter(|_| fields.has("location"));
    Container {
        project,
        name: own,
        kind,
        status: status.unwrap_or(ContainerStatus::Draft),
        parent: parent.map(|path| ContainerId(fields.resolve("parent", Section::Container, &path))),
        location,
    }
}

pub(super) fn automounter(fields: &mut Fields<'_, '_>) -> Automounter {
    fields.wanted_id();
    let beamline = BeamlineId(fields.refer("beamline", Section::Beamline, acronym));
    fields.require("container");
    let container = fields.container_path("container");
    let container = container.map_or(0, |path| fields.resolve("container", Section::Container, &path));
    Automounter {
        beamline,
        container: ContainerId(container),
        active: fields.flag("active", true),
    }
}

pub(super) fn group(fields: &mut Fields<'_, '_>) -> Group {
    fields.wanted_id();
    Group {
        project: fields.project(),
        name: fields.text("name", name),
        priority: fields.number("priority"),
    }
}

pub(super) fn sample(fields: &mut Fields<'_, '_>) -> Sample {
    fields.wanted_id();
    let project = fields.project();
    let own = fields.text("name", name);
    fields.require("container");
    let container = fields.sibling("container", Section::Container, project);
    Sample {
        project,
        name: own,
        container: ContainerId(container.unwrap_or_default()),
        location: fields.text("location", name),
        barcode: fields.optional("barcode", line).unwrap_or_default(),
        comments: fields.optional("comments", comments).unwrap_or_default(),
        group: fields.sibling("group", Section::Group, project).map(GroupId),
        priority: fields.number("priority"),
    }
}

pub(super) fn access_list(fields: &mut Fields<'_, '_>) -> AccessList {
    fields.wanted_id();
    let beamlines = |fields: &mut Fields<'_, '_>| fields.refer_all("beamlines", Section::Beamline, acronym);
    AccessList {
        name: fields.text("name", name),
        address: fields.text("address", network),
        users: fields.accounts("users"),
        beamlines: beamlines(fields).into_iter().map(BeamlineId).collect(),
        active: fields.flag("active", true),
    }
}

pub(super) fn beamtime(fields: &mut Fields<'_, '_>) -> Beamtime {
    fields.wanted_id();
    let project = ProjectId(fields.refer("project", Section::Project, username));
    let beamline = BeamlineId(fields.refer("beamline", Section::Beamline, acronym));
    let (start, end) = (fields.time("start"), fields.time("end"));
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        fields.note("end", "must be later than the start");
    }
    Beamtime {
        project,
        beamline,
        start: start.unwrap_or(Timestamp(0)),
        end: end.unwrap_or(Timestamp(0)),
        remote: fields.flag("remote", false),
        cancelled: fields.flag("cancelled", false),
    }
}
