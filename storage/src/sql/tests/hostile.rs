//! Values that PostgreSQL does not take as they are, and bytes that mean nothing.

use super::samples::{connection, dataset, facility, key, report, set, T1};
use crate::group::Rows;
use crate::ids::{AccessListId, ProjectId, SampleId};
use crate::keys::{self, Table};
use crate::records::{ConnectionStatus, Dataset, Report};
use crate::sql::json::json as shown_as;
use crate::sql::project;
use crate::Timestamp;
use proptest::prelude::*;
use rmpv::Value as Packed;
use rstest::rstest;
use serde_json::{json, Value};

fn packed(value: &Packed) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

/// `depth` lists inside each other.
fn nested(depth: usize) -> Vec<u8> {
    [vec![0x91; depth], vec![0xc0]].concat()
}

#[rstest]
#[case::nan(Packed::F64(f64::NAN), Value::Null)]
#[case::infinity(Packed::F64(f64::NEG_INFINITY), Value::Null)]
#[case::small_infinity(Packed::F32(f32::INFINITY), Value::Null)]
#[case::few_digits(Packed::F32(0.1), json!(0.1))]
#[case::float(Packed::F64(2.0), json!(2.0))]
#[case::greatest(Packed::from(u64::MAX), json!(u64::MAX))]
#[case::least(Packed::from(i64::MIN), json!(i64::MIN))]
#[case::nul(Packed::from("a\0b"), json!("a\u{fffd}b"))]
#[case::text_as_binary(Packed::Binary(b"text\0".to_vec()), json!("text\u{fffd}"))]
#[case::binary(Packed::Binary(vec![0xff, 0, 1]), json!("/wAB"))]
#[case::extension(Packed::Ext(7, vec![1, 2, 3]), json!({ "ext": 7, "data": "AQID" }))]
#[case::time(Packed::Ext(-1, vec![0x68, 0xe7, 0x78, 0x80]), json!("2025-10-09T08:55:28Z"))]
#[case::precise_time(
    Packed::Ext(-1, ((1_u64 << 34) * 500_000_000 + 1).to_be_bytes().to_vec()),
    json!("1970-01-01T00:00:01.500Z")
)]
#[case::old_time(
    Packed::Ext(-1, [&[0; 4][..], &(-1_i64).to_be_bytes()].concat()),
    json!("1969-12-31T23:59:59Z")
)]
#[case::no_time(Packed::Ext(-1, vec![0xff; 12]), json!({ "ext": -1, "data": "////////////////" }))]
#[case::short_time(Packed::Ext(-1, vec![1]), json!({ "ext": -1, "data": "AQ==" }))]
#[case::keys(
    Packed::Map(vec![
        (Packed::from(1), Packed::from("a")),
        (Packed::Nil, Packed::from("b")),
        (Packed::Binary(vec![0xff]), Packed::from("c")),
        (Packed::Array(vec![Packed::Nil]), Packed::from("d")),
        (Packed::from("\0"), Packed::from("e")),
    ]),
    json!({ "1": "a", "null": "b", "/w==": "c", "kcA=": "d", "\u{fffd}": "e" })
)]
#[case::repeated(
    Packed::Map(vec![(Packed::from("k"), Packed::from(1)), (Packed::from("k"), Packed::from(2))]),
    json!({ "k": 2 })
)]
fn messagepack_as_json(#[case] value: Packed, #[case] shown: Value) {
    assert_eq!(shown_as(&packed(&value)), shown);
}

#[rstest]
#[case::lone_surrogate(b"\xa3\xed\xa0\x80".to_vec(), json!("\u{fffd}\u{fffd}\u{fffd}"))]
#[case::cut_off(vec![0x92, 1], Value::Null)]
#[case::reserved(vec![0xc1], Value::Null)]
#[case::promised(vec![0xdd, 0xff, 0xff, 0xff, 0xff], Value::Null)]
#[case::nothing(vec![], Value::Null)]
#[case::too_deep(nested(1_000_000), Value::Null)]
#[case::long(vec![0xc0; (1 << 20) + 1], json!({ "omitted_bytes": (1 << 20) + 1 }))]
fn bytes_as_json(#[case] bytes: Vec<u8>, #[case] shown: Value) {
    assert_eq!(shown_as(&bytes), shown);
}

#[test]
fn what_an_upload_may_nest_is_shown() {
    assert_eq!(
        shown_as(&nested(128)).to_string(),
        format!("{}null{}", "[".repeat(128), "]".repeat(128))
    );
}

