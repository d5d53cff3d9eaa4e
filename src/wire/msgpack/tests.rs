#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use proptest::prelude::*;
use rmpv::Value as Tree;

fn packed(tree: &Tree) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, tree).unwrap();
    bytes
}

fn tree(bytes: &[u8]) -> Tree {
    rmpv::decode::read_value(&mut &bytes[..]).unwrap()
}

fn map(entries: &[(Tree, Tree)]) -> Vec<u8> {
    packed(&Tree::Map(entries.to_vec()))
}

#[test]
fn fields_are_found_and_the_last_of_a_name_counts() {
    let bytes = map(&[
        ("name".into(), "lys".into()),
        ("frames".into(), "1-4".into()),
        (Tree::Binary(b"name".to_vec()), Tree::Binary(b"lys-3".to_vec())),
        ("energy".into(), 12.5.into()),
    ]);
    let body = Body::parse(&bytes, MAX_DEPTH).unwrap();
    assert_eq!(body.get("name").unwrap().as_str(), Some("lys-3"));
    assert_eq!(body.get("frames").unwrap().as_str(), Some("1-4"));
    assert_eq!(body.get("energy").unwrap().as_f64(), Some(12.5));
    assert!(body.get("nam").is_none());
    let value = Value::parse(&bytes, MAX_DEPTH).unwrap();
    assert_eq!(value.get("name").unwrap().as_str(), Some("lys-3"));
    assert!(value.get("name").unwrap().get("name").is_none());
}

#[test]
fn other_fields_are_kept_byte_for_byte_and_once() {
    let mut bytes = vec![0x86];
    let odd: [(&[u8], &[u8]); 6] = [
        (b"\xa1a", b"\xcf\0\0\0\0\0\0\0\x01"),
        (b"\xa1b", b"\x01"),
        (b"\xd9\x01c", b"\xdb\0\0\0\x01x"),
        (b"\xa1a", b"\xca\x7f\xc0\0\0"),
        (b"\xc4\x01d", b"\xa1\xff"),
        (b"\xa1e", b"\x81\xc0\xc0"),
    ];
    odd.iter()
        .for_each(|(key, value)| bytes.extend([*key, *value].concat()));
    let body = Body::parse(&bytes, MAX_DEPTH).unwrap();
    assert_eq!(
        body.rest(&["b", "e"]),
        b"\x83\xa1a\xca\x7f\xc0\0\0\xd9\x01c\xdb\0\0\0\x01x\xc4\x01d\xa1\xff"
    );
    assert_eq!(body.rest(&["a", "b", "c", "d", "e"]), [0x80]);
}

#[test]
fn the_other_fields_of_many_entries_are_a_map() {
    for count in [15, 16, 300, MAX_KEYS] {
        let entries: Vec<_> = (0..count)
            .map(|n| (format!("field {n}").into(), n.into()))
            .collect();
        let bytes = map(&entries);
        let body = Body::parse(&bytes, MAX_DEPTH).unwrap();
        assert_eq!(body.rest(&[]), bytes);
        assert_eq!(tree(&body.rest(&["field 7"])).as_map().unwrap().len(), count - 1);
    }
}

/// What the readers return for a value: kind, text, float, unsigned, signed.
type Read = (
    &'static str,
    Option<&'static str>,
    Option<f64>,
    Option<u64>,
    Option<i64>,
);

