//! The columns of what the facility file declares.

use super::values::{id, ids, optional, text, texts, time, Object};
use crate::ids::{Account, ContainerId, GroupId};
use crate::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Person, Project,
    Sample, Staff,
};
use serde_json::{json, Value};

/// An object of columns.
macro_rules! columns {
    ($($name:ident: $value:expr,)*) => {{
        let mut columns = Object::new();
        $(columns.insert(stringify!($name).to_owned(), Value::from($value));)*
        columns
    }};
}
pub(super) use columns;

pub(super) fn project(it: Project) -> Object {
    columns! {
        username: text(&it.username),
        name: text(&it.name),
        can_sign: it.key.is_some(),
        created: time(it.created),
        modified: time(it.modified),
    }
}

pub(super) fn person(it: Person) -> Object {
    columns! {
        username: text(&it.username),
        name: text(&it.name),
        email: text(&it.email),
        active: it.active,
        staff: it.staff.map(|staff| match staff {
            Staff::Viewer => "viewer",
            Staff::Operator => "operator",
        }),
        project_ids: ids(it.member_of.iter().map(|member| member.project.0)),
        created: time(it.created),
        modified: time(it.modified),
    }
}

pub(super) fn beamline(it: Beamline) -> Object {
    columns! {
        acronym: text(&it.acronym),
        name: text(&it.name),
        active: it.active,
        simulated: it.simulated,
        energy_low: it.energy.map(|(low, _)| low),
        energy_high: it.energy.map(|(_, high)| high),
        contact: text(&it.contact),
    }
}

pub(super) fn data_type(it: DataType) -> Object {
    columns! {
        acronym: text(&it.acronym),
        name: text(&it.name),
        aliases: texts(&it.aliases),
        metadata: texts(&it.metadata),
    }
}

pub(super) fn container_type(it: ContainerType) -> Object {
    columns! {
        name: text(&it.name),
        locations: texts(&it.locations),
    }
}

pub(super) fn container(it: Container) -> Object {
    columns! {
        project_id: id(it.project.0),
        name: text(&it.name),
        container_type_id: id(it.kind.0),
        status: it.status.name(),
        parent_id: it.parent.map(|ContainerId(parent)| id(parent)),
        location: optional(it.location.as_deref()),
    }
}

pub(super) fn automounter(it: Automounter) -> Object {
    columns! {
        beamline_id: id(it.beamline.0),
        container_id: id(it.container.0),
        active: it.active,
    }
}

pub(super) fn sample_group(it: Group) -> Object {
    columns! {
        project_id: id(it.project.0),
        name: text(&it.name),
        priority: json!(it.priority),
    }
}

pub(super) fn sample(it: Sample) -> Object {
    columns! {
        project_id: id(it.project.0),
        container_id: id(it.container.0),
        location: text(&it.location),
        name: text(&it.name),
        barcode: text(&it.barcode),
        comments: text(&it.comments),
        sample_group_id: it.group.map(|GroupId(group)| id(group)),
        priority: json!(it.priority),
    }
}

pub(super) fn access_list(it: AccessList) -> Object {
    let projects = it.users.iter().filter_map(|user| match user {
        Account::Project(id) => Some(id.0),
        Account::Person(_) => None,
    });
    let people = it.users.iter().filter_map(|user| match user {
        Account::Person(id) => Some(id.0),
        Account::Project(_) => None,
    });
    columns! {
        name: text(&it.name),
        address: text(&it.address),
        project_ids: ids(projects),
        person_ids: ids(people),
        beamline_ids: ids(it.beamlines.iter().map(|it| it.0)),
        active: it.active,
    }
}

pub(super) fn beamtime(it: Beamtime) -> Object {
    columns! {
        project_id: id(it.project.0),
        beamline_id: id(it.beamline.0),
        start_time: time(it.start),
        end_time: time(it.end),
        remote: it.remote,
        cancelled: it.cancelled,
    }
}
