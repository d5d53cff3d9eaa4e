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

/// Even if the body has both names of a field.
#[test]
fn no_field_of_a_dataset_is_kept_as_metadata() {
    let body = serde_json::json!({
        "directory": "/users/alice/xtal", "type": "DATA", "name": "xtal", "energy": 12.6, "exposure": 0.5,
        "exposure_time": 0.5, "attenuation": 50.0, "beam_size": 20.0, "filename": "xtal_1.cbf",
        "file_name": "xtal_1.cbf", "frames": "1-4", "sample_id": 3, "start_time": "2026-11-23T15:00:00Z",
        "end_time": "2026-11-23T16:00:00Z", "id": 7, "data_id": 7, "uuid": "u",
    });
    let names = body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields::<DatasetFields>(), names);
    let packed = rmp_serde::to_vec(&body).unwrap();
    let body = Body::parse(&packed, 1).unwrap();
    let upload = dataset(&mut Reader::of(&body), &Catalog::default(), Tz::UTC);
    assert_eq!(upload.meta_data, [0x80]);
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
