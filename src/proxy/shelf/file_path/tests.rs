#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

#[test]
fn escapes_are_decoded_once() {
    for (encoded, path) in [
        ("a/b.cbf", "a/b.cbf"),
        ("a/b/", "a/b"),
        ("a%20b", "a b"),
        ("a%2Fb", "a/b"),
        ("a%252e%252e", "a%2e%2e"),
        ("%252e%252e/x", "%2e%2e/x"),
        ("..a/...", "..a/..."),
        ("%zz%", "%zz%"),
        ("a\\..\\b", "a\\..\\b"),
        ("+", "+"),
    ] {
        assert_eq!(
            FilePath::decode(encoded).unwrap().as_bytes(),
            path.as_bytes(),
            "{encoded}"
        );
    }
    assert_eq!(FilePath::decode("%ff").unwrap().as_bytes(), b"\xff");
}

#[test]
fn paths_that_lead_out_are_refused() {
    for encoded in [
        "",
        "/",
        "//",
        "/etc",
        "%2fetc",
        "a//b",
        "a//",
        "..",
        "../a",
        "a/..",
        "a/../b",
        ".",
        "./a",
        "a/.",
        "%2e%2e/a",
        "a/%2E%2E",
        ".%2e",
        "a%2f..%2fb",
        "a%00",
        "%00",
    ] {
        assert_eq!(FilePath::decode(encoded), Err(NoFilePath), "{encoded}");
    }
    assert_eq!(FilePath::decode(&"a".repeat(256)), Err(NoFilePath));
    assert_eq!(FilePath::decode(&"a/".repeat(2100)), Err(NoFilePath));
}

#[test]
fn a_path_has_a_name_and_a_parent() {
    let path = FilePath::decode("a/b/c.img").unwrap();
    assert_eq!(path.name(), b"c.img");
    assert_eq!(path.parent().unwrap().as_bytes(), b"a/b");
    assert_eq!(FilePath::decode("c").unwrap().parent(), None);
    assert_eq!(path.with_suffix(".gz").unwrap().as_bytes(), b"a/b/c.img.gz");
    assert_eq!(path.with_suffix("/../x"), Err(NoFilePath));
    assert_eq!(
        FilePath::new(b"a\nb\xff".to_vec()).unwrap().to_string(),
        "a\\nb\u{fffd}"
    );
}

proptest! {
    #[test]
    fn no_text_leads_out(encoded in r"[/.a%20eEfF\\]{0,24}|\PC{0,24}") {
        if let Ok(path) = FilePath::decode(&encoded) {
            prop_assert!(!path.as_bytes().contains(&0));
            prop_assert!(path.as_path().is_relative());
            let plain = path.as_path().components().all(|part| matches!(part, std::path::Component::Normal(_)));
            prop_assert!(plain);
        }
    }
}
