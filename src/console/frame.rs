//! The frame of every page, and the headers that it is sent with.

use super::assets;
use actix_web::http::header;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use beamlive_page::{shell, top, Link};
use maud::{html, Markup};

/// What pages may load, and where their forms may go: this service alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A link.
pub(super) fn link(text: impl Into<String>, href: impl Into<String>) -> Link {
    Link {
        text: text.into(),
        href: href.into(),
    }
}

/// A page for someone who is not signed in.
pub(super) fn outside(status: StatusCode, title: &str, body: &Markup) -> HttpResponse {
    let body = html! {
        (top(&link("beamlive", "/"), &[], "", &html! {}))
        main #content { (body) }
    };
    html_answer(status, &frame(title, &body))
}

/// A whole page, of what its body holds.
pub(super) fn frame(title: &str, body: &Markup) -> Markup {
    let head = html! {
        link rel="icon" href="data:,";
        link rel="stylesheet" href=(assets::style());
        script type="module" src=(assets::script()) {}
    };
    shell(&format!("{title} · beamlive"), &head, body)
}

/// An answer with HTML. It may hold secure keys, so no cache keeps it.
pub(super) fn html_answer(status: StatusCode, html: &Markup) -> HttpResponse {
    guarded(HttpResponse::build(status))
        .content_type("text/html; charset=utf-8")
        .body(html.0.clone())
}

/// The headers that every page has.
pub(super) fn guarded(mut answer: HttpResponseBuilder) -> HttpResponseBuilder {
    answer
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    answer
}

/// Sends the browser to another page.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
