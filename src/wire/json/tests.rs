#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use proptest::prelude::*;
use serde_json::{json, Value as Json};

fn from(bytes: &[u8]) -> String {
    serde_json::to_string(&AsJson(bytes)).unwrap()
}

fn round_trip(json: &str) -> String {
    from(&to_msgpack(json.as_bytes(), MAX_DEPTH).unwrap())
}

fn payloads() -> Vec<(String, Json)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/payloads");
    let read = |path: std::path::PathBuf| {
        let file: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (path.display().to_string(), file["example"].clone())
    };
    let payloads: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| read(entry.unwrap().path()))
        .collect();
    assert!(payloads.len() >= 13);
    payloads
}

#[test]
fn real_bodies_survive_a_round_trip() {
    for (path, example) in payloads() {
        let text = example.to_string();
        assert_eq!(round_trip(&text), text, "{path}");
        assert_eq!(from(&rmp_serde::to_vec(&example).unwrap()), text, "{path}");
        let packed = to_msgpack(text.as_bytes(), MAX_DEPTH).unwrap();
        assert_eq!(rmp_serde::from_slice::<Json>(&packed).unwrap(), example, "{path}");
    }
}

#[test]
fn numbers_keep_their_type_and_every_digit() {
    for same in [
        "0",
        "127",
        "128",
        "255",
        "256",
        "65535",
        "65536",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "-1",
        "-32",
        "-33",
        "-128",
        "-129",
        "-32768",
        "-32769",
        "-2147483648",
        "-2147483649",
        "-9223372036854775808",
        "1.0",
        "-0.0",
        "0.1",
        "12.658",
        "5e-324",
        "1.7976931348623157e+308",
        "2.2250738585072014e-308",
        "0.3433332545420103",
        "null",
        "true",
        "false",
        "\"\"",
        "[]",
        "{}",
        "[[],{}]",
        "{\"a\":{\"b\":[1,2.0]}}",
        "{\"twice\":1,\"twice\":2}",
        "\"é\\n\\u0000\"",
    ] {
        assert_eq!(round_trip(same), same);
    }
    for (sent, back) in [
        (" [ 1 , 2 ] ", "[1,2]"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("1E3", "1000.0"),
        ("\"\\u00e9\\/\"", "\"é/\""),
    ] {
        assert_eq!(round_trip(sent), back);
    }
}

#[test]
fn strings_and_lists_of_every_length_are_packed_well() {
    for length in [31, 32, 255, 256, 65_535, 65_536] {
        let example = json!({ "text": "x".repeat(length), "list": vec![7; length] });
        let packed = to_msgpack(example.to_string().as_bytes(), MAX_DEPTH).unwrap();
        assert_eq!(rmp_serde::from_slice::<Json>(&packed).unwrap(), example);
    }
}

#[test]
fn json_written_by_python_is_read() {
    for (text, kept) in [
        ("NaN", "null"),
        ("[Infinity,-Infinity , NaN]", "[null,null,null]"),
        (
            r#"{"NaN":-Infinity,"a":"NaN","b\\\"NaN":"\\"}"#,
            r#"{"NaN":null,"a":"NaN","b\\\"NaN":"\\"}"#,
        ),
        ("[-1,-0.5]", "[-1,-0.5]"),
        ("\u{feff}{}", "{}"),
    ] {
        assert_eq!(round_trip(text), kept, "{text}");
    }
    let packed = to_msgpack(b"[NaN,Infinity,-Infinity]", MAX_DEPTH).unwrap();
    let numbers: Vec<f64> = rmp_serde::from_slice(&packed).unwrap();
    assert!(numbers[0].is_nan());
    assert_eq!(numbers[1..], [f64::INFINITY, f64::NEG_INFINITY]);
}

#[test]
fn text_that_is_not_json_is_refused() {
    for bad in [
        &b""[..],
        b" ",
        b"{",
        b"[1,]",
        b"{\"a\"}",
        b"{a:1}",
        b"{1:1}",
        b"Na",
        b"[+Infinity]",
        b"{NaN}",
        b"-",
        b"01",
        b"1e999",
        b"\"\xff\"",
        b"\"\\ud800\"",
        b"\"\n\"",
        b"1 2",
        b"{}x",
        b"[]]",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"nul",
        b"\xc0",
    ] {
        let error = to_msgpack(bad, MAX_DEPTH).unwrap_err();
        assert!(
            matches!(&error, BodyError::Json { reason } if reason.contains("line")),
            "{error}"
        );
    }
}

#[test]
fn the_nesting_of_json_is_limited() {
    let nested = |open: &str, close: &str, levels| open.repeat(levels) + "1" + &close.repeat(levels);
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        assert!(to_msgpack(nested(open, close, 64).as_bytes(), 64).is_ok());
        let error = to_msgpack(nested(open, close, 65).as_bytes(), 64).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("nested deeper than 64 levels at line 1"),
            "{error}"
        );
        assert_eq!(round_trip(&nested(open, close, 127)), nested(open, close, 127));
        assert!(to_msgpack(nested(open, close, 128).as_bytes(), usize::MAX).is_err());
        assert!(to_msgpack(open.repeat(1 << 20).as_bytes(), usize::MAX).is_err());
    }
    assert!(to_msgpack(b"1", 0).is_ok() && to_msgpack(b"[]", 0).is_err());
}

