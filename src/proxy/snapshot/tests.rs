#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn the_name_itself_is_tried_first() {
    let of = |path: &str| {
        let found = candidates(path.as_bytes());
        found
            .into_iter()
            .map(|name| String::from_utf8(name).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("a/xtal.gif"), ["a/xtal.gif", "a/xtal.webp", "a/xtal.png"]);
    assert_eq!(of("xtal"), ["xtal.webp", "xtal.png", "xtal.gif"]);
    assert_eq!(of("xtal.v2"), ["xtal.v2.webp", "xtal.v2.png", "xtal.v2.gif"]);
    // Only pictures are served.
    assert!(!of("xtal.txt").contains(&"xtal.txt".to_owned()));
}

#[test]
fn a_series_is_in_the_order_of_its_numbers() {
    let names = [
        "xtal_90.png",
        "xtal_-45.png",
        "xtal_9.5.png",
        "xtal_0.0.png",
        "xtal-0.png",
        "xtal-90.png",
        "xtal_100.png",
        "xtal_361.png",
        "xtal.png",
        "xtal_.png",
        "xtal_a.png",
        "xtal_1e3.png",
        "xtal_1.2.3.png",
        "xtal_inf.png",
        "xtal_1.gif",
        "xtal2_1.png",
        "xtal_1_1.png",
        "other_1.png",
        "xtal_--1.png",
    ];
    let found = series(b"xtal", names.into_iter().map(OsString::from).collect());
    assert_eq!(
        found,
        [
            "xtal_-45.png",
            "xtal_0.0.png",
            "xtal_9.5.png",
            "xtal_90.png",
            "xtal_100.png"
        ]
    );
}