#[test]
fn readers_take_only_their_own_kinds() {
    let number = |float, unsigned, signed| ("an integer", None, Some(float), unsigned, signed);
    let float = |value| ("a floating-point number", None, Some(value), None, None);
    let no_text = ("bytes that are not UTF-8", None, None, None, None);
    let table: [(&[u8], Read); 30] = [
        (b"\xc0", ("null", None, None, None, None)),
        (b"\xc3", ("a boolean", None, None, None, None)),
        (b"\0", number(0.0, Some(0), Some(0))),
        (b"\x7f", number(127.0, Some(127), Some(127))),
        (b"\xe0", number(-32.0, None, Some(-32))),
        (b"\xff", number(-1.0, None, Some(-1))),
        (b"\xcc\xff", number(255.0, Some(255), Some(255))),
        (b"\xcd\xff\xfe", number(65534.0, Some(65534), Some(65534))),
        (
            b"\xce\xff\xff\xff\xfe",
            number(4294967294.0, Some(4294967294), Some(4294967294)),
        ),
        (
            b"\xcf\x80\0\0\0\0\0\0\0",
            number(9223372036854775808.0, Some(1 << 63), None),
        ),
        (b"\xd0\x05", number(5.0, Some(5), Some(5))),
        (b"\xd0\x80", number(-128.0, None, Some(-128))),
        (b"\xd1\x80\0", number(-32768.0, None, Some(-32768))),
        (b"\xd2\x80\0\0\0", number(-2147483648.0, None, Some(-2147483648))),
        (
            b"\xd3\x80\0\0\0\0\0\0\0",
            number(-9223372036854775808.0, None, Some(i64::MIN)),
        ),
        (b"\xca\x3f\x80\0\0", float(1.0)),
        (b"\xcb\x7f\xf0\0\0\0\0\0\0", float(f64::INFINITY)),
        (b"\xa0", ("a string", Some(""), None, None, None)),
        (b"\xa2\xc3\xa9", ("a string", Some("é"), None, None, None)),
        (b"\xa1\xff", no_text),
        (b"\xd9\x01x", ("a string", Some("x"), None, None, None)),
        (b"\xda\0\x01x", ("a string", Some("x"), None, None, None)),
        (b"\xdb\0\0\0\x01x", ("a string", Some("x"), None, None, None)),
        (b"\xc4\x01x", ("binary data", Some("x"), None, None, None)),
        (b"\xc5\0\x01\xff", no_text),
        (b"\xc6\0\0\0\x01x", ("binary data", Some("x"), None, None, None)),
        (b"\xd4\x05x", ("an extension", None, None, None, None)),
        (b"\xc8\0\x01\xffx", ("an extension", None, None, None, None)),
        (b"\xdc\0\x01x", ("a list", None, None, None, None)),
        (b"\xde\0\x01\x01x", ("a map", None, None, None, None)),
    ];
    for (bytes, read) in table {
        let value = Value::parse(bytes, 1).unwrap();
        let found = (
            value.kind(),
            value.as_str(),
            value.as_f64(),
            value.as_u64(),
            value.as_i64(),
        );
        assert_eq!(found, read, "{bytes:x?}");
        assert_eq!(value.is_nil(), bytes == b"\xc0");
        assert_eq!(value.items().is_some(), value.kind() == "a list");
        assert_eq!(value.entries().is_some(), value.kind() == "a map");
    }
}

fn nested(levels: usize) -> Vec<u8> {
    [vec![0x91; levels - 1], vec![0x90]].concat()
}

#[test]
fn depth_counts_levels_of_lists_and_maps() {
    for (bytes, depth) in [
        (vec![0xc0], 0),
        (nested(1), 1),
        (nested(64), 64),
        (b"\x92\x90\x81\x01\x90".to_vec(), 3),
    ] {
        assert_eq!(Value::parse(&bytes, depth).unwrap().depth(), depth);
        let Some(less) = depth.checked_sub(1) else {
            continue;
        };
        assert!(matches!(Value::parse(&bytes, less), Err(BodyError::TooDeep { max, .. }) if max == less));
    }
    let body = [b"\x81\xa1d".to_vec(), nested(65)].concat();
    assert_eq!(Body::parse(&body, 66).unwrap().get("d").unwrap().depth(), 65);
    assert_eq!(
        Body::parse(&body, 65).unwrap_err(),
        BodyError::TooDeep { at: 3 + 64, max: 65 }
    );
    assert_eq!(
        Body::parse(&body, 0).unwrap_err(),
        BodyError::TooDeep { at: 0, max: 0 }
    );
    assert_eq!(
        list(&nested(3), 2, 9).unwrap_err(),
        BodyError::TooDeep { at: 2, max: 2 }
    );
}

