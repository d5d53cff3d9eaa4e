//! The facility file: TOML or JSON of the same shape, read into entries of which each is right by itself.
//!
//! What an entry refers to, and what the facility looks like afterwards, is [`super::plan`]'s to judge.

mod entries;
mod fields;
mod ids;
mod rules;
mod sections;
mod text;

pub use entries::{
    AccessListEntry, AutomounterEntry, BeamlineEntry, BeamtimeEntry, ContainerEntry, ContainerName,
    ContainerTypeEntry, DataTypeEntry, GroupEntry, Placed, ProjectEntry, SampleEntry,
};

use super::place::{suggestion, Mistake, Mistakes, Place, Section};
use chrono_tz::Tz;
use fields::{shown, Fields};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What a facility file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML, as people write it.
    Toml,
    /// JSON, as programs write it.
    Json,
}

/// What a facility file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declaration {
    /// Accounts.
    pub projects: Vec<Placed<ProjectEntry>>,
    /// Beamlines.
    pub beamlines: Vec<Placed<BeamlineEntry>>,
    /// Data types.
    pub data_types: Vec<Placed<DataTypeEntry>>,
    /// Kinds of containers.
    pub container_types: Vec<Placed<ContainerTypeEntry>>,
    /// Containers.
    pub containers: Vec<Placed<ContainerEntry>>,
    /// Automounters.
    pub automounters: Vec<Placed<AutomounterEntry>>,
    /// Groups.
    pub groups: Vec<Placed<GroupEntry>>,
    /// Samples.
    pub samples: Vec<Placed<SampleEntry>>,
    /// Access lists.
    pub access_lists: Vec<Placed<AccessListEntry>>,
    /// Beamtimes.
    pub beamtimes: Vec<Placed<BeamtimeEntry>>,
    /// Ids of sessions, datasets, reports and samples start above this.
    pub first_id: Option<u64>,
    /// Names of entries that stand in the file but could not be read: whoever refers to them makes no mistake.
    pub unread: HashSet<(Section, String)>,
}

impl Declaration {
    /// Reads a facility file. Naive times are on the clocks of `zone`.
    ///
    /// # Errors
    /// Every mistake that can be seen without knowing the facility, each with its place.
    pub fn parse(text: &str, format: Format, zone: Tz) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Mistakes::new();
        let declaration = Self::read(text, format, zone, &mut mistakes);
        if mistakes.is_empty() {
            Ok(declaration.unwrap_or_default())
        } else {
            Err(mistakes.into_list())
        }
    }

    /// As [`Self::parse`], but keeps the entries that are right, so that these can be judged too. `None` when the
    /// text is no TOML or JSON at all.
    pub fn read(text: &str, format: Format, zone: Tz, mistakes: &mut Mistakes) -> Option<Self> {
        let mut tree = text::Tree::read(text, format, mistakes)?;
        let mut this = Self::default();
        for section in Section::ALL {
            let Some(value) = tree.tables.remove(section.name()) else {
                continue;
            };
            let name = section.name();
            let Value::Array(entries) = value else {
                let message = format!("must be a list of tables, each under a header [[{name}]]");
                mistakes.other(None, &format!("[[{name}]]"), message);
                continue;
            };
            let count = entries.len();
            for (index, entry) in entries.into_iter().enumerate() {
                let place = Place {
                    section,
                    number: index + 1,
                    line: tree.line(section, index, count),
                };
                match entry {
                    Value::Object(fields) => this.entry(place, fields, zone, mistakes),
                    other => {
                        mistakes.entry(place, format!("must be a table of fields, not {}", shown(&other)))
                    }
                }
            }
        }
        if let Some(table) = tree.tables.remove("ids") {
            this.first_id = ids::first(table, tree.ids_line, mistakes);
        }
        let mut known = Section::ALL.map(Section::name).to_vec();
        known.push("ids");
        for name in tree.tables.keys() {
            let short: String = name
                .chars()
                .take(80)
                .map(|c| if c.is_control() { '?' } else { c })
                .collect();
            let message = format!("is not a known section{}", suggestion(name, &known));
            mistakes.other(None, &format!("[[{short}]]"), message);
        }
        Some(this)
    }

    fn entry(&mut self, place: Place, table: Map<String, Value>, zone: Tz, mistakes: &mut Mistakes) {
        let mut fields = Fields::new(place, table, mistakes);
        let named = name_of(place.section, &fields);
        let f = &mut fields;
        macro_rules! keep {
            ($list:ident, $read:expr) => {{
                let entry = $read;
                if let (true, Some(entry)) = (fields.finish(), entry) {
                    self.$list.push(Placed { place, entry });
                    return;
                }
            }};
        }
        match place.section {
            Section::Project => keep!(projects, sections::project(f)),
            Section::Beamline => keep!(beamlines, sections::beamline(f)),
            Section::DataType => keep!(data_types, sections::data_type(f)),
            Section::ContainerType => keep!(container_types, sections::container_type(f)),
            Section::Container => keep!(containers, sections::container(f)),
            Section::Automounter => keep!(automounters, sections::automounter(f)),
            Section::Group => keep!(groups, sections::group(f)),
            Section::Sample => keep!(samples, sections::sample(f)),
            Section::AccessList => keep!(access_lists, sections::access_list(f)),
            Section::Beamtime => keep!(beamtimes, sections::beamtime(f, zone)),
        }
        self.unread.extend(named.map(|name| (place.section, name)));
    }
}

/// How [`Declaration::unread`] names a thing that belongs to a project.
pub(super) fn owned(project: &str, name: &str) -> String {
    format!("{project}/{name}")
}

fn name_of(section: Section, fields: &Fields<'_>) -> Option<String> {
    match section {
        Section::Project => fields.peek("username").map(str::to_owned),
        Section::Beamline | Section::DataType => fields.peek("acronym").map(str::to_owned),
        Section::ContainerType => fields.peek("name").map(str::to_owned),
        Section::Container | Section::Group => Some(owned(fields.peek("project")?, fields.peek("name")?)),
        Section::Automounter | Section::Sample | Section::AccessList | Section::Beamtime => None,
    }
}

#[cfg(test)]
mod tests;
