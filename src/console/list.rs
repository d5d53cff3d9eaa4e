//! The page of a table, with its filters and links.

use super::csv;
use super::page::Page as Shown;
use super::refusal::PageError;
use super::show;
use super::table::{Asked, Filter, Table};
use super::visitor::{Role, Visitor};
use crate::app::AppData;
use crate::views::Page;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_page::pages;
use beamlive_storage::ReadError;
use chrono_tz::Tz;
use maud::{html, Markup};
use std::sync::Arc;

/// Rows of a page.
const ROWS: usize = 50;

/// Answers with a table.
///
/// # Errors
/// 400 for an address that asks for what does not exist, 403 for another project, 503 when the
/// store can't be read.
pub(super) async fn answer<T: Table>(
    request: &HttpRequest,
    app: &AppData,
    visitor: Visitor,
) -> Result<HttpResponse, PageError> {
    let asked = Asked::read(request, &visitor)?;
    let zone = app.settings.timezone;
    let store = app.directory.services().store.clone();
    if asked.csv {
        return Ok(csv::file::<T>(store, visitor.catalog, asked));
    }
    let (catalog, filter) = (Arc::clone(&visitor.catalog), asked.clone());
    let read = pool::read(move || {
        let page = Page {
            before: filter.before,
            limit: ROWS + 1,
        };
        T::list(&store, &catalog, &filter, &page).collect::<Result<Vec<_>, ReadError>>()
    });
    let mut rows = read.await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(T::id);
    let body = html! {
        h1 { (T::TITLE) }
        (filters::<T>(&visitor, &asked))
        @if rows.is_empty() {
            p.empty { "There is nothing here that fits." }
        } @else {
            (table::<T>(&rows, zone))
            (links::<T>(&visitor.catalog, &asked, rows.len(), last))
        }
    };
    let page = Shown {
        title: T::TITLE,
        part: T::PATH,
        above: Vec::new(),
        body,
    };
    Ok(page.answer(&visitor))
}

fn filters<T: Table>(visitor: &Visitor, asked: &Asked) -> Markup {
    let catalog = &visitor.catalog;
    let projects: Vec<&str> = match &visitor.role {
        Role::Member(projects) => projects.iter().map(|id| catalog.username(*id)).collect(),
        Role::Operator | Role::Viewer => {
            let all = catalog.projects.iter();
            all.map(|(_, entry)| entry.record.username.as_str()).collect()
        }
    };
    let beamlines: Vec<&str> = {
        let all = catalog.beamlines.iter();
        all.map(|(_, entry)| entry.record.acronym.as_str()).collect()
    };
    let staff = visitor.role.is_staff();
    html! {
        form.bar method="get" action=(T::PATH) role="search" {
            @for filter in T::FILTERS {
                @match filter {
                    Filter::Project => {
                        (choice("project", "Project", asked.project.map(|id| catalog.username(id)),
                            staff.then_some("all projects"), &projects))
                    }
                    Filter::Beamline => {
                        (choice("beamline", "Beamline", asked.beamline.map(|id| catalog.acronym(id)),
                            Some("all beamlines"), &beamlines))
                    }
                    Filter::Active => {
                        (choice("active", "Now", asked.active.map(|it| if it { "true" } else { "false" }),
                            Some("open or not"), &["true", "false"]))
                    }
                }
            }
            button type="submit" { "Show" }
        }
    }
}

fn choice(name: &str, label: &str, chosen: Option<&str>, all: Option<&str>, choices: &[&str]) -> Markup {
    html! {
        label {
            span.visually-hidden { (label) }
            select name=(name) {
                @if let Some(all) = all { option value="" { (all) } }
                @for choice in choices {
                    option value=(choice) selected[chosen == Some(choice)] { (choice) }
                }
            }
        }
    }
}

fn table<T: Table>(rows: &[T::Row], zone: Tz) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label=(T::TITLE) {
            table {
                thead { tr {
                    @for (title, is_number) in T::COLUMNS { th scope="col" .number[*is_number] { (title) } }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (cell, (_, is_number)) in T::cells(row).iter().zip(T::COLUMNS) {
                                td .number[*is_number] { (cell.markup(zone)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn links<T: Table>(catalog: &Catalog, asked: &Asked, shown: usize, last: Option<u64>) -> Markup {
    let first = asked.before.map(|_| asked.address::<T>(catalog, &[]));
    let older = last.map(|last| asked.address::<T>(catalog, &[("before", last.to_string())]));
    let csv = asked.address::<T>(catalog, &[("format", "csv".to_owned())]);
    html! {
        (pages(first.as_deref(), &show::count(u64::try_from(shown).unwrap_or(u64::MAX), "row", "rows"), older.as_deref()))
        p.small { a href=(csv) download { "All of them as CSV" } }
    }
}
