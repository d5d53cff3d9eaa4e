//! The facility file: TOML or JSON of the same shape, read into entries whose fields are checked
//! one by one.
//!
//! [`super::plan`] checks the entries as a whole, what they refer to, and the facility as a whole.
//!
//! | file | what it holds |
//! |---|---|
//! | `text.rs` | from the text to a tree of values, with the lines of the headers |
//! | `entries.rs` | one type per section, read by serde |
//! | `values.rs` | the types of the fields, which check their values |
//! | `reader.rs` | reads an entry and notes all of its mistakes |
//! | `ids.rs` | the table `[ids]` |

mod entries;
mod ids;
mod reader;
mod text;
mod values;

pub(crate) use entries::{
    AccessListEntry, AutomounterEntry, BeamlineEntry, BeamtimeEntry, ContainerEntry, ContainerTypeEntry,
    DataTypeEntry, GroupEntry, ProjectEntry, SampleEntry,
};
pub use text::Format;

use super::place::{suggestion, Mistakes, Place, Section};
use chrono_tz::Tz;
use reader::short;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashSet;
use text::Tree;

/// An entry, and where it stands.
#[derive(Debug, PartialEq)]
pub(crate) struct Placed<E> {
    pub(crate) place: Place,
    /// The name by which others refer to it: `alice`, or `alice/CLS-0042` for what belongs to a
    /// project.
    pub(crate) name: Option<String>,
    pub(crate) entry: E,
}

/// Entries that hold mistakes. A reference to one of them is not reported as a mistake.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Unread {
    /// Their names, as in [`Placed::name`].
    pub(crate) names: HashSet<(Section, String)>,
    /// Their sections.
    pub(crate) sections: HashSet<Section>,
}

/// What a facility file says.
#[derive(Debug, PartialEq)]
pub struct Declaration {
    pub(crate) projects: Vec<Placed<ProjectEntry>>,
    pub(crate) beamlines: Vec<Placed<BeamlineEntry>>,
    pub(crate) data_types: Vec<Placed<DataTypeEntry>>,
    pub(crate) container_types: Vec<Placed<ContainerTypeEntry>>,
    pub(crate) containers: Vec<Placed<ContainerEntry>>,
    pub(crate) automounters: Vec<Placed<AutomounterEntry>>,
    pub(crate) groups: Vec<Placed<GroupEntry>>,
    pub(crate) samples: Vec<Placed<SampleEntry>>,
    pub(crate) access_lists: Vec<Placed<AccessListEntry>>,
    pub(crate) beamtimes: Vec<Placed<BeamtimeEntry>>,
    /// Ids of sessions, datasets, reports and samples start above this.
    pub(crate) first_id: Option<u64>,
    pub(crate) unread: Unread,
}

impl Declaration {
    /// Reads a facility file, except entries that hold mistakes. Times without an offset are in
    /// `zone`. `None` when the text is no TOML or JSON at all.
    pub fn read(text: &str, format: Format, zone: Tz, mistakes: &mut Mistakes) -> Option<Self> {
        let mut file = File {
            tree: Tree::read(text, format, mistakes)?,
            zone,
            unread: Unread::default(),
            mistakes,
        };
        Some(Self {
            projects: file.section(Section::Project, &["username"]),
            beamlines: file.section(Section::Beamline, &["acronym"]),
            data_types: file.section(Section::DataType, &[]),
            container_types: file.section(Section::ContainerType, &["name"]),
            containers: file.section(Section::Container, &["project", "name"]),
            automounters: file.section(Section::Automounter, &[]),
            groups: file.section(Section::Group, &["project", "name"]),
            samples: file.section(Section::Sample, &[]),
            access_lists: file.section(Section::AccessList, &[]),
            beamtimes: file.section(Section::Beamtime, &[]),
            first_id: file.first_id(),
            unread: file.finish(),
        })
    }
}

/// A file whose tables are taken out one after the other.
struct File<'a> {
    tree: Tree,
    zone: Tz,
    unread: Unread,
    mistakes: &'a mut Mistakes,
}

impl File<'_> {
    /// Reads the entries of a section; others refer to them by the fields `name`.
    fn section<E: DeserializeOwned>(&mut self, section: Section, name: &[&str]) -> Vec<Placed<E>> {
        let header = format!("[[{}]]", section.name());
        let entries = match self.tree.tables.remove(section.name()) {
            None => return Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                let message = format!("must be a list of tables, each under a header {header}");
                self.mistakes.other(None, &header, message);
                return Vec::new();
            }
        };
        let mut read = Vec::with_capacity(entries.len());
        for (index, value) in entries.iter().enumerate() {
            let place = Place {
                section,
                number: index + 1,
                line: self.tree.line(section.name(), index),
            };
            let parts: Option<Vec<_>> = name.iter().map(|field| value.get(field)?.as_str()).collect();
            let name = parts
                .filter(|parts| !parts.is_empty())
                .map(|parts| parts.join("/"));
            match reader::read(value, place, self.zone, self.mistakes) {
                Some(entry) => read.push(Placed { place, name, entry }),
                None => {
                    self.unread.sections.insert(section);
                    self.unread.names.extend(name.map(|name| (section, name)));
                }
            }
        }
        read
    }

    fn first_id(&mut self) -> Option<u64> {
        let table = self.tree.tables.remove("ids")?;
        ids::first(table, self.tree.line("ids", 0), self.mistakes)
    }

    /// Every table that is left is unknown.
    fn finish(self) -> Unread {
        let mut known = Section::ALL.map(Section::name).to_vec();
        known.push("ids");
        for name in self.tree.tables.keys() {
            let message = format!("is not a known section{}", suggestion(name, &known));
            self.mistakes
                .other(None, &format!("[[{}]]", short(name)), message);
        }
        self.unread
    }
}

#[cfg(test)]
mod tests;