/// Rows of which every value is the worst there is. The tests with a database insert them.
pub(super) fn worst() -> Rows {
    let mut rows = Rows::new();
    let long = "\0\u{10ffff}'\\\"$1; --\n".repeat(3_000);
    let worst = Dataset {
        sample: Some(SampleId(u64::MAX)),
        group: Some(long.clone()),
        name: long.clone(),
        kind: long.clone(),
        filename: Some(long.clone()),
        uuid: Some(long.clone()),
        num_frames: u64::MAX,
        energy: f64::NAN,
        exposure: Some(f64::INFINITY),
        attenuation: Some(f64::MAX),
        beam_size: Some(5e-324),
        start_time: Timestamp(i64::MIN),
        end_time: Timestamp(i64::MAX),
        address: Some("::ffff:10.0.0.1".parse().unwrap()),
        meta_data: packed(&Packed::Map(vec![
            (Packed::from("\0"), Packed::F64(f64::NAN)),
            (Packed::from("max"), Packed::F64(f64::MAX)),
            (Packed::from("min"), Packed::F64(5e-324)),
            (Packed::from("zero"), Packed::F64(-0.0)),
            (Packed::from("text"), Packed::from(long.as_str())),
            (Packed::from(""), Packed::Binary(vec![0xff; 100])),
            (Packed::from("great"), Packed::from(u64::MAX)),
        ])),
        ..dataset()
    };
    set(&mut rows, key(Table::Dataset, u64::MAX), &worst);
    let deep = Dataset {
        meta_data: nested(149),
        ..dataset()
    };
    set(&mut rows, key(Table::Dataset, 1 << 63), &deep);
    let broken = Dataset {
        meta_data: vec![0xc1],
        ..dataset()
    };
    set(&mut rows, key(Table::Dataset, 7), &broken);
    let many = [vec![0xdd, 0, 0x0f, 0xff, 0xf0], vec![1; 0xf_fff0]].concat();
    let many = Report {
        details: many,
        score: f64::NAN,
        ..report()
    };
    set(&mut rows, key(Table::Report, 7), &many);
    let mut remote = connection();
    remote.history = vec![(ConnectionStatus::Failed, Timestamp(i64::MIN)); 100];
    for name in ["", "\0", &long] {
        set(
            &mut rows,
            keys::connection(AccessListId(u64::MAX), ProjectId(0), name),
            &remote,
        );
    }
    rows
}

#[test]
fn the_worst_rows_are_shown() {
    let changes = project(&worst());
    let rows = |n: usize| changes[n].rows.as_ref().unwrap().as_array().unwrap();
    assert_eq!([rows(0).len(), rows(1).len(), rows(2).len()], [3, 1, 3]);
    assert!(changes.iter().all(|change| change.removed.is_none()));
    let row = rows(0).iter().find(|row| row["id"] == -1).unwrap();
    assert_eq!(row["num_frames"], i64::MAX);
    assert_eq!(row["energy"], Value::Null);
    assert_eq!(row["start_time"], "0001-01-01T00:00:00.000000Z");
    assert_eq!(row["end_time"], "9999-12-31T23:59:59.999999Z");
    assert_eq!(rows(1)[0]["details"].as_array().unwrap().len(), 0xf_fff0);
}

/// MessagePack of every kind.
pub(super) fn packed_value() -> impl Strategy<Value = Packed> {
    let leaf = prop_oneof![
        Just(Packed::Nil),
        any::<bool>().prop_map(Packed::from),
        any::<i64>().prop_map(Packed::from),
        any::<u64>().prop_map(Packed::from),
        any::<u32>().prop_map(|bits| Packed::F32(f32::from_bits(bits))),
        any::<u64>().prop_map(|bits| Packed::F64(f64::from_bits(bits))),
        proptest::collection::vec(any::<char>(), 0..8).prop_map(|text| Packed::from(String::from_iter(text))),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Packed::Binary),
        (any::<i8>(), proptest::collection::vec(any::<u8>(), 0..13)).prop_map(|(k, d)| Packed::Ext(k, d)),
        proptest::sample::select(vec![4_usize, 8, 12])
            .prop_flat_map(|n| proptest::collection::vec(any::<u8>(), n))
            .prop_map(|data| Packed::Ext(-1, data)),
    ];
    leaf.prop_recursive(4, 30, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Packed::Array),
            proptest::collection::vec((inner.clone(), inner), 0..6).prop_map(Packed::Map),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_projected_without_a_panic(
        entries in proptest::collection::vec(
            (
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..30),
                    (proptest::sample::select(vec![10_u8, 14, 17, 31, 32, 40, 50, 70, 80, 255]), any::<u64>())
                        .prop_map(|(table, id)| [&[table][..], &id.to_be_bytes()].concat()),
                ],
                proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
            ),
            0..12,
        ),
        cut in 0..400_usize,
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        project(&entries.into_iter().collect());
        // Real records with some bytes changed.
        let mut rows = facility();
        for value in rows.values_mut().flatten() {
            for (place, byte) in &flips {
                let place = place.index(value.len());
                value[place] ^= byte;
            }
            value.truncate(cut.max(1));
        }
        let changes = project(&rows);
        let shown = |list: &Option<Value>| list.as_ref().map_or(0, |list| list.as_array().unwrap().len());
        let rows: usize = changes.iter().map(|it| shown(&it.rows) + shown(&it.removed)).sum();
        // Seventeen tables; the session has two stretches.
        prop_assert_eq!(rows, 18, "each record is shown or removed");
    }

    #[test]
    fn any_messagepack_is_json_that_can_be_read(value in packed_value()) {
        let shown = shown_as(&packed(&value)).to_string();
        prop_assert!(serde_json::from_str::<Value>(&shown).is_ok());
        prop_assert!(!shown.contains("\\u0000"));
    }

    #[test]
    fn any_bytes_are_json(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let shown = shown_as(&bytes).to_string();
        prop_assert!(serde_json::from_str::<Value>(&shown).is_ok());
    }

    #[test]
    fn any_time_is_one_that_clients_read(micros in any::<i64>()) {
        let mut rows = Rows::new();
        let record = Dataset { start_time: Timestamp(micros), end_time: T1, ..dataset() };
        set(&mut rows, key(Table::Dataset, 1), &record);
        let change = project(&rows).remove(0);
        let rows = change.rows.unwrap();
        let text = rows[0]["start_time"].as_str().unwrap();
        prop_assert_eq!(text.len(), "2025-10-09T08:53:20.123456Z".len());
    }
}
