//! The pages of the console.

use super::resource::{Bind, Resource};
use crate::console::{assets, book, datasets, log, overview, reports, sessions, sign_in};
use crate::routes::admin::events;
use actix_web::http::Method;
use std::sync::LazyLock;

/// The pages.
pub(super) static PAGES: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    vec![
        page("/", |route| route.to(overview::get)),
        page("/overview/beamlines", |route| route.to(overview::beamlines)),
        page("/events", |route| route.to(events::console)),
        page("/assets/{name}", |route| route.to(assets::get)),
        page("/docs", |route| route.to(book::get)),
        page("/docs/files/{path}", |route| route.to(book::file)),
        page("/docs/{name}", |route| route.to(book::get)),
        page("/sessions", |route| route.to(sessions::list)),
        page("/sessions/{id}", |route| route.to(sessions::get)),
        page("/datasets", |route| route.to(datasets::list)),
        page("/datasets/{id}", |route| route.to(datasets::get)),
        page("/reports", |route| route.to(reports::list)),
        page("/reports/{id}", |route| route.to(reports::get)),
        page("/reports/{id}/{file}", |route| route.to(reports::figure)),
        page("/activity", |route| route.to(log::list)),
        Resource::pages(
            "/sign-in",
            &[
                (Method::GET, |route| route.to(sign_in::get)),
                (Method::POST, |route| route.to(sign_in::post)),
            ],
        ),
        Resource::pages(
            "/sign-out",
            &[(Method::POST, |route| route.to(sign_in::post_out))],
        ),
    ]
});

/// A page that is only read.
fn page(path: &str, bind: Bind) -> Resource {
    Resource::pages(path, &[(Method::GET, bind)])
}
