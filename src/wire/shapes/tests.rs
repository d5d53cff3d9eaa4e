#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::access;
use crate::wire::dataset::dataset;
use crate::wire::msgpack::Body;
use crate::wire::reader::Reader;
use crate::wire::report::report;
use beamlive_actors::access::history::RawEntry;
use beamlive_actors::facility::catalog::Catalog;
use chrono_tz::Tz;
use std::collections::BTreeSet;

/// The fields that `read` looks up in a map without entries.
fn asked<T>(read: impl FnOnce(&mut Reader<'_>) -> T) -> BTreeSet<String> {
    let body = Body::parse(&[0x80], 1).unwrap();
    let mut reader = Reader::of(&body);
    read(&mut reader);
    reader.asked.into_iter().map(str::to_owned).collect()
}

fn fields<T: ToSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(T::schema()).unwrap();
    let fields = schema.get("properties").and_then(Value::as_object).unwrap();
    fields.keys().cloned().collect()
}

#[test]
fn a_dataset_has_the_fields_that_are_read() {
    let read = asked(|read| dataset(read, &Catalog::default(), Tz::UTC));
    assert_eq!(fields::<DatasetFields>(), read);
}

#[test]
fn a_report_has_the_fields_that_are_read() {
    let read = asked(report);
    assert_eq!(fields::<ReportFields>(), read);
}

#[test]
fn a_connection_has_the_fields_that_are_read() {
    let names = fields::<ConnectionReport>();
    let report: serde_json::Map<_, _> = names
        .iter()
        .map(|name| (name.clone(), name.clone().into()))
        .collect();
    let entries = access::parse(&rmp_serde::to_vec(&[report]).unwrap()).unwrap();
    let RawEntry {
        project,
        name,
        status,
        date,
        start_time,
        end_time,
    } = entries.first().unwrap().clone();
    let read = [project, name, status, date, start_time, end_time];
    assert_eq!(BTreeSet::from(read), names);
}
