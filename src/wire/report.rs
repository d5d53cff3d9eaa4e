//! The body of `report/`.

use super::reader::{self, integer, Reader, MAX_FIELD_DEPTH};
use beamlive_actors::session::report::{ReportUpload, MAX_DATASETS};
use beamlive_actors::session::upload::CommonFields;
use std::collections::BTreeMap;

/// Longest title or kind.
const MAX_NAME: usize = 255;
/// The kind of a report that names none.
const DEFAULT_KIND: &str = "Data Analysis";
/// An empty MessagePack list.
const NO_DETAILS: u8 = 0x90;

/// Reads a MessagePack body. Unknown fields are ignored.
///
/// # Errors
/// What is wrong with each field.
pub fn parse(bytes: &[u8]) -> Result<ReportUpload, BTreeMap<String, String>> {
    reader::read(bytes, report)
}

pub(super) fn report(read: &mut Reader<'_>) -> ReportUpload {
    let directory = read.directory();
    let kind = read
        .text(&["kind", "type"], MAX_NAME)
        .filter(|kind| !kind.is_empty())
        .unwrap_or(DEFAULT_KIND);
    let name = read
        .text(&["title", "name"], MAX_NAME)
        .filter(|name| !name.is_empty())
        .unwrap_or(kind);
    let score = read.measured(&["score"], "a number or null", |_| true);
    let data_id = data_ids(read);
    let details = details(read);
    let id = read.id(&["id"]);
    ReportUpload {
        common: CommonFields {
            directory,
            name: name.to_owned(),
            kind: kind.to_owned(),
            id,
            notes: std::mem::take(&mut read.notes),
        },
        score: score.unwrap_or(0.0),
        data_id,
        details,
    }
}

/// The ids of the datasets: a list, whose nulls are skipped, or a single id.
fn data_ids(read: &mut Reader<'_>) -> Vec<i64> {
    let Some((name, value)) = read.value(&["data_id"]) else {
        return Vec::new();
    };
    if let Some(only) = integer(&value) {
        return vec![only];
    }
    let Some(items) = value.items() else {
        read.errors
            .add(name, format!("must be a list of ids, not {}", value.kind()));
        return Vec::new();
    };
    let mut ids = Vec::new();
    for (index, item) in items.enumerate() {
        if index >= MAX_DATASETS {
            read.errors
                .add(name, format!("has more than {MAX_DATASETS} entries"));
            break;
        }
        match integer(&item) {
            Some(id) => ids.push(id),
            None if item.is_nil() => {}
            None => read.errors.add(
                &format!("{name}[{index}]"),
                format!("must be an id or null, not {}", item.kind()),
            ),
        }
    }
    ids
}

fn details(read: &mut Reader<'_>) -> Vec<u8> {
    let Some((name, value)) = read.value(&["details"]) else {
        return vec![NO_DETAILS];
    };
    if value.items().is_none() && value.entries().is_none() {
        read.errors
            .add(name, format!("must be a list or a map, not {}", value.kind()));
    } else if value.depth() > MAX_FIELD_DEPTH {
        read.errors
            .add(name, format!("is nested deeper than {MAX_FIELD_DEPTH}"));
    }
    value.raw().to_vec()
}
