//! How the sources hang together: no circles between files, no file too long to read, and no line
//! of prose too wide.

mod graph;

use graph::{Sources, BENCHES};
use std::fs;
use std::path::Path;

/// Longest file, in lines. Split a longer one.
const LONGEST: usize = 400;
/// Widest line of a comment or of a page of the documentation.
const WIDEST: usize = 100;

/// The folders with sources that are no tests.
const CRATES: [(&str, &str); 9] = [
    ("beamlive", "src"),
    ("beamlive_actors", "actors/src"),
    ("beamlive_storage", "storage/src"),
    ("beamlive_client", "src/client/src"),
    ("beamlive_load", "benches/load/src"),
    ("beamlive_mxlive", "src/mxlive/src"),
    ("beamlive_book", "src/book/src"),
    ("beamlive_page", "src/page/src"),
    (BENCHES, "benches"),
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
fn comments_and_pages_are_wrapped() {
    let mut wide = Vec::new();
    let texts = texts(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(texts.len() > 900, "the texts were not found");
    for (path, text) in texts {
        let is_page = path.ends_with(".md");
        let comment = if path.ends_with(".rs") { "//" } else { "#" };
        let mut in_code = false;
        for (number, line) in text.lines().enumerate() {
            let start = line.trim_start();
            if is_page && start.starts_with("```") {
                in_code = !in_code;
            }
            let is_prose = is_page && !in_code || !is_page && start.starts_with(comment);
            // A table or a link cannot be broken.
            let body = start.trim_start_matches(['/', '!', '#']).trim_start();
            let is_whole = body.starts_with('|') || line.contains("](");
            if is_prose && !is_whole && line.chars().count() > WIDEST {
                wide.push(format!("{path}:{}", number + 1));
            }
        }
    }
    assert!(
        wide.is_empty(),
        "wider than {WIDEST} columns:\n{}",
        wide.join("\n")
    );
}

/// The path and the text of each source, page, script and example.
fn texts(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let is_hidden = name.starts_with('.') && name != ".ci";
                if name != "target" && !is_hidden {
                    folders.push(path);
                }
                continue;
            }
            let ending = path
                .extension()
                .map(|ending| ending.to_string_lossy().into_owned());
            let is_text = match ending.as_deref() {
                Some(ending) => ["rs", "md", "py", "sh", "toml", "cfg", "conf", "yml"].contains(&ending),
                None => ["check", "run", "compare"].contains(&name.as_str()),
            };
            if is_text {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().display().to_string(), text));
            }
        }
    }
    found
}
