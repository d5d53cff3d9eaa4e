#![allow(clippy::unwrap_used)]
use super::*;
use crate::wire::msgpack::asked;
use crate::wire::{access, dataset, report};
use beamlive_actors::access::history::RawEntry;
use beamlive_actors::facility::catalog::Catalog;
use chrono_tz::Tz;
use std::collections::BTreeSet;

/// A map without entries, in which a reader looks up every field that it knows.
const EMPTY: [u8; 1] = [0x80];

fn fields<T: ToSchema>() -> BTreeSet<String> {
    let schema = serde_json::to_value(T::schema()).unwrap();
    let fields = schema.get("properties").and_then(Value::as_object).unwrap();
    fields.keys().cloned().collect()
}

#[test]
fn a_dataset_has_the_fields_that_are_read() {
    let read = asked::by(|| dataset::parse(&EMPTY, &Catalog::default(), Tz::UTC));
    assert_eq!(fields::<DatasetFields>(), read);
}

#[test]
fn a_report_has_the_fields_that_are_read() {
    let read = asked::by(|| report::parse(&EMPTY));
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
