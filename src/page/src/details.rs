//! The details of a report: sections of tables, figures and texts, as programs send them.
//!
//! | file | what it holds |
//! |---|---|
//! | `details/read.rs` | reads values leniently |
//! | `details/markdown.rs`, `grid.rs`, `palette.rs` | texts, classes and colours of others, made safe |
//! | `details/table.rs`, `plot.rs`, `bars.rs`, `histogram.rs`, `timeline.rs`, `round.rs` | each kind of entry |
//! | `details/chart.rs`, `csv.rs` | the chart of an entry, and its data as a file |
//!
//! Invariants: whatever the details hold, there is a page. An entry that cannot be shown says so in
//! its place. Nothing of a report runs, loads anything, or leaves its element.

mod bars;
mod chart;
mod csv;
mod grid;
mod histogram;
mod markdown;
mod palette;
mod plot;
mod read;
mod round;
mod table;
#[cfg(test)]
mod tests;
mod timeline;

pub use chart::Chart;
pub use csv::guard;

use grid::Place;
use markdown::markdown;
use maud::{html, Markup};
use read::{text, Entry};
use serde_json::{Map, Value};

/// Most sections, entries of a section, and entries in all.
const SECTIONS: usize = 100;
const ENTRIES: usize = 100;
const ALL: usize = 400;

/// A chart of a report and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The number of its section.
    pub section: usize,
    /// Its number in the section.
    pub entry: usize,
    /// Its title. May be empty.
    pub title: String,
    /// The chart, or why there is none.
    pub chart: Result<Chart, &'static str>,
}

/// The details as a page shows them.
#[must_use]
pub fn report(details: &Value) -> Markup {
    report_with(details, &|_, _, _| None)
}

/// As [`report`], with links to the files of each entry: `link` gets the number of the section,
/// that of the entry, and `svg` or `csv`, and says where that file is.
#[must_use]
pub fn report_with(details: &Value, link: &dyn Fn(usize, usize, &str) -> Option<String>) -> Markup {
    let all = sections(details);
    let mut left = ALL;
    html! {
        div.report.row {
            @if all.is_empty() {
                p.empty.col-12 { "This report has no details." }
            }
            @for (number, section) in all.iter().take(SECTIONS).enumerate() {
                (shown_section(number, section, &mut left, link))
            }
            @if all.len() > SECTIONS {
                p.small.col-12 { "The first " (SECTIONS) " of " (all.len()) " sections are shown." }
            }
        }
    }
}

/// All charts of a report.
#[must_use]
pub fn figures(details: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    for (section, value) in sections(details).iter().take(SECTIONS).enumerate() {
        for (number, entry) in entries(value).iter().take(ENTRIES).enumerate() {
            let Some(entry) = entry.as_object().map(Entry) else {
                continue;
            };
            if let Some(chart) = chart::chart(entry, &grid::place(&entry.said("style"))) {
                found.push(Found {
                    section,
                    entry: number,
                    title: entry.said("title").into_owned(),
                    chart,
                });
            }
            if found.len() >= ALL {
                return found;
            }
        }
    }
    found
}

/// The chart of an entry as an SVG file. None if it has none, or nothing to draw.
#[must_use]
pub fn figure_svg(details: &Value, section: usize, entry: usize) -> Option<String> {
    let entry = find(details, section, entry)?;
    let chart = chart::chart(entry, &grid::place(&entry.said("style")))?;
    chart.ok().map(|chart| chart.file())
}

/// The data of an entry as CSV. None if it has none.
#[must_use]
pub fn figure_csv(details: &Value, section: usize, entry: usize) -> Option<String> {
    csv::csv(find(details, section, entry)?)
}

fn find(details: &Value, section: usize, entry: usize) -> Option<Entry<'_>> {
    entries(sections(details).get(section)?)
        .get(entry)?
        .as_object()
        .map(Entry)
}

/// The sections: the list itself, or the one inside a report.
fn sections(details: &Value) -> &[Value] {
    let list = details
        .as_array()
        .or_else(|| details.get("details").and_then(Value::as_array));
    list.map(Vec::as_slice).unwrap_or_default()
}