#[test]
fn hostile_bodies_are_refused_at_the_byte_that_is_wrong() {
    let truncated = |at, size| BodyError::Truncated { at, size };
    let bomb = |marker: u8| [b"\x81\xa1d".to_vec(), vec![marker; 1 << 20]].concat();
    let many: Vec<_> = (0..=MAX_KEYS)
        .map(|n| (n.to_string().into(), Tree::Nil))
        .collect();
    let table: Vec<(Vec<u8>, BodyError)> = vec![
        (b"".into(), truncated(0, 0)),
        (b"\xc1".into(), BodyError::Reserved { at: 0 }),
        (b"\x81\xa1d\xc1".into(), BodyError::Reserved { at: 3 }),
        (
            b"\xc0".into(),
            BodyError::Kind {
                expected: "a map",
                found: "null",
            },
        ),
        (
            b"\x90".into(),
            BodyError::Kind {
                expected: "a map",
                found: "a list",
            },
        ),
        (b"\x80\0".into(), BodyError::Trailing { at: 1 }),
        (b"\x81\xa1d\x01\xc0".into(), BodyError::Trailing { at: 4 }),
        (b"\x81\x05\x01".into(), BodyError::Key { at: 1 }),
        (b"\x81\xc0\x01".into(), BodyError::Key { at: 1 }),
        (b"\x81\xa1\xff\x01".into(), BodyError::Key { at: 1 }),
        (b"\x82\xa1d\x01\xc4\x01\xff\x01".into(), BodyError::Key { at: 4 }),
        (b"\x81\x90\x01".into(), BodyError::Key { at: 1 }),
        (b"\x81".into(), truncated(0, 1)),
        (b"\x81\xa1d".into(), truncated(3, 3)),
        (b"\x81\xa1d\xa5four".into(), truncated(3, 8)),
        (b"\x81\xa1d\xdd\xff\xff\xff\xff\xc0".into(), truncated(3, 9)),
        (b"\x81\xa1d\xdf\xff\xff\xff\xff\xc0".into(), truncated(3, 9)),
        (b"\x81\xa1d\xdf\0\0\0\x01\xc0".into(), truncated(3, 9)),
        (b"\x81\xa1d\xdb\xff\xff\xff\xff\xc0".into(), truncated(3, 9)),
        (b"\x81\xa1d\xc6\xff\xff\xff\xff\xc0".into(), truncated(3, 9)),
        (b"\x81\xa1d\xc9\xff\xff\xff\xff\xc0".into(), truncated(3, 9)),
        (b"\xdf\xff\xff\xff\xff".into(), truncated(0, 5)),
        (b"\xdd\xff\xff\xff\xff".into(), truncated(0, 5)),
        (b"\x81\xa1d\xc9\0\0\0\x01\x05".into(), truncated(3, 9)),
        (
            bomb(0x91),
            BodyError::TooDeep {
                at: 3 + MAX_DEPTH - 1,
                max: MAX_DEPTH,
            },
        ),
        (
            bomb(0x81),
            BodyError::TooDeep {
                at: 3 + MAX_DEPTH - 1,
                max: MAX_DEPTH,
            },
        ),
        (
            bomb(0x9f),
            BodyError::TooDeep {
                at: 3 + MAX_DEPTH - 1,
                max: MAX_DEPTH,
            },
        ),
        (
            map(&many),
            BodyError::TooMany {
                found: MAX_KEYS + 1,
                max: MAX_KEYS,
            },
        ),
    ];
    for (bytes, error) in table {
        assert_eq!(
            Body::parse(&bytes, MAX_DEPTH).unwrap_err(),
            error,
            "{:x?}",
            &bytes[..bytes.len().min(9)]
        );
    }
}

#[test]
fn a_scalar_cut_short_is_refused_for_every_marker() {
    for marker in (0xc4..=0xdf_u8)
        .chain(0xa1..=0xbf)
        .chain(0x81..=0x9f)
        .filter(|marker| *marker != 0x90)
    {
        let error = BodyError::Truncated { at: 0, size: 1 };
        assert_eq!(
            Value::parse(&[marker], MAX_DEPTH).unwrap_err(),
            error,
            "{marker:x}"
        );
    }
}

