//! How a change is worded in the list that an operator reads.

use crate::facility::catalog::{Catalog, Cataloged};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Project, Sample,
};
use chrono::SecondsFormat;

/// Changes that are listed. Of those beyond it only the number is given.
const LISTED: usize = 1000;

/// The changes in words.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    listed: Vec<String>,
    more: usize,
}

impl Changes {
    /// Adds one.
    pub(crate) fn add(&mut self, change: impl FnOnce() -> String) {
        if self.listed.len() < LISTED {
            self.listed.push(change());
        } else {
            self.more += 1;
        }
    }

    /// All of them; of very many, the first and how many more there are.
    pub(crate) fn into_list(mut self) -> Vec<String> {
        if self.more > 0 {
            self.listed.push(format!("… and {} more", self.more));
        }
        self.listed
    }
}

/// A record with a name for people, and names for its fields.
pub(crate) trait Described: Cataloged {
    /// `sample alice/CLS-0042/3`
    fn label(&self, catalog: &Catalog) -> String;
    /// The fields, as the file calls them, in which it differs from `old`.
    fn changes(&self, old: &Self) -> Vec<&'static str>;
}

macro_rules! described {
    ($($record:ident: |$this:ident, $catalog:ident| $label:expr, [$($field:ident = $name:literal),* $(,)?];)*) => {$(
        impl Described for $record {
            fn label(&self, $catalog: &Catalog) -> String {
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
    Project: |p, _c| format!("project {}", p.username), [name = "name", key = "key", ssh_keys = "ssh_keys"];
    Beamline: |b, _c| format!("beamline {}", b.acronym), [name = "name", active = "active"];
    DataType: |t, _c| format!("data type {}", t.acronym), [name = "name", aliases = "aliases"];
    ContainerType: |t, _c| format!("container type {}", t.name), [locations = "locations"];
    Container: |r, c| format!("container {}/{}", c.username(r.project), r.name),
        [kind = "type", status = "status", parent = "parent", location = "location"];
    Automounter: |a, c| format!("automounter {} {}", c.acronym(a.beamline), c.container_name(a.container)),
        [active = "active"];
    Group: |g, c| format!("group {}/{}", c.username(g.project), g.name), [priority = "priority"];
    Sample: |s, c| format!("sample {}/{}", c.container_name(s.container), s.location),
        [name = "name", barcode = "barcode", comments = "comments", group = "group", priority = "priority"];
    AccessList: |l, _c| format!("access list {}", l.name),
        [address = "address", users = "users", beamlines = "beamlines", active = "active"];
    Beamtime: |b, c| format!(
        "beamtime {} {} {}",
        c.username(b.project),
        c.acronym(b.beamline),
        b.start.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    ), [end = "end", remote = "remote", cancelled = "cancelled"];
}
