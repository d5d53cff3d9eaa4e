//! The pages of someone who is signed in.

use super::cookie::FORM_FIELD;
use super::frame::{frame, html_answer, link};
use super::visitor::Visitor;
use actix_web::http::StatusCode;
use actix_web::HttpResponse;
use beamlive_page::{crumbs, top, Link};
use maud::{html, Markup};

/// The parts of the console: a name and an address.
const PARTS: [(&str, &str); 6] = [
    ("Overview", "/"),
    ("Sessions", "/sessions"),
    ("Datasets", "/datasets"),
    ("Reports", "/reports"),
    ("Activity", "/activity"),
    ("Book", "/docs"),
];

/// A page.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// Its title.
    pub(super) title: &'a str,
    /// The address of the part of the console that it is in.
    pub(super) part: &'a str,
    /// The pages above it, the outermost first.
    pub(super) above: Vec<Link>,
    /// What it shows.
    pub(super) body: Markup,
}

impl Page<'_> {
    /// The answer with the page, for `visitor`.
    pub(super) fn answer(self, visitor: &Visitor) -> HttpResponse {
        let links = PARTS.map(|(text, href)| link(text, href));
        let who = html! {
            span { (visitor.name) }
            form action="/sign-out" method="post" {
                (form_key(visitor))
                button type="submit" { "Sign out" }
            }
        };
        let body = html! {
            (top(&link("beamlive", "/"), &links, self.part, &who))
            main #content {
                @if !self.above.is_empty() { (crumbs(&self.above, self.title)) }
                (self.body)
            }
        };
        html_answer(StatusCode::OK, &frame(self.title, &body))
    }
}

/// The field of a form that shows that it is of this visitor's browser.
pub(super) fn form_key(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name=(FORM_FIELD) value=(visitor.cookie.form_key()); }
}
