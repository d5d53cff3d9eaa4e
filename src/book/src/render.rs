//! Markdown as HTML. Headings get anchors, and links to pages and files lead to their addresses.
//! HTML in a page is left out: there are only comments, for the test that runs the commands.

use crate::place::{address, joined};
use crate::sources;
use maud::{Markup, PreEscaped};
use pulldown_cmark::{html::push_html, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A page, rendered.
pub(crate) struct Rendered {
    /// Its headings of the second level: anchors and texts.
    pub(crate) headings: Vec<(String, String)>,
    /// What it says.
    pub(crate) body: Markup,
}

/// Renders the page with this path in the repository.
pub(crate) fn render(path: &str, text: &str) -> Rendered {
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut headings = Vec::new();
    let (mut heading, mut said) = (None, String::new());
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => continue,
            Event::Start(Tag::Heading { .. }) => {
                heading = Some(events.len());
                said.clear();
            }
            Event::Text(ref text) | Event::Code(ref text) if heading.is_some() => said.push_str(text),
            Event::End(TagEnd::Heading(level)) => {
                let id = anchor(&said);
                let place = heading.take().and_then(|at| events.get_mut(at));
                if let Some(Event::Start(Tag::Heading { id: place, .. })) = place {
                    *place = Some(CowStr::from(id.clone()));
                }
                if level == HeadingLevel::H2 {
                    headings.push((id, said.clone()));
                }
            }
            _ => {}
        }
        let event = match event {
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => Event::Start(Tag::Link {
                link_type,
                dest_url: CowStr::from(target(path, &dest_url)),
                title,
                id,
            }),
            // A wide table has its own scroll bar.
            Event::Start(Tag::Table(_)) => {
                events.push(Event::Html(CowStr::Borrowed(TABLE)));
                event
            }
            Event::End(TagEnd::Table) => {
                events.push(event);
                Event::Html(CowStr::Borrowed("</div>"))
            }
            event => event,
        };
        events.push(event);
    }
    let mut body = String::new();
    push_html(&mut body, events.into_iter());
    // In code, `<` is escaped. A block of code scrolls, and so does a table: both by keyboard, too.
    let body = body.replace("<pre>", "<pre tabindex=\"0\">");
    Rendered {
        headings,
        body: PreEscaped(body),
    }
}

/// What a table is in.
const TABLE: &str = "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">";

/// The anchor of a heading, as forges make it.
fn anchor(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => character.is_alphanumeric().then_some(character),
        })
        .collect()
}

/// Where a link of the page leads.
fn target(from: &str, link: &str) -> String {
    if link.contains("://") || link.starts_with('#') || link.starts_with("mailto:") {
        return link.to_owned();
    }
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, format!("#{anchor}")),
        None => (link, String::new()),
    };
    let path = joined(from, path);
    match sources::page(&path) {
        Some(page) => format!("{}{anchor}", address(page.name)),
        None => format!("{}/{path}", address("files")),
    }
}
