//! The page of a table, with its filters and links.

use super::csv;
use super::page::Page as Shown;
use super::refusal::PageError;
use super::show;
use super::table::{Asked, FileKind, Filter, Table};
use super::visitor::Visitor;
use super::workbook;
use crate::app::AppData;
use crate::views::Page;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_page::pages;
use beamlive_storage::{ReadError, Store};
use chrono_tz::Tz;
use maud::{html, Markup};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of a page.
const ROWS: usize = 50;
/// How long a page searches. There is no index of texts, so rows are read one after the other.
const PATIENCE: Duration = Duration::from_millis(60);

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
    let mut asked = Asked::read(request, &visitor)?;
    if !T::FILTERS.contains(&Filter::Find) {
        asked.find.clear();
    }
    let zone = app.settings.timezone;
    let store = app.directory.services().store.clone();
    match asked.file {
        None => {}
        Some(FileKind::Csv) => return Ok(csv::file::<T>(store, visitor.catalog, asked)),
        Some(FileKind::Xlsx) => return workbook::file::<T>(store, visitor.catalog, asked).await,
    }
    let (catalog, filter) = (Arc::clone(&visitor.catalog), asked.clone());
    let read = pool::read(move || Found::<T>::read(&store, &catalog, &filter));
    let Found {
        rows,
        next,
        broken_off,
    } = read.await?;
    let body = html! {
        h1 { (T::TITLE) }
        (filters::<T>(&visitor, &asked))
        @if let Some((text, href)) = T::actions(&visitor, &asked) { p { a.button href=(href) { (text) } } }
        @if rows.is_empty() {
            p.empty { "There is nothing here that fits." }
        } @else {
            (table::<T>(&rows, &visitor.catalog, &asked, zone))
        }
        @if broken_off {
            p.notice { "Older rows were not searched yet: go on with “Later”." }
        }
        @if !rows.is_empty() || next.is_some() {
            (links::<T>(&visitor.catalog, &asked, rows.len(), next))
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

/// The rows of a page.
struct Found<T: Table> {
    rows: Vec<T::Row>,
    /// The id after which the next page begins, if there is one.
    next: Option<u64>,
    /// Whether the search took too long, so that there may be more in older rows.
    broken_off: bool,
}

impl<T: Table> Found<T> {
    fn read(store: &Store, catalog: &Catalog, asked: &Asked) -> Result<Self, ReadError> {
        match asked
            .sort
            .filter(|(column, _)| T::SORTED && *column < T::COLUMNS.len())
        {
            Some(sort) => Self::sorted(store, catalog, asked, sort),
            None => Self::newest(store, catalog, asked),
        }
    }

    /// Reads all rows, which are in memory, and sorts them.
    fn sorted(
        store: &Store,
        catalog: &Catalog,
        asked: &Asked,
        (column, falling): (usize, bool),
    ) -> Result<Self, ReadError> {
        let page = Page {
            before: None,
            limit: usize::MAX,
        };
        let mut keyed = Vec::new();
        for row in T::list(store, catalog, asked, &page) {
            let row = row?;
            let mut cells = T::cells(&row);
            if asked.find.is_empty() || asked.finds(&cells) {
                keyed.push((cells.swap_remove(column), row));
            }
        }
        keyed.sort_by(|one, other| {
            let order = one.0.compare(&other.0);
            if falling {
                order.reverse()
            } else {
                order
            }
        });
        let skipped = asked
            .before
            .and_then(|skipped| usize::try_from(skipped).ok())
            .unwrap_or(0);
        let end = skipped.saturating_add(ROWS);
        Ok(Self {
            next: (keyed.len() > end).then(|| u64::try_from(end).ok()).flatten(),
            rows: keyed
                .into_iter()
                .skip(skipped)
                .take(ROWS)
                .map(|(_, row)| row)
                .collect(),
            broken_off: false,
        })
    }

    /// Reads rows until a page is full. A search ends after [`PATIENCE`] too.
    fn newest(store: &Store, catalog: &Catalog, asked: &Asked) -> Result<Self, ReadError> {
        let searching = !asked.find.is_empty();
        let page = Page {
            before: asked.before,
            limit: if searching { usize::MAX } else { ROWS + 1 },
        };
        let began = Instant::now();
        let mut found = Self {
            rows: Vec::new(),
            next: None,
            broken_off: false,
        };
        let mut last = None;
        for row in T::list(store, catalog, asked, &page) {
            let row = row?;
            if found.rows.len() == ROWS {
                found.next = last;
                break;
            }
            last = Some(T::id(&row));
            if !searching || asked.finds(&T::cells(&row)) {
                found.rows.push(row);
            }
            if searching && began.elapsed() > PATIENCE {
                (found.next, found.broken_off) = (last, true);
                break;
            }
        }
        Ok(found)
    }
}

fn filters<T: Table>(visitor: &Visitor, asked: &Asked) -> Markup {
    let catalog = &visitor.catalog;
    let projects = visitor.project_names();
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
                    Filter::Find => {
                        label {
                            span.visually-hidden { "Find" }
                            input type="search" name="find" value=(asked.find) placeholder="Find";
                        }
                    }
                }
            }
            button type="submit" { "Show" }
        }
    }
}

/// A choice of a form; `all` stands for none of them.
pub(super) fn choice(
    name: &str,
    label: &str,
    chosen: Option<&str>,
    all: Option<&str>,
    choices: &[&str],
) -> Markup {
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

fn table<T: Table>(rows: &[T::Row], catalog: &Catalog, asked: &Asked, zone: Tz) -> Markup {
    let sorting = |column: usize| {
        let falling = asked.sort == Some((column, false));
        let minus = if falling { "-" } else { "" };
        let order = match asked.sort {
            Some((sorted, falling)) if sorted == column => {
                Some(if falling { "descending" } else { "ascending" })
            }
            _ => None,
        };
        let href = asked.address::<T>(catalog, &[("sort", format!("{minus}{column}"))]);
        (order, href)
    };
    html! {
        div.table tabindex="0" role="region" aria-label=(T::TITLE) {
            table {
                thead { tr {
                    @for (column, (title, is_number)) in T::COLUMNS.iter().enumerate() {
                        @if T::SORTED {
                            @let (order, href) = sorting(column);
                            th scope="col" .number[*is_number] aria-sort=[order] {
                                a href=(href) { (title)
                                    @match order { Some("ascending") => " ▴", Some(_) => " ▾", None => "" } }
                            }
                        } @else {
                            th scope="col" .number[*is_number] { (title) }
                        }
                    }
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
    let [csv, xlsx] =
        ["csv", "xlsx"].map(|format| asked.address::<T>(catalog, &[("format", format.to_owned())]));
    html! {
        (pages(first.as_deref(), &show::count(u64::try_from(shown).unwrap_or(u64::MAX), "row", "rows"), older.as_deref()))
        p.small { "All of them as " a href=(csv) download { "CSV" } " or " a href=(xlsx) download { "XLSX" } }
    }
}
