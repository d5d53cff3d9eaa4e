//! How the sources hang together: no circles between files, and no file too long to read.

mod graph;

use graph::Sources;
use std::path::Path;

/// Longest file, in lines. Split a longer one.
const LONGEST: usize = 400;
/// Widest line of a comment or of a page of the documentation.
const WIDEST: usize = 100;

/// The folders with sources that are no tests.
const CRATES: [(&str, &str); 6] = [
    ("beamlive", "src"),
    ("beamlive_actors", "actors/src"),
    ("beamlive_storage", "storage/src"),
    ("beamlive_client", "src/client/src"),
    ("beamlive_load", "benches/load/src"),
    ("beamlive_mxlive", "src/mxlive/src"),
];

fn sources() -> Sources {
    Sources::read(Path::new(env!("CARGO_MANIFEST_DIR")), &CRATES)
}

#[test]
fn no_file_reaches_itself_through_others() {
    let sources = sources();
    assert!(sources.files().count() > 200, "the sources were not found");
    assert!(sources.arrows() > 500, "the imports were not understood");
    let circles = sources.circles();
    assert!(
        circles.is_empty(),
        "circles between files:\n{}",
        circles.join("\n")
    );
}

#[test]
fn no_file_is_longer_than_can_be_read() {
    let long: Vec<_> = sources()
        .files()
        .filter(|(_, text)| text.lines().count() > LONGEST)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "above {LONGEST} lines:\n{}", long.join("\n"));
}

#[test]
fn comments_are_wrapped() {
    let wide: Vec<_> = sources()
        .files()
        .flat_map(|(path, text)| {
            let wide = |(_, line): &(usize, &str)| {
                let is_comment = line.trim_start().starts_with("//");
                // A table or a link cannot be broken.
                let is_whole = line.contains("//! |") || line.contains("/// |") || line.contains("](");
                is_comment && !is_whole && line.chars().count() > WIDEST
            };
            let lines = text.lines().enumerate().filter(wide);
            lines
                .map(|(number, _)| format!("{path}:{}", number + 1))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(
        wide.is_empty(),
        "wider than {WIDEST} columns:\n{}",
        wide.join("\n")
    );
}
