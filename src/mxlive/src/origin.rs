//! The record that beamlive puts first in a dump: the ids that it has given.

use crate::dump::fields::{FieldError, Fields};
use beamlive_storage::Table;
use rmpv::Value;
use std::collections::BTreeMap;

/// The names of the tables whose ids are listed.
pub(crate) const TABLES: [(&str, Table); 14] = [
    ("project", Table::Project),
    ("person", Table::Person),
    ("beamline", Table::Beamline),
    ("data_type", Table::DataType),
    ("container_type", Table::ContainerType),
    ("container", Table::Container),
    ("automounter", Table::Automounter),
    ("group", Table::Group),
    ("sample", Table::Sample),
    ("access_list", Table::AccessList),
    ("beamtime", Table::Beamtime),
    ("session", Table::Session),
    ("dataset", Table::Dataset),
    ("report", Table::Report),
];

/// What the record says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The last id given in each table.
    pub(crate) last: BTreeMap<Table, u64>,
    /// Ranges of ids that were never given: table, first, last.
    pub(crate) skipped: Vec<(Table, u64, u64)>,
}

impl Origin {
    pub(crate) fn read(fields: &Fields) -> Result<Self, FieldError> {
        let mut origin = Self::default();
        for (name, value) in entries(fields, "last") {
            let (Some(table), Some(last)) = (table(&name), value.as_u64()) else {
                return Err(wrong("last"));
            };
            origin.last.insert(table, last);
        }
        for (name, value) in entries(fields, "skipped") {
            let ranges = value.as_array().map(Vec::as_slice).unwrap_or_default();
            for range in ranges {
                let ends = range.as_array().map(Vec::as_slice);
                let Some([first, last]) = ends else {
                    return Err(wrong("skipped"));
                };
                let (Some(table), Some(first), Some(last)) = (table(&name), first.as_u64(), last.as_u64())
                else {
                    return Err(wrong("skipped"));
                };
                origin.skipped.push((table, first, last));
            }
        }
        fields.skip(&["version"]);
        Ok(origin)
    }
}

fn entries(fields: &Fields, name: &'static str) -> Vec<(String, Value)> {
    let Some(Value::Map(entries)) = fields.json(name) else {
        return Vec::new();
    };
    let named = |(name, value): (Value, Value)| Some((name.as_str()?.to_owned(), value));
    entries.into_iter().filter_map(named).collect()
}

fn table(name: &str) -> Option<Table> {
    let found = TABLES.iter().find(|(known, _)| *known == name);
    found.map(|(_, table)| *table)
}

fn wrong(field: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        message: "must name tables and their ids".to_owned(),
    }
}