#[test]
fn values_that_json_lacks_are_written_as_json_values() {
    for (bytes, json) in [
        (&b"\xcb\x7f\xf0\0\0\0\0\0\0"[..], "null"),
        (b"\xcb\x7f\xf8\0\0\0\0\0\0", "null"),
        (b"\xca\xff\x80\0\0", "null"),
        (b"\xca\x3d\xcc\xcc\xcd", "0.1"),
        (b"\xca\x3f\x80\0\0", "1.0"),
        (b"\xc4\x02\xc3\xa9", "\"é\""),
        (b"\xc4\x02\xff\0", "\"/wA=\""),
        (b"\xa2\xffa", "\"\u{fffd}a\""),
        (b"\xd6\xff\0\0\0\x01", "{\"ext\":-1,\"data\":\"AAAAAQ==\"}"),
        (b"\x81\x05\x01", "{\"5\":1}"),
        (b"\x81\xff\x01", "{\"-1\":1}"),
        (b"\x81\xc0\x01", "{\"null\":1}"),
        (b"\x81\xc2\x01", "{\"false\":1}"),
        (b"\x81\xcb\x3f\xf8\0\0\0\0\0\0\x01", "{\"1.5\":1}"),
        (b"\x81\xcb\x7f\xf8\0\0\0\0\0\0\x01", "{\"null\":1}"),
        (b"\x81\xc4\x01a\x01", "{\"a\":1}"),
        (b"\x81\xc4\x01\xff\x01", "{\"/w==\":1}"),
        (b"\x81\x92\x01\xa1a\x01", "{\"[1,\\\"a\\\"]\":1}"),
        (b"\x81\x91\x90\x01", "{\"kZA=\":1}"),
        (b"\x82\xa1\xff\x01\xa1\xfe\x02", "{\"\u{fffd}\":1,\"\u{fffd}\":2}"),
    ] {
        assert_eq!(from(bytes), json, "{bytes:x?}");
    }
}

#[test]
fn bytes_that_are_no_value_are_refused() {
    let deep = vec![0x91; MAX_DEPTH + 1];
    for bytes in [
        &b""[..],
        b"\xc1",
        b"\xc0\xc0",
        b"\x92\x01",
        b"\xdd\xff\xff\xff\xff",
        &deep,
    ] {
        assert!(serde_json::to_string(&AsJson(bytes)).is_err());
    }
}

#[test]
fn a_view_embeds_the_same_json() {
    #[derive(serde::Serialize)]
    struct View<'a> {
        id: u64,
        meta_data: AsJson<'a>,
    }
    for (_, example) in payloads() {
        let packed = rmp_serde::to_vec(&example).unwrap();
        let view = serde_json::to_string(&View {
            id: 7,
            meta_data: AsJson(&packed),
        })
        .unwrap();
        assert_eq!(view, format!("{{\"id\":7,\"meta_data\":{}}}", from(&packed)));
    }
}

#[test]
fn keys_in_keys_do_not_grow_with_every_level() {
    // {{{… "\"": nil …}: nil}: nil}: with full quotes, its text would double with every level.
    let levels = MAX_DEPTH;
    let bytes = [vec![0x81; levels], b"\xa1\"".to_vec(), vec![0xc0; levels]].concat();
    let json = from(&bytes);
    assert!(json.len() < 16 * bytes.len(), "{}", json.len());
}

#[test]
fn a_deep_and_long_value_is_written_in_one_pass() {
    // If every level searched for the end of the next, this would take a hundred times as long.
    const NILS: u32 = 1 << 20;
    let mut bytes = [vec![0x91; MAX_DEPTH - 1], vec![0xdd], NILS.to_be_bytes().to_vec()].concat();
    let flat_at = MAX_DEPTH - 1;
    bytes.resize(bytes.len() + NILS as usize, 0xc0);
    let cost = |bytes: &[u8]| {
        let run = || {
            let start = std::time::Instant::now();
            from(bytes);
            start.elapsed()
        };
        (0..3).map(|_| run()).min().unwrap()
    };
    let (flat, deep) = (cost(&bytes[flat_at..]), cost(&bytes));
    assert!(deep < flat * 8, "{flat:?} {deep:?}");
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>()
            .prop_filter("JSON has finite numbers only", |value| value.is_finite())
            .prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(8, 100, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Json::from),
            prop::collection::btree_map(any::<String>(), inner, 0..20)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_survives_a_round_trip(json in any_json()) {
        let text = json.to_string();
        prop_assert_eq!(round_trip(&text), text.as_str());
        let packed = to_msgpack(text.as_bytes(), MAX_DEPTH).unwrap();
        prop_assert!(packed.len() <= 3 * text.len() + 9);
        prop_assert_eq!(rmp_serde::from_slice::<Json>(&packed).unwrap(), json);
    }

    #[test]
    fn any_bytes_are_converted_or_refused_in_bounded_space(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(packed) = to_msgpack(&bytes, MAX_DEPTH) {
            prop_assert!(packed.len() <= 3 * bytes.len() + 9);
        }
        // Every value in them, from every position.
        for start in 0..bytes.len() {
            let Ok((value, _)) = Value::starting_at(&bytes, start) else { continue };
            if let Ok(out) = serde_json::to_vec(&AsJson(value.raw())) {
                prop_assert!(out.len() <= 16 * value.raw().len(), "{}", out.len());
                prop_assert!(std::str::from_utf8(&out).is_ok() && serde_json::from_slice::<Json>(&out).is_ok());
            }
        }
    }
}
