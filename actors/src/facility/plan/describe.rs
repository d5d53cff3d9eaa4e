//! What a change is called in the list that an operator reads.

use crate::facility::catalog::Entries;
use beamlive_storage::ids::{BeamlineId, ContainerId, ProjectId};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Project, Sample,
};
use chrono::SecondsFormat;

/// Where the names of what a record refers to are found.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) projects: &'a Entries<Project>,
    pub(crate) beamlines: &'a Entries<Beamline>,
    pub(crate) containers: &'a Entries<Container>,
}

impl Names<'_> {
    /// A username.
    pub(crate) fn project(&self, id: ProjectId) -> &str {
        self.projects
            .get(id.0)
            .map_or("?", |entry| &entry.record.username)
    }

    /// An acronym.
    pub(crate) fn beamline(&self, id: BeamlineId) -> &str {
        self.beamlines
            .get(id.0)
            .map_or("?", |entry| &entry.record.acronym)
    }

    /// `username/name`
    pub(crate) fn container(&self, id: ContainerId) -> String {
        self.containers.get(id.0).map_or_else(
            || "?".to_owned(),
            |entry| format!("{}/{}", self.project(entry.record.project), entry.record.name),
        )
    }
}

/// A record that can say what it is called, and what of it changed.
pub(crate) trait Described {
    /// `sample alice/CLS-0042/3`
    fn label(&self, names: Names<'_>) -> String;
    /// The fields, as the file calls them, in which it differs from `old`.
    fn changes(&self, old: &Self) -> Vec<&'static str>;
}

macro_rules! described {
    ($($record:ident: |$this:ident, $names:ident| $label:expr, [$($field:ident = $name:literal),* $(,)?];)*) => {$(
        impl Described for $record {
            fn label(&self, $names: Names<'_>) -> String {
                let $this = self;
                $label
            }

            fn changes(&self, old: &Self) -> Vec<&'static str> {
                let mut fields = Vec::new();
                $(if self.$field != old.$field {
                    fields.push($name);
                })*
                fields
            }
        }
    )*};
}

described! {
    Project: |p, _n| format!("project {}", p.username), [name = "name", key = "key", ssh_keys = "ssh_keys"];
    Beamline: |b, _n| format!("beamline {}", b.acronym), [name = "name", active = "active"];
    DataType: |t, _n| format!("data type {}", t.acronym),
        [name = "name", aliases = "aliases"];
    ContainerType: |t, _n| format!("container type {}", t.name), [locations = "locations"];
    Container: |c, n| format!("container {}/{}", n.project(c.project), c.name),
        [kind = "type", status = "status", parent = "parent", location = "location"];
    Automounter: |a, n| format!("automounter {} {}", n.beamline(a.beamline), n.container(a.container)),
        [active = "active"];
    Group: |g, n| format!("group {}/{}", n.project(g.project), g.name), [priority = "priority"];
    Sample: |s, n| format!("sample {}/{}", n.container(s.container), s.location),
        [name = "name", barcode = "barcode", comments = "comments", group = "group", priority = "priority"];
    AccessList: |l, _n| format!("access list {}", l.name),
        [address = "address", users = "users", beamlines = "beamlines", active = "active"];
    Beamtime: |b, n| format!(
        "beamtime {} {} {}",
        n.project(b.project),
        n.beamline(b.beamline),
        b.start.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    ), [end = "end", remote = "remote", cancelled = "cancelled"];
}
