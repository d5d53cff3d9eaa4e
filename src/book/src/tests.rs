//! The book is whole: every page, every link.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_page_of_the_list_is_there_and_every_page_is_in_the_list() {
    let listed: Vec<_> = summary::read(sources::SUMMARY);
    assert!(listed.len() > 20, "{} pages", listed.len());
    for entry in &listed {
        assert!(
            sources::page(&entry.path).is_some(),
            "{} is not embedded",
            entry.path
        );
    }
    let paths: BTreeSet<_> = listed.iter().map(|entry| entry.path.clone()).collect();
    assert_eq!(paths.len(), listed.len(), "a page is listed twice");
    for file in fs::read_dir(root().join("docs")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") && name != "SUMMARY.md" {
            assert!(
                paths.contains(&format!("docs/{name}")),
                "{name} is not in SUMMARY.md"
            );
        }
    }
    assert_eq!(Book::get().pages().len(), listed.len());
    assert_eq!(Book::get().pages()[0].href(), "/docs");
}

#[test]
fn names_are_unique_and_one_part_of_an_address() {
    let mut names = BTreeSet::new();
    for page in Book::get().pages() {
        assert!(names.insert(&page.name), "{} twice", page.name);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(page.name.chars().all(plain), "{}", page.name);
        assert_ne!(page.name, "files");
    }
}

/// The addresses of all links and the anchors of a page.
fn parts<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let start = format!(" {attribute}=\"");
    html.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let book = Book::get();
    let mut seen = 0;
    for page in book.pages() {
        for link in parts(&page.body.0, "href") {
            if link.contains("://") {
                continue;
            }
            seen += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            if let Some(name) = path.strip_prefix("/docs/files/") {
                assert!(file(name).is_some(), "{}: {link}", page.href());
                continue;
            }
            let name = path.strip_prefix("/docs").unwrap_or("?").trim_start_matches('/');
            let name = if path.is_empty() { &page.name } else { name };
            let (_, target, _) = book
                .page(name)
                .unwrap_or_else(|| panic!("{}: {link} is no page", page.href()));
            let ids = parts(&target.body.0, "id");
            assert!(
                anchor.is_empty() || ids.contains(&anchor),
                "{}: {link} has no such anchor",
                page.href()
            );
        }
    }
    assert!(seen > 80, "{seen} links");
}

#[test]
fn a_page_has_neighbours_a_title_and_headings() {
    let book = Book::get();
    let (before, front, after) = book.page("").unwrap();
    assert!(before.is_none());
    let second = after.unwrap();
    let (first, same, _) = book.page(&second.name).unwrap();
    assert_eq!(
        (first.unwrap().href(), same.href()),
        (front.href(), second.href())
    );
    assert!(book.page("nothing").is_none());
    let (_, last, none) = book.page(&book.pages().last().unwrap().name).unwrap();
    assert!(none.is_none() && !last.part.is_empty());
    for page in book.pages() {
        assert!(page.body.0.starts_with("<h1"), "{} has no title", page.href());
        assert!(!page.title.is_empty());
        assert!(!page.body.0.contains("<!--"), "{}", page.href());
    }
    let (_, settings, _) = book.page("configuration").unwrap();
    assert!(settings
        .headings
        .contains(&("limits".to_owned(), "Limits".to_owned())));
}

#[test]
fn html_of_a_page_is_left_out() {
    let rendered = render::render(
        "docs/A.md",
        "# A\n\n<script>x</script>\n\nb <i>c</i>\n\n<!-- d -->\n",
    );
    assert_eq!(rendered.body.0, "<h1 id=\"a\">A</h1>\n<p>b c</p>\n");
}

#[test]
fn links_are_joined_with_the_folder_of_their_page() {
    assert_eq!(
        place::joined("docs/A.md", "../examples/./b.toml"),
        "examples/b.toml"
    );
    assert_eq!(place::joined("README.md", "docs/A.md"), "docs/A.md");
}
