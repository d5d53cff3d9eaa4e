//! Bodies that no endpoint accepts, and values that a field does not accept.

use crate::support::msgpack::{nested, pack};
use rmpv::{Utf8String, Value};

/// Nesting levels of a body that is far too deep.
const DEPTH: usize = 100_000;
/// Characters of a text that is far too long.
const LONG: usize = 10 << 20;

/// Bytes that are neither a MessagePack map with string keys nor a list. `good` is a body that is
/// accepted.
pub(super) fn broken(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut bodies: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| bodies.push((name.to_owned(), bytes));
    add("nothing", Vec::new());
    for end in [1, 2, 5, good.len() / 2, good.len() - 1] {
        add(
            &format!("the first {end} bytes of a good body"),
            good[..end].to_vec(),
        );
    }
    for (name, header) in [
        ("array32", vec![0xdd, 0xff, 0xff, 0xff, 0xff]),
        ("map32", vec![0xdf, 0xff, 0xff, 0xff, 0xff]),
        ("str32", vec![0xdb, 0xff, 0xff, 0xff, 0xff]),
        ("bin32", vec![0xc6, 0xff, 0xff, 0xff, 0xff]),
        ("ext32", vec![0xc9, 0xff, 0xff, 0xff, 0xff, 0x05]),
    ] {
        add(&format!("{name} of 4 GiB"), header.clone());
        add(
            &format!("{name} of 4 GiB in a map"),
            [&[0x81, 0xa1, b'a'], header.as_slice()].concat(),
        );
        add(
            &format!("{name} of 4 GiB in a list"),
            [&[0x91], header.as_slice()].concat(),
        );
        add(
            &format!("{name} of 4 GiB as a key"),
            [&[0x81], header.as_slice()].concat(),
        );
    }
    add(
        "a list in a list, 100,000 times",
        [vec![0x91; DEPTH], vec![0xc0]].concat(),
    );
    add(
        "a map in a map, 100,000 times",
        [[0x81, 0xa1, b'a'].repeat(DEPTH), vec![0xc0]].concat(),
    );
    add(
        "a map as a key, 100,000 times",
        [vec![0x81; DEPTH], vec![0xc0; DEPTH + 1]].concat(),
    );
    add(
        "a bomb in a map",
        [vec![0x81, 0xa1, b'a'], vec![0x91; DEPTH], vec![0xc0]].concat(),
    );
    add(
        "a bomb in a list",
        [vec![0x91, 0x81, 0xa1, b'a'], vec![0x91; DEPTH], vec![0xc0]].concat(),
    );
    add("16 MiB of openings", vec![0x91; (16 << 20) - 64]);
    add("the marker c1", vec![0xc1]);
    add("the marker c1 in a map", vec![0x81, 0xa1, b'a', 0xc1]);
    add("the marker c1 in a list", vec![0x91, 0xc1]);
    add("a good body and one byte", [good, &[0xc0]].concat());
    add("a good body twice", good.repeat(2));
    for (name, value) in [
        ("null", Value::Nil),
        ("true", Value::Boolean(true)),
        ("an integer", Value::from(5)),
        ("a negative integer", Value::from(-5)),
        ("a float", Value::F64(1.5)),
        ("a NaN", Value::F64(f64::NAN)),
        ("a text", Value::from("text")),
        ("binary data", Value::Binary(vec![0; 9])),
        ("an extension", Value::Ext(5, vec![0; 8])),
    ] {
        add(&format!("{name} alone"), pack(&value));
    }
    add(
        "noise",
        (0_u32..65_536)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0])
            .collect(),
    );
    add("JSON that does not say so", b"{\"name\": 1}".to_vec());
    add("a form", b"name=1&directory=%2Fusers".to_vec());
    bodies
}

/// More bytes that are not a MessagePack map with string keys.
pub(super) fn no_maps() -> Vec<(String, Vec<u8>)> {
    let map = |key: Value| pack(&Value::Map(vec![(key, Value::from(1))]));
    let text = Value::String(Utf8String::from("a"));
    let nils = 16_000_000_u32;
    let many = (0..5000)
        .map(|n| (Value::from(format!("key {n}")), Value::Nil))
        .collect();
    let cases: [(&str, Vec<u8>); 12] = [
        ("a list", pack(&Value::Array(vec![text.clone()]))),
        ("an empty list", vec![0x90]),
        (
            "16 million nulls",
            [vec![0xdd], nils.to_be_bytes().to_vec(), vec![0xc0; 16_000_000]].concat(),
        ),
        (
            "8 million pairs of nulls",
            [
                vec![0xdf],
                (nils / 2).to_be_bytes().to_vec(),
                vec![0xc0; 16_000_000],
            ]
            .concat(),
        ),
        ("an integer as a key", map(Value::from(1))),
        ("null as a key", map(Value::Nil)),
        ("a float as a key", map(Value::F64(0.5))),
        ("a list as a key", map(nested(3))),
        ("a map as a key", map(Value::Map(vec![(text.clone(), text)]))),
        ("a key that is not UTF-8", vec![0x81, 0xa2, 0xff, 0xfe, 0x01]),
        ("5,000 keys", pack(&Value::Map(many))),
        (
            "a value of 200 levels",
            pack(&Value::Map(vec![("a".into(), nested(200))])),
        ),
    ];
    cases
        .into_iter()
        .map(|(name, bytes)| (name.to_owned(), bytes))
        .collect()
}

