//! Markdown and HTML of others, made safe.

use ammonia::Builder;
use maud::{html, Markup, PreEscaped};
use pulldown_cmark::{html::push_html, Options, Parser};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Longest text that is rendered, in characters.
const LONGEST: usize = 20_000;

static BLOCKS: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        // Pictures would tell their servers who reads the report.
        .rm_tags(["img", "map", "area"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .rm_generic_attributes(["lang", "title"])
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

static CELLS: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .tags(HashSet::from([
            "b", "strong", "i", "em", "sub", "sup", "br", "small", "code", "u", "s",
        ]))
        .rm_generic_attributes(["lang", "title"]);
    builder
});

/// Markdown as HTML without anything that runs, loads or pretends. Nothing for an empty text.
pub(super) fn markdown(text: &str) -> Markup {
    let text = text.trim();
    if text.is_empty() {
        return html! {};
    }
    let end = text
        .char_indices()
        .nth(LONGEST)
        .map_or(text.len(), |(end, _)| end);
    let shown = text.get(..end).unwrap_or_default();
    let mut rendered = String::new();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    push_html(&mut rendered, Parser::new_ext(shown, options));
    html! {
        div.prose { (PreEscaped(BLOCKS.clean(&rendered).to_string())) }
        @if end < text.len() { p.small { "The text goes on; its first " (LONGEST) " characters are shown." } }
    }
}

/// A cell: text, in which programs write the odd `<sub>` or `&Aring;`.
pub(super) fn cell(text: &str) -> Markup {
    if text.contains(['<', '&']) {
        PreEscaped(CELLS.clean(text).to_string())
    } else {
        html! { (text) }
    }
}