/// The entries of a section. An entry in the place of a section is a section of its own.
fn entries(section: &Value) -> &[Value] {
    match section.get("content") {
        Some(Value::Array(list)) => list,
        Some(single @ Value::Object(_)) => std::slice::from_ref(single),
        None if section.get("kind").is_some() => std::slice::from_ref(section),
        _ => &[],
    }
}

type Link<'a> = &'a dyn Fn(usize, usize, &str) -> Option<String>;

fn shown_section(number: usize, value: &Value, left: &mut usize, link: Link<'_>) -> Markup {
    let Some(section) = value.as_object() else {
        return notice("This section cannot be shown: it is no object.");
    };
    let all = entries(value);
    let own = section.contains_key("content");
    let said = |name: &str| section.get(name).filter(|_| own).map(text).unwrap_or_default();
    let shown = all.len().min(ENTRIES).min(*left);
    *left -= shown;
    let (title, place) = (said("title"), grid::place(&said("style")));
    html! {
        section class=(place.class) {
            @if !title.is_empty() { h2 { (title) } }
            (prose(section, "description", own))
            div.row {
                @for (place, entry) in all.iter().take(shown).enumerate() {
                    @match entry.as_object() {
                        Some(entry) => (shown_entry((number, place), Entry(entry), link)),
                        None => (notice("This entry cannot be shown: it is no object.")),
                    }
                }
            }
            @if all.len() > shown {
                p.small { "The first " (shown) " of " (all.len()) " entries are shown." }
            }
            @if own && all.is_empty() && section.get("content").is_some_and(|content| !content.is_array()) {
                (notice("The content of this section cannot be shown: it is no list."))
            }
            (prose(section, "notes", own))
        }
    }
}

/// A text in Markdown, in full length.
fn prose(of: &Map<String, Value>, name: &str, wanted: bool) -> Markup {
    let Some(value) = of.get(name).filter(|_| wanted) else {
        return html! {};
    };
    let said = value
        .as_str()
        .map_or_else(|| text(value), std::borrow::Cow::Borrowed);
    let rendered = markdown(&said);
    html! {
        @if name == "notes" && !said.trim().is_empty() {
            div.notes { (rendered) }
        } @else {
            (rendered)
        }
    }
}

fn shown_entry((section, number): (usize, usize), entry: Entry<'_>, link: Link<'_>) -> Markup {
    let place = grid::place(&entry.said("style"));
    let title = entry.said("title");
    let kind = entry.kind();
    let heading = html! { @if !title.is_empty() { h3 { (title) } } };
    html! {
        div class=(format!("entry {}", place.class)) {
            @if kind == "table" {
                (prose(entry.0, "description", true))
                @match table::table(entry) {
                    Ok(table) => (table),
                    Err(why) => { (heading) (broken("table", why)) },
                }
                (links(section, number, &["csv"], link))
            } @else {
                (heading)
                (prose(entry.0, "description", true))
                (content(&kind, entry, &place, (section, number), link))
            }
            (prose(entry.0, "notes", true))
        }
    }
}

fn content(
    kind: &str,
    entry: Entry<'_>,
    place: &Place,
    (section, number): (usize, usize),
    link: Link<'_>,
) -> Markup {
    match chart::chart(entry, place) {
        Some(Ok(chart)) => html! {
            (chart.render())
            (links(section, number, &["svg", "csv"], link))
        },
        Some(Err(why)) => broken(kind, why),
        None if matches!(kind, "none" | "") => html! {},
        None => html! {
            p.notice.warn { "Entries of the kind “" (kind) "” are unknown." }
        },
    }
}

fn links(section: usize, number: usize, kinds: &[&str], link: Link<'_>) -> Markup {
    let files: Vec<_> = kinds
        .iter()
        .filter_map(|kind| Some((kind.to_ascii_uppercase(), link(section, number, kind)?)))
        .collect();
    html! {
        @if !files.is_empty() {
            p.files { @for (name, href) in files { a href=(href) download { (name) } " " } }
        }
    }
}

fn broken(kind: &str, why: &str) -> Markup {
    html! { p.notice.warn { "This " (kind) " cannot be shown: " (why) "." } }
}

fn notice(said: &str) -> Markup {
    html! { p.notice.warn.col-12 { (said) } }
}
