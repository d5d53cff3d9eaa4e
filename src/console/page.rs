//! The pages of someone who is signed in.

use super::cookie::FORM_FIELD;
use super::frame::{frame, html_answer, link};
use super::visitor::Visitor;
use actix_web::http::StatusCode;
use actix_web::HttpResponse;
use beamlive_page::{crumbs, tabs as tabs_of, top, Link};
use maud::{html, Markup};

/// A part of the console.
struct Part {
    name: &'static str,
    /// Its pages: a name, an address, and whether only the staff sees it. The first one that a
    /// visitor sees is where the part leads.
    pages: &'static [(&'static str, &'static str, bool)],
}

/// The parts of the console.
const PARTS: [Part; 9] = [
    Part {
        name: "Overview",
        pages: &[("Overview", "/", false)],
    },
    Part {
        name: "Sessions",
        pages: &[("Sessions", "/sessions", false)],
    },
    Part {
        name: "Datasets",
        pages: &[("Datasets", "/datasets", false)],
    },
    Part {
        name: "Reports",
        pages: &[("Reports", "/reports", false)],
    },
    Part {
        name: "Samples",
        pages: &[
            ("Samples", "/samples", false),
            ("Containers", "/containers", false),
            ("Automounters", "/automounters", false),
        ],
    },
    Part {
        name: "Schedule",
        pages: &[("Schedule", "/schedule", false)],
    },
    Part {
        name: "Statistics",
        pages: &[("Statistics", "/statistics", false)],
    },
    Part {
        name: "Facility",
        pages: &[
            ("Projects", "/projects", false),
            ("People", "/people", true),
            ("Access", "/remote-access", true),
            ("Activity", "/activity", false),
            ("Feedback", "/feedback", true),
            ("Outbox", "/outbox", true),
            ("State", "/state", true),
        ],
    },
    Part {
        name: "Book",
        pages: &[("Book", "/docs", false)],
    },
];

/// A page.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// Its title.
    pub(super) title: &'a str,
    /// The address of the page of [`PARTS`] that it is, or is below.
    pub(super) part: &'a str,
    /// The pages above it, the outermost first.
    pub(super) above: Vec<Link>,
    /// What it shows.
    pub(super) body: Markup,
}

impl Page<'_> {
    /// The answer with the page, for `visitor`.
    pub(super) fn answer(self, visitor: &Visitor) -> HttpResponse {
        self.answer_with(StatusCode::OK, visitor)
    }

    /// The same with another status.
    pub(super) fn answer_with(self, status: StatusCode, visitor: &Visitor) -> HttpResponse {
        let shown = |staff: bool| !staff || visitor.role.is_staff();
        let links = PARTS.map(|part| {
            let first = part.pages.iter().find(|(.., staff)| shown(*staff));
            link(part.name, first.map_or("/", |(_, href, _)| *href))
        });
        let part = PARTS
            .iter()
            .find(|part| part.pages.iter().any(|(_, href, _)| *href == self.part));
        let tabs: Vec<_> = part
            .map_or(&[][..], |part| part.pages)
            .iter()
            .filter(|(.., staff)| shown(*staff))
            .map(|(text, href, _)| link(*text, *href))
            .collect();
        let here = tabs.first().map_or(self.part, |first| first.href.as_str());
        let who = html! {
            span { (visitor.name) }
            form action="/sign-out" method="post" {
                (form_key(visitor))
                button type="submit" { "Sign out" }
            }
        };
        let body = html! {
            (top(&link("beamlive", "/"), &links, here, &who))
            main #content {
                @if tabs.len() > 1 { (tabs_of(&tabs, self.part)) }
                @if !self.above.is_empty() { (crumbs(&self.above, self.title)) }
                (self.body)
            }
        };
        html_answer(status, &frame(self.title, &body))
    }
}

/// The field of a form that shows that it is of this visitor's browser.
pub(super) fn form_key(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name=(FORM_FIELD) value=(visitor.cookie.form_key()); }
}