#[test]
fn a_body_full_of_nils_costs_no_memory_and_a_list_of_them_is_refused_unread() {
    const NILS: u32 = (16 << 20) - 8;
    let mut bytes = [b"\x81\xa1d\xdd".to_vec(), NILS.to_be_bytes().to_vec()].concat();
    bytes.resize(16 << 20, 0xc0);
    let body = Body::parse(&bytes, MAX_DEPTH).unwrap();
    assert_eq!(body.entries.capacity(), 1);
    assert_eq!(
        body.get("d").unwrap().items().unwrap().size_hint().0,
        NILS as usize
    );
    // Its last item is a byte that starts no value, so reading it would end with another error.
    *bytes.last_mut().unwrap() = 0xc1;
    let error = BodyError::TooMany {
        found: NILS as usize,
        max: 1000,
    };
    assert_eq!(list(&bytes[3..], MAX_DEPTH, 1000).unwrap_err(), error);
}

#[test]
fn a_list_gives_its_items() {
    let entry = |name: &str| Tree::Map(vec![("name".into(), name.into())]);
    let bytes = packed(&Tree::Array(vec![entry("a"), entry("b")]));
    let items = list(&bytes, 2, 2).unwrap();
    let names: Vec<_> = items
        .iter()
        .map(|item| item.get("name").unwrap().as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(
        list(&bytes, 2, 1).unwrap_err(),
        BodyError::TooMany { found: 2, max: 1 }
    );
    assert_eq!(
        list(b"\x90\xc0", 2, 1).unwrap_err(),
        BodyError::Trailing { at: 1 }
    );
    let error = BodyError::Kind {
        expected: "a list",
        found: "a map",
    };
    assert_eq!(list(b"\x80", 2, 1).unwrap_err(), error);
}

/// Any MessagePack value, packed by an independent crate.
fn any_tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Nil),
        any::<bool>().prop_map(Tree::from),
        any::<u64>().prop_map(Tree::from),
        any::<i64>().prop_map(Tree::from),
        any::<f32>().prop_map(Tree::from),
        any::<f64>().prop_map(Tree::from),
        any::<String>().prop_map(Tree::from),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Tree::from),
        (any::<i8>(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(kind, data)| Tree::Ext(kind, data)),
    ];
    leaf.prop_recursive(6, 60, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Tree::Array),
            prop::collection::vec((inner.clone(), inner), 0..20).prop_map(Tree::Map),
        ]
    })
}

fn depth(tree: &Tree) -> usize {
    match tree {
        Tree::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Tree::Map(entries) => {
            1 + entries
                .iter()
                .map(|(k, v)| depth(k).max(depth(v)))
                .max()
                .unwrap_or(0)
        }
        _ => 0,
    }
}

/// The same tree, built from the readers and iterators.
fn reread(value: Value<'_>) -> Tree {
    if let Some(items) = value.items() {
        Tree::Array(items.map(reread).collect())
    } else if let Some(entries) = value.entries() {
        Tree::Map(entries.map(|(key, value)| (reread(key), reread(value))).collect())
    } else {
        tree(value.raw())
    }
}

proptest! {
    #[test]
    fn any_value_is_scanned_whole_and_no_part_of_it_is_a_value(sent in any_tree()) {
        let bytes = packed(&sent);
        let value = Value::parse(&bytes, MAX_DEPTH).unwrap();
        prop_assert_eq!(value.depth(), depth(&sent));
        prop_assert_eq!(packed(&reread(value)), packed(&tree(&bytes)));
        for end in 0..bytes.len() {
            let cut_short = Value::parse(&bytes[..end], MAX_DEPTH);
            prop_assert!(matches!(cut_short, Err(BodyError::Truncated { .. })), "{:?}", cut_short);
        }
        let longer = [bytes.as_slice(), &[0xc0]].concat();
        prop_assert_eq!(Value::parse(&longer, MAX_DEPTH), Err(BodyError::Trailing { at: bytes.len() }));
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200), keyed in any::<bool>()) {
        let bytes = if keyed { [b"\x82\xa1a", bytes.as_slice()].concat() } else { bytes };
        let _ = Value::parse(&bytes, MAX_DEPTH);
        let _ = list(&bytes, MAX_DEPTH, 10);
        if let Ok(body) = Body::parse(&bytes, MAX_DEPTH) {
            let rest = body.rest(&["a"]);
            prop_assert!(rest.len() <= bytes.len() + 5 && Body::parse(&rest, MAX_DEPTH).is_ok());
        }
    }
}
