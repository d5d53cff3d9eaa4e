//! Reads the entries: one function per section.
//!
//! Each reads all its fields before it gives up on one, so that all mistakes are named.

use super::entries::{
    AccessListEntry, AutomounterEntry, BeamlineEntry, BeamtimeEntry, ContainerEntry, ContainerName,
    ContainerTypeEntry, DataTypeEntry, GroupEntry, ProjectEntry, SampleEntry,
};
use super::fields::Fields;
use super::rules;
use crate::key::{check_ssh_line, PublicKey};
use beamlive_storage::records::ContainerStatus;
use chrono_tz::Tz;

pub(super) fn project(fields: &mut Fields<'_>) -> Option<ProjectEntry> {
    let username = fields.text("username", rules::username);
    let name = fields.optional("name", rules::name);
    let key = fields.optional("key", |line| {
        PublicKey::parse(line)
            .map(|key| key.line())
            .map_err(|e| e.to_string())
    });
    let ssh_keys = fields.optional_list("ssh_keys", |line| {
        // Lines that were cut out of a file keep its line ends.
        let line = line.trim();
        check_ssh_line(line)
            .map(|()| line.to_owned())
            .map_err(|e| e.to_string())
    });
    let username = username?;
    Some(ProjectEntry {
        name: name?.unwrap_or_else(|| username.clone()),
        username,
        key: key?,
        ssh_keys: ssh_keys?,
    })
}

pub(super) fn beamline(fields: &mut Fields<'_>) -> Option<BeamlineEntry> {
    let acronym = fields.text("acronym", rules::acronym);
    let name = fields.optional("name", rules::name);
    let active = fields.flag("active", true);
    let acronym = acronym?;
    Some(BeamlineEntry {
        name: name?.unwrap_or_else(|| acronym.clone()),
        acronym,
        active: active?,
    })
}

pub(super) fn data_type(fields: &mut Fields<'_>) -> Option<DataTypeEntry> {
    let acronym = fields.text("acronym", rules::acronym);
    let name = fields.optional("name", rules::name);
    let aliases = fields.optional_list("aliases", rules::acronym);
    let acronym = acronym?;
    Some(DataTypeEntry {
        name: name?.unwrap_or_else(|| acronym.clone()),
        acronym,
        aliases: aliases?,
    })
}

pub(super) fn container_type(fields: &mut Fields<'_>) -> Option<ContainerTypeEntry> {
    let name = fields.text("name", rules::name);
    let locations = fields.list("locations", rules::name);
    let locations = match locations {
        Some(none) if none.is_empty() => fields.wrong("locations", "must name at least one location"),
        locations => locations,
    };
    Some(ContainerTypeEntry {
        name: name?,
        locations: locations?,
    })
}

fn container_name(fields: &mut Fields<'_>) -> Option<ContainerName> {
    let project = fields.text("project", rules::username);
    let name = fields.text("name", rules::name);
    Some(ContainerName {
        project: project?,
        name: name?,
    })
}

pub(super) fn container(fields: &mut Fields<'_>) -> Option<ContainerEntry> {
    let container = container_name(fields);
    let kind = fields.text("type", rules::name);
    let status = fields.optional("status", rules::status);
    let parent = fields.optional_table("parent", "parent.", container_name);
    let location = fields.optional("location", rules::name);
    let held = match (parent?, location?) {
        (None, None) => None,
        (Some(parent), Some(location)) => Some((parent, location)),
        (Some(_), None) => return fields.wrong("location", "is missing: say where in the parent"),
        (None, Some(_)) => {
            return fields.wrong("parent", "is missing: say which container the location is in")
        }
    };
    Some(ContainerEntry {
        container: container?,
        kind: kind?,
        status: status?.unwrap_or(ContainerStatus::Draft),
        held,
    })
}

pub(super) fn automounter(fields: &mut Fields<'_>) -> Option<AutomounterEntry> {
    let beamline = fields.text("beamline", rules::acronym);
    let container = fields.table("container", "container.", container_name);
    let active = fields.flag("active", true);
    Some(AutomounterEntry {
        beamline: beamline?,
        container: container?,
        active: active?,
    })
}

pub(super) fn group(fields: &mut Fields<'_>) -> Option<GroupEntry> {
    let project = fields.text("project", rules::username);
    let name = fields.text("name", rules::name);
    let priority = fields.number("priority");
    Some(GroupEntry {
        project: project?,
        name: name?,
        priority: priority?,
    })
}

pub(super) fn sample(fields: &mut Fields<'_>) -> Option<SampleEntry> {
    let project = fields.text("project", rules::username);
    let name = fields.text("name", rules::name);
    let container = fields.text("container", rules::name);
    let location = fields.text("location", rules::name);
    let barcode = fields.optional("barcode", rules::line);
    let comments = fields.optional("comments", rules::comments);
    let group = fields.optional("group", rules::name);
    let priority = fields.number("priority");
    Some(SampleEntry {
        container: ContainerName {
            project: project?,
            name: container?,
        },
        location: location?,
        name: name?,
        barcode: barcode?.unwrap_or_default(),
        comments: comments?.unwrap_or_default(),
        group: group?,
        priority: priority?,
    })
}

pub(super) fn access_list(fields: &mut Fields<'_>) -> Option<AccessListEntry> {
    let name = fields.text("name", rules::name);
    let address = fields.text("address", rules::network);
    let users = fields.optional_list("users", rules::username);
    let beamlines = fields.optional_list("beamlines", rules::acronym);
    let active = fields.flag("active", true);
    Some(AccessListEntry {
        name: name?,
        address: address?,
        users: users?.unwrap_or_default(),
        beamlines: beamlines?.unwrap_or_default(),
        active: active?,
    })
}

pub(super) fn beamtime(fields: &mut Fields<'_>, zone: Tz) -> Option<BeamtimeEntry> {
    let project = fields.text("project", rules::username);
    let beamline = fields.text("beamline", rules::acronym);
    let start = fields.text_with("start", |text| rules::time(text, zone));
    let end = fields.text_with("end", |text| rules::time(text, zone));
    let remote = fields.flag("remote", false);
    let cancelled = fields.flag("cancelled", false);
    if let (Some(start), Some(end)) = (start, end) {
        if end <= start {
            return fields.wrong("end", "must be later than the start");
        }
    }
    Some(BeamtimeEntry {
        project: project?,
        beamline: beamline?,
        start: start?,
        end: end?,
        remote: remote?,
        cancelled: cancelled?,
    })
}
