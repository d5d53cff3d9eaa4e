//! The book: the pages of `docs/`, in the order of `docs/SUMMARY.md`, as HTML.
//!
//! | file | what it holds |
//! |---|---|
//! | `sources.rs` | the texts of the pages, and of the files that they link to |
//! | `summary.rs` | reads the list of contents |
//! | `place.rs` | addresses, and paths in the repository |
//! | `render.rs` | Markdown as HTML: anchors, links between pages |
//!
//! [`Book::get`] has all of it. Invariants, which tests hold: every page of `docs/` is in the list
//! of contents; every link of a page leads to a page, an anchor or a file of the book, or to
//! another server. The texts are part of the program, so the book needs no network and no file.

mod place;
mod render;
mod sources;
mod summary;
#[cfg(test)]
mod tests;

pub use place::ROOT;

use maud::Markup;
use std::sync::LazyLock;

/// The program of the page for client authors in Rust is a test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/RUST.md")]
struct Rust;

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The last part of its address; empty for the front page.
    pub name: String,
    /// What the list of contents calls it.
    pub title: String,
    /// The part of the book that it is in; empty for the front page.
    pub part: String,
    /// Its headings below the title: their anchors and their texts.
    pub headings: Vec<(String, String)>,
    /// What it says.
    pub body: Markup,
}

impl Page {
    /// Its address.
    #[must_use]
    pub fn href(&self) -> String {
        place::address(&self.name)
    }
}

/// All pages, in order.
#[derive(Debug)]
pub struct Book {
    pages: Vec<Page>,
}

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    let pages = summary::read(sources::SUMMARY).into_iter().filter_map(|entry| {
        let source = sources::page(&entry.path)?;
        let rendered = render::render(&entry.path, source.text);
        Some(Page {
            name: source.name.to_owned(),
            title: entry.title,
            part: entry.part,
            headings: rendered.headings,
            body: rendered.body,
        })
    });
    Book {
        pages: pages.collect(),
    }
});

impl Book {
    /// The book. It is rendered once.
    #[must_use]
    pub fn get() -> &'static Self {
        &BOOK
    }

    /// All pages, in order.
    #[must_use]
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// A page with the one before it and the one after it.
    #[must_use]
    pub fn page(&self, name: &str) -> Option<(Option<&Page>, &Page, Option<&Page>)> {
        let here = self.pages.iter().position(|page| page.name == name)?;
        let before = here.checked_sub(1).and_then(|before| self.pages.get(before));
        Some((before, self.pages.get(here)?, self.pages.get(here + 1)))
    }
}

/// The text of a file that a page links to, by its path in the repository.
#[must_use]
pub fn file(path: &str) -> Option<&'static str> {
    sources::file(path)
}
