//! Path segments that name nothing, and some that try to be several segments.

use super::Outcome;

/// Segments that no beamline, session, token, user or key has, with the expected outcome.
pub(super) fn segments() -> Vec<(&'static str, Outcome)> {
    let refused = [
        ".",
        "..",
        "...",
        "../..",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "%2E%2E%2F%2E%2E",
        "%252e%252e",
        "..;",
        "%2F",
        "%2f%2f",
        "//",
        "BM/..",
        "BM//",
        "./BM",
        "BM%2F..",
        "%5c..%5c",
        "%00",
        "BM%00",
        "%00BM",
        "%0d%0aSet-Cookie:%20a=b",
        "%0a",
        "%7f",
        "%20",
        "%20BM",
        "BM%20",
        "+",
        "BM;x=1",
        ";",
        "BM,ID",
        "%25",
        "%",
        "%4",
        "%zz",
        "%ff%fe",
        "%C0%AF",
        "%F0%9F%94%AC",
        "%E2%80%AE",
        "%EF%BC%A2%EF%BC%AD",
        "%u0042M",
        "$(id)",
        "'%20OR%20'1'='1",
        "%22%3E%3Cscript%3E",
        "{beamline}",
        "*",
        "null",
        "undefined",
        "-1",
        "0",
        "18446744073709551616",
        "BM%3F",
        "XX?x=1",
        "XX#",
        "BM%23",
        "~",
        "@",
        ":",
        "::",
        "%3A%3A",
        "!",
        "()",
        "[]",
        "|",
        "^",
    ];
    refused
        .iter()
        .map(|segment| (*segment, Outcome::Refused))
        .collect()
}

/// Segments that HTTP does not allow.
pub(super) fn no_http() -> Vec<(&'static str, Outcome)> {
    [
        "BM x",
        "`id`",
        "Ω",
        "B\tM",
        "B\u{1}M",
        "BM\r\nX: y",
        "<BM>",
        "\u{0}",
    ]
    .iter()
    .map(|segment| (*segment, Outcome::NoHttp))
    .collect()
}

/// Segments that are far too long.
pub(super) fn long() -> Vec<(String, Outcome)> {
    vec![
        ("B".repeat(101), Outcome::Refused),
        ("B".repeat(5_000), Outcome::Refused),
        ("%41".repeat(5_000), Outcome::Refused),
        ("%F0%9F%94%AC".repeat(1_000), Outcome::Refused),
        ("a/".repeat(2_000), Outcome::Refused),
        ("../".repeat(2_000), Outcome::Refused),
        ("B".repeat(200_000), Outcome::NoHttp),
        ("B".repeat(2_000_000), Outcome::NoHttp),
    ]
}

/// All segments.
pub(super) fn all() -> Vec<(String, Outcome)> {
    let short = segments()
        .into_iter()
        .chain(no_http())
        .map(|(segment, outcome)| (segment.to_owned(), outcome));
    short.chain(long()).collect()
}

/// The beginning of a segment, for the message of a failing row.
pub(super) fn shown(segment: &str) -> String {
    segment.chars().take(60).collect()
}