/// Texts that are not a JSON object or a list of objects.
pub(super) fn broken_json() -> Vec<(String, Vec<u8>)> {
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("blanks", b" \n\t ".to_vec()),
        ("an opening", b"{".to_vec()),
        ("no value", b"{\"a\":}".to_vec()),
        ("no end of a text", b"{\"a\":\"b".to_vec()),
        ("a comma too many", b"{\"a\":1,}".to_vec()),
        ("single quotes", b"{'a':1}".to_vec()),
        ("a comment", b"{\"a\":1}//".to_vec()),
        ("two objects", b"{}{}".to_vec()),
        ("two lists", b"[][]".to_vec()),
        ("half a word", b"nul".to_vec()),
        ("null", b"null".to_vec()),
        ("a number", b"1".to_vec()),
        ("a text", b"\"text\"".to_vec()),
        ("half a NaN", b"{\"energy\":Na}".to_vec()),
        ("two literals", b"{\"energy\":NaNInfinity}".to_vec()),
        ("a literal as a key", b"{NaN:1}".to_vec()),
        ("a number beyond all floats", b"{\"energy\":1e999}".to_vec()),
        (
            "a number of a million digits",
            [b"{\"energy\":".to_vec(), vec![b'9'; 1_000_000], b"}".to_vec()].concat(),
        ),
        ("half a surrogate pair", b"{\"name\":\"\\ud800\"}".to_vec()),
        ("a raw null byte", b"{\"name\":\"\0\"}".to_vec()),
        ("no UTF-8", b"{\"name\":\"\xff\xfe\"}".to_vec()),
        ("UTF-16", b"{\0}\0".to_vec()),
        ("two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbf{}".to_vec()),
        ("100,000 lists", vec![b'['; DEPTH]),
        (
            "100,000 lists, closed",
            [vec![b'['; DEPTH], vec![b']'; DEPTH]].concat(),
        ),
        ("100,000 maps", b"{\"a\":".repeat(DEPTH)),
        (
            "a bomb in a map",
            [
                b"{\"a\":".to_vec(),
                vec![b'['; DEPTH],
                vec![b']'; DEPTH],
                b"}".to_vec(),
            ]
            .concat(),
        ),
        (
            "gzip",
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ),
        ("MessagePack", vec![0x81, 0xa1, b'a', 1]),
    ];
    texts
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text))
        .collect()
}

/// The kind of value that a field accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Text,
    /// A text with a format. "x" does not have it.
    FormOfText,
    Integer,
    PositiveNumber,
    /// A number. Infinity and NaN count as null.
    Measure,
    /// As [`Takes::Measure`], but not below 0.
    PositiveMeasure,
    ListOrMap,
    /// A list of integers, or one integer.
    Integers,
}

/// Values of all types. A field accepts some of them.
fn values() -> Vec<(&'static str, Value)> {
    let invalid = pack(&Value::Binary(vec![0xff, 0xfe]));
    let invalid_text = [&[0xa2], &invalid[2..]].concat();
    vec![
        ("a map", Value::Map(vec![("a".into(), Value::from(1))])),
        ("an empty map", Value::Map(Vec::new())),
        ("a list of texts", Value::Array(vec!["a".into()])),
        ("an empty list", Value::Array(Vec::new())),
        ("a list in a list", nested(3)),
        ("a list of 65 levels", nested(65)),
        ("a list of 120 levels", nested(120)),
        ("true", Value::Boolean(true)),
        ("5", Value::from(5)),
        ("-5", Value::from(-5)),
        ("the greatest integer", Value::from(u64::MAX)),
        ("1.5", Value::F64(1.5)),
        ("NaN", Value::F64(f64::NAN)),
        ("32-bit NaN", Value::F32(f32::NAN)),
        ("infinity", Value::F64(f64::INFINITY)),
        ("minus infinity", Value::F64(f64::NEG_INFINITY)),
        ("a text", Value::from("x")),
        ("a text with a null byte", Value::from("a\0b")),
        ("a text of 10 MB", Value::from("x".repeat(LONG))),
        (
            "a text that is not UTF-8",
            rmpv::decode::read_value(&mut invalid_text.as_slice()).unwrap(),
        ),
        ("bytes that are not UTF-8", Value::Binary(vec![0xff, 0xfe])),
        ("an extension", Value::Ext(5, vec![0; 8])),
    ]
}

/// Names of the floats that are infinite or not a number.
const NO_NUMBERS: [&str; 4] = ["NaN", "32-bit NaN", "infinity", "minus infinity"];

/// The values that a field does not accept.
pub(super) fn wrong_for(takes: Takes) -> Vec<(&'static str, Value)> {
    let suits = |name: &str| match takes {
        Takes::Text => name == "a text",
        Takes::FormOfText => false,
        Takes::Integer => ["5", "-5", "the greatest integer"].contains(&name),
        Takes::PositiveNumber => ["5", "the greatest integer", "1.5"].contains(&name),
        Takes::Measure => {
            NO_NUMBERS.contains(&name) || ["5", "-5", "the greatest integer", "1.5"].contains(&name)
        }
        Takes::PositiveMeasure => {
            NO_NUMBERS.contains(&name) || ["5", "the greatest integer", "1.5"].contains(&name)
        }
        Takes::ListOrMap => [
            "a map",
            "an empty map",
            "a list of texts",
            "an empty list",
            "a list in a list",
        ]
        .contains(&name),
        Takes::Integers => ["5", "-5", "the greatest integer", "an empty list"].contains(&name),
    };
    values().into_iter().filter(|(name, _)| !suits(name)).collect()
}
