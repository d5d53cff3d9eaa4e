//! The list of contents: `docs/SUMMARY.md`. Headings name the parts, and links the pages.

use crate::place::joined;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

/// A page in the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path of its source in the repository.
    pub(crate) path: String,
    /// Its title.
    pub(crate) title: String,
    /// The part that it is in.
    pub(crate) part: String,
}

/// The pages, in order. The links are relative to `docs/`.
pub(crate) fn read(text: &str) -> Vec<Entry> {
    let (mut entries, mut part, mut said, mut target) = (Vec::new(), String::new(), String::new(), None);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => said.clear(),
            Event::End(TagEnd::Heading(HeadingLevel::H2)) => part = said.clone(),
            Event::Start(Tag::Link { dest_url, .. }) => {
                said.clear();
                target = Some(dest_url.into_string());
            }
            Event::End(TagEnd::Link) => {
                if let Some(target) = target.take() {
                    entries.push(Entry {
                        path: joined("docs/SUMMARY.md", &target),
                        title: said.clone(),
                        part: part.clone(),
                    });
                }
            }
            Event::Text(text) | Event::Code(text) => said.push_str(&text),
            _ => {}
        }
    }
    entries
}
