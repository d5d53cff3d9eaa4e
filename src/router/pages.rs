//! The pages of the console.

use super::resource::{Bind, Resource};
use crate::console::{
    access, account, assets, automounters, book, containers, datasets, feedback, files, log, outbox,
    overview, people, projects, reports, samples, schedule, sessions, share, sheet, sign_in, state,
    statistics,
};
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
        page("/files/{path:.*}", |route| route.to(files::get)),
        page("/docs", |route| route.to(book::get)),
        page("/docs/files/{path}", |route| route.to(book::file)),
        page("/docs/{name}", |route| route.to(book::get)),
        page("/sessions", |route| route.to(sessions::list)),
        page("/sessions/{id}", |route| route.to(sessions::get)),
        page("/datasets", |route| route.to(datasets::list)),
        page("/datasets/{id}", |route| route.to(datasets::get)),
        page("/reports", |route| route.to(reports::list)),
        page("/reports/{id}", |route| route.to(reports::get)),
        sent("/reports/{id}/share", |route| route.to(share::post)),
        page("/reports/{id}/{file}", |route| route.to(reports::figure)),
        page("/shared/{link}", |route| route.to(share::get)),
        page("/shared/{link}/{file}", |route| route.to(share::figure)),
        page("/activity", |route| route.to(log::list)),
        page("/samples", |route| route.to(samples::list)),
        form(
            "/samples/sheet",
            |route| route.to(sheet::get),
            |route| route.to(sheet::post),
        ),
        page("/samples/sheet.xlsx", |route| route.to(sheet::workbook)),
        sent("/samples/sheet/file", |route| route.to(sheet::file)),
        page("/containers", |route| route.to(containers::list)),
        form(
            "/containers/{id}",
            |route| route.to(containers::get),
            |route| route.to(containers::post),
        ),
        page("/automounters", |route| route.to(automounters::list)),
        form(
            "/automounters/{beamline}",
            |route| route.to(automounters::get),
            |route| route.to(automounters::post),
        ),
        sent("/automounters/{beamline}/empty", |route| {
            route.to(automounters::empty)
        }),
        form(
            "/schedule",
            |route| route.to(schedule::get),
            |route| route.to(schedule::post),
        ),
        page("/statistics", |route| route.to(statistics::get)),
        page("/projects", |route| route.to(projects::list)),
        form(
            "/projects/{username}",
            |route| route.to(projects::get),
            |route| route.to(projects::post),
        ),
        sent("/projects/{username}/key", |route| route.to(projects::key)),
        sent("/projects/{username}/members", |route| route.to(projects::member)),
        form(
            "/new/project",
            |route| route.to(projects::new),
            |route| route.to(projects::create),
        ),
        page("/people", |route| route.to(people::list)),
        form(
            "/people/{username}",
            |route| route.to(people::get),
            |route| route.to(people::post),
        ),
        form(
            "/new/person",
            |route| route.to(people::new),
            |route| route.to(people::create),
        ),
        sent("/accounts/{username}/password", |route| route.to(account::post)),
        form(
            "/remote-access",
            |route| route.to(access::get),
            |route| route.to(access::post),
        ),
        page("/feedback", |route| route.to(feedback::list)),
        form(
            "/outbox",
            |route| route.to(outbox::get),
            |route| route.to(outbox::post),
        ),
        page("/state", |route| route.to(state::get)),
        form(
            "/sign-in",
            |route| route.to(sign_in::get),
            |route| route.to(sign_in::post),
        ),
        sent("/sign-out", |route| route.to(sign_in::post_out)),
    ]
});

/// A page that is only read.
fn page(path: &str, bind: Bind) -> Resource {
    Resource::pages(path, &[(Method::GET, bind)])
}

/// A page with a form that is sent to the same address.
fn form(path: &str, get: Bind, post: Bind) -> Resource {
    Resource::pages(path, &[(Method::GET, get), (Method::POST, post)])
}

/// What a form of another page is sent to.
fn sent(path: &str, post: Bind) -> Resource {
    Resource::pages(path, &[(Method::POST, post)])
}
