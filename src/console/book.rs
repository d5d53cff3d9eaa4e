//! `/docs`: the book, for everybody. It is part of the program, and holds nothing of the facility.

use super::frame::{frame, guarded, html_answer, link, outside};
use actix_web::http::header;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_book::{Book, Page, ROOT};
use beamlive_page::top;
use maud::{html, Markup};

/// `GET /docs` and `GET /docs/{name}`
pub async fn get(request: HttpRequest) -> HttpResponse {
    let name = request.match_info().get("name").unwrap_or_default();
    let Some((before, page, after)) = Book::get().page(name) else {
        return outside(
            StatusCode::NOT_FOUND,
            "Not found",
            &html! {
                h1 { "The book has no such page" }
                p { a href=(ROOT) { "Its first page" } " has the list of all pages." }
            },
        );
    };
    let body = html! {
        (top(&link("beamlive", "/"), &[link("Book", ROOT), link("API", "/api/docs/")], ROOT, &html! {}))
        main #content .book {
            article {
                p.small.to-contents { a href="#contents" { "Contents" } }
                div.prose { (page.body) }
                (neighbours(before, after))
            }
            (contents(page))
        }
    };
    html_answer(StatusCode::OK, &frame(&page.title, &body))
}

/// `GET /docs/files/{path}`: a file that a page links to.
pub async fn file(path: Path<String>) -> HttpResponse {
    match beamlive_book::file(&path) {
        Some(text) => guarded(HttpResponse::Ok())
            .content_type("text/plain; charset=utf-8")
            .body(text),
        None => guarded(HttpResponse::NotFound())
            .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
            .body("the book has no such file\n"),
    }
}

/// The list of all pages. Below the page itself stand its headings.
fn contents(here: &Page) -> Markup {
    let pages = Book::get().pages();
    html! {
        nav #contents aria-label="Contents" {
            @for group in pages.chunk_by(|one, next| one.part == next.part) {
                @if let Some(part) = group.first().map(|page| &page.part).filter(|part| !part.is_empty()) {
                    h2 { (part) }
                }
                ul {
                    @for page in group {
                        li {
                            a href=(page.href()) aria-current=[(page.name == here.name).then_some("page")] {
                                (page.title)
                            }
                            @if page.name == here.name && !page.headings.is_empty() {
                                ul { @for (id, text) in &page.headings { li { a href=(format!("#{id}")) { (text) } } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn neighbours(before: Option<&Page>, after: Option<&Page>) -> Markup {
    html! {
        nav.pages aria-label="Pages" {
            @if let Some(page) = before { a rel="prev" href=(page.href()) { "← " (page.title) } }
            @if let Some(page) = after { a.end rel="next" href=(page.href()) { (page.title) " →" } }
        }
    }
}
