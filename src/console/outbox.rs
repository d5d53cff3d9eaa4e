//! Directories that the Data Proxy has not acknowledged, and trying them again.

use super::form;
use super::frame::see_other;
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::show;
use super::visitor::{Operator, Staff};
use crate::app::AppData;
use crate::body::Body;
use crate::views::outbox::{self, OutboxRow};
use crate::views::Page;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;
use beamlive_storage::records::Subject;
use maud::{html, Markup};
use std::sync::Arc;

const PATH: &str = "/outbox";
/// Rows that are shown.
const ROWS: usize = 200;

/// `GET /outbox`
///
/// # Errors
/// 503 when the store can't be read.
pub async fn get(app: AppData, Staff(visitor): Staff) -> Result<HttpResponse, PageError> {
    let store = app.directory.services().store.clone();
    let catalog = Arc::clone(&visitor.catalog);
    let now = app.directory.services().clock.now();
    let read = pool::read(move || {
        let page = Page {
            before: None,
            limit: ROWS,
        };
        let rows = outbox::list(&store, &catalog, &page, now)?;
        Ok(rows.map(Iterator::collect::<Vec<_>>).unwrap_or_default())
    });
    let rows = read.await?;
    let state = app.directory.forwarder_health().status();
    let body = html! {
        h1 { "Outbox" }
        p {
            "Directories wait here until the Data Proxy has a key for them. It is "
            @if state.up { span.badge.good { "working" } } @else { span.badge.bad { "not answering" } }
            @if let Some(error) = &state.last_error { ": " (error) }
        }
        @if visitor.role.is_operator() && !rows.is_empty() {
            form.bar action=(PATH) method="post" {
                (form_key(&visitor))
                button.primary type="submit" { "Try all again now" }
            }
        }
        div #waiting data-live=(PATH) data-pick="#waiting" { (table(&rows, &app)) }
    };
    let page = Shown {
        title: "Outbox",
        part: PATH,
        above: Vec::new(),
        body,
    };
    Ok(page.answer(&visitor))
}

fn table(rows: &[OutboxRow], app: &AppData) -> Markup {
    let zone = app.settings.timezone;
    html! {
        @if rows.is_empty() {
            p.empty { "Nothing waits." }
        } @else {
            div.table tabindex="0" role="region" aria-label="Outbox" { table {
                thead { tr {
                    th scope="col" { "Record" } th scope="col" { "Project" } th scope="col" { "Directory" }
                    th scope="col" { "Since" } th.number scope="col" { "Tries" } th scope="col" { "Last error" }
                } }
                tbody { @for row in rows { tr {
                    td { (record(row)) }
                    td { (row.project) }
                    td { (row.directory) }
                    td { (show::time(row.created.0, zone)) }
                    td.number { (row.attempts) }
                    td { (row.last_error.as_deref().unwrap_or("")) }
                } } }
            } }
            @if rows.len() == ROWS { p.small { "Only the newest " (ROWS) " are shown." } }
        }
    }
}

fn record(row: &OutboxRow) -> Markup {
    let id = row.record.id.unwrap_or_default();
    let (name, path) = match row.record.subject {
        Subject::Session => ("session", "sessions"),
        Subject::Report => ("report", "reports"),
        _ => ("dataset", "datasets"),
    };
    html! { a href={ "/" (path) "/" (id) } { (name) " " (id) } }
}

/// `POST /outbox`: tries all of them again now.
///
/// # Errors
/// 503 when the store can't be written.
pub async fn post(
    request: HttpRequest,
    app: AppData,
    Operator(visitor): Operator,
    body: Body,
) -> Result<HttpResponse, PageError> {
    form::confirm(&visitor, &request, body).await?;
    app.directory.retry_outbox(visitor.origin.clone()).await?;
    Ok(see_other(PATH))
}
