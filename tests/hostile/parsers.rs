//! The parsers of bodies accept or refuse any bytes, and never panic.

use crate::support::msgpack::{pack, value};
use beamlive::wire::json::{self as wire_json, AsJson};
use beamlive::wire::msgpack::Value as Parsed;
use beamlive::wire::{access, dataset, report};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::records::DataType;
use beamlive_storage::Versioned;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{json, Value};

/// The deepest nesting that is stored.
const DEPTH: usize = 128;

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    let record = DataType {
        acronym: "DATA".to_owned(),
        name: "Data".to_owned(),
        aliases: Vec::new(),
        metadata: Vec::new(),
    };
    catalog.data_types.put(1, Versioned { revision: 1, record });
    catalog
}

/// A valid body of each kind, with all fields.
fn good() -> Vec<Vec<u8>> {
    let dataset = json!({
        "directory": "/users/alice/x", "type": "DATA", "name": "n", "energy": 12.6, "exposure": 0.5, "attenuation": 1,
        "beam_size": 50, "filename": "f_{:05d}.cbf", "frames": "1-4,8,10-99", "sample_id": 3, "id": 4, "uuid": "u-1",
        "start_time": "2026-11-23T15:00:00.123456+00:00", "end_time": "2026-11-23T09:06:10.654321", "roi": [11.1, 11.3],
        "beam_flux": 250_000_000_000_u64, "more": {"a": [1, null, {"b": true}]},
    });
    let report = json!({
        "directory": "/users/alice/x", "title": "t", "kind": "k", "score": 0.87, "data_id": [1, null, 3], "id": 5,
        "details": [{"title": "Quality", "content": [{"kind": "table", "data": [["Score", 0.87], [1, 2, 3]]}]}],
    });
    let list = json!([
        {"project": "alice", "name": "D-1", "status": "Connected", "date": "2026-11-23 09:00:00"},
        {"project": "bob", "name": "D-2", "status": "Finished", "date": "2026-11-23 09:00:01"},
    ]);
    [dataset, report, list]
        .iter()
        .map(|body| pack(&value(body)))
        .collect()
}

/// Parses bytes as each kind of body. Accepted bodies must be complete and readable.
fn parse_all(bytes: &[u8]) -> (bool, bool, bool) {
    let as_dataset = dataset::parse(bytes, &catalog(), chrono_tz::America::Regina);
    if let Ok(upload) = &as_dataset {
        assert!(upload.energy.is_finite() && upload.energy > 0.0);
        assert!(upload.common.name.chars().count() <= 255 && upload.common.directory.len() <= 4096);
        readable(&upload.meta_data);
    }
    let as_report = report::parse(bytes);
    if let Ok(upload) = &as_report {
        assert!(upload.score.is_finite());
        readable(&upload.details);
    }
    let as_list = access::parse(bytes);
    for mistakes in [as_dataset.as_ref().err(), as_report.as_ref().err()]
        .into_iter()
        .flatten()
    {
        assert!(!mistakes.is_empty() && mistakes.len() <= 65);
    }
    (as_dataset.is_ok(), as_report.is_ok(), as_list.is_ok())
}

/// Asserts that stored bytes are one MessagePack value that can be shown as JSON.
fn readable(kept: &[u8]) {
    Parsed::parse(kept, DEPTH).unwrap();
    let text = serde_json::to_vec(&AsJson(kept)).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap();
}

/// One change to a body.
#[derive(Debug, Clone)]
enum Mutation {
    Set(usize, u8),
    Flip(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
    Repeat(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let marker = prop_oneof![any::<u8>(), (0xc0..=0xdf_u8), Just(0x81), Just(0x91)];
    prop_oneof![
        (any::<usize>(), marker.clone()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (any::<usize>(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        any::<usize>().prop_map(Mutation::Cut),
        (any::<usize>(), 1..9_usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (any::<usize>(), vec(marker, 1..9)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match mutation {
        Mutation::Set(at, byte) => bytes[at % length] = *byte,
        Mutation::Flip(at, bit) => bytes[at % length] ^= 1 << bit,
        Mutation::Cut(at) => bytes.truncate(at % length),
        Mutation::Remove(at, count) => {
            let start = at % length;
            bytes.drain(start..(start + count).min(length));
        }
        Mutation::Insert(at, more) => {
            let start = at % length;
            bytes.splice(start..start, more.iter().copied());
        }
        Mutation::Repeat(at, count) => {
            let start = at % length;
            let part = bytes[start..(start + count).min(length)].to_vec();
            bytes.splice(start..start, part);
        }
    }
}

/// Any JSON value of moderate size.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn the_valid_bodies_are_accepted() {
    let accepted: Vec<_> = good().iter().map(|body| parse_all(body)).collect();
    assert!(accepted[0].0 && accepted[1].1 && accepted[2].2, "{accepted:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_or_accepted(bytes in vec(any::<u8>(), 0..400)) {
        parse_all(&bytes);
    }

    #[test]
    fn any_markers_are_refused_or_accepted(bytes in vec(prop_oneof![0x80..=0x9f_u8, 0xc0..=0xdf_u8, any::<u8>()], 0..400)) {
        parse_all(&bytes);
    }

    #[test]
    fn mutated_bodies_are_refused_or_accepted(which in 0..3_usize, mutations in vec(mutation(), 1..6)) {
        let mut bytes = good().swap_remove(which);
        for mutation in &mutations {
            mutate(&mut bytes, mutation);
        }
        parse_all(&bytes);
    }

    #[test]
    fn any_text_as_json_is_refused_or_accepted(text in vec(any::<u8>(), 0..200)) {
        if let Ok(bytes) = wire_json::to_msgpack(&text, DEPTH) {
            parse_all(&bytes);
        }
    }

    #[test]
    fn any_values_in_all_fields_are_refused_or_accepted(values in vec(any_json(), 12)) {
        let names = ["directory", "type", "name", "energy", "exposure", "frames", "sample_id", "start_time", "id", "data_id", "score", "details"];
        let body: serde_json::Map<_, _> = names.iter().map(|name| (*name).to_owned()).zip(values.iter().cloned()).collect();
        parse_all(&pack(&value(&Value::Object(body))));
        let text = serde_json::to_vec(&json!(values)).unwrap();
        let bytes = wire_json::to_msgpack(&text, DEPTH).unwrap();
        parse_all(&bytes);
    }

    #[test]
    fn any_extra_value_is_kept_unchanged(extra in any_json()) {
        let mut body = json!({"directory": "/x", "type": "DATA", "name": "n", "energy": 1, "exposure": 1});
        body["extra"] = extra.clone();
        let upload = dataset::parse(&pack(&value(&body)), &catalog(), chrono_tz::Tz::UTC).unwrap();
        let text = serde_json::to_vec(&AsJson(&upload.meta_data)).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), json!({"extra": extra}));
    }
}
