//! Reports: their table, and the page of one.

use super::files;
use super::frame::{guarded, link};
use super::list;
use super::page::{form_key, Page as Shown};
use super::refusal::PageError;
use super::show;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::Visitor;
use crate::app::AppData;
use crate::sign_in::share::DAYS;
use crate::views::reports::{self, ReportRow};
use crate::views::{self, Page, Rows};
use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use arc_swap::Guard;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_page::{details, facts};
use beamlive_storage::Store;
use maud::{html, Markup};
use serde_json::Value;

struct Reports;

impl Table for Reports {
    type Row = ReportRow;
    const TITLE: &'static str = "Reports";
    const PATH: &'static str = "/reports";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("Report", false),
        ("Kind", false),
        ("Project", false),
        ("Beamline", false),
        ("Score", true),
        ("Uploaded", false),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Project, Filter::Find];

    fn list<'a>(store: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, ReportRow> {
        reports::list(store, catalog, asked.project, page)
    }

    fn id(row: &ReportRow) -> u64 {
        row.id
    }

    fn cells(row: &ReportRow) -> Vec<Cell> {
        vec![
            Cell::Link(row.name.clone(), format!("/reports/{}", row.id)),
            Cell::Text(row.kind.clone()),
            Cell::Text(row.project.clone()),
            Cell::Text(row.beamline.clone()),
            Cell::number(row.score, 2),
            Cell::Time(row.created.0),
        ]
    }
}

/// `GET /reports`
///
/// # Errors
/// See `list::answer`.
pub async fn list(request: HttpRequest, app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    list::answer::<Reports>(&request, &app, visitor).await
}

/// `GET /reports/{id}`
///
/// # Errors
/// 404 when there is no such report for this visitor, 503 when the store can't be read.
pub async fn get(app: AppData, visitor: Visitor, id: Path<String>) -> Result<HttpResponse, PageError> {
    let row = find(&app, &visitor, &id).await?;
    let zone = app.settings.timezone;
    let datasets = html! {
        @for (place, id) in row.data_id.iter().enumerate() {
            @if place > 0 { ", " }
            a href={ "/datasets/" (id) } { (id) }
        }
    };
    let value = serde_json::to_value(&row.details).unwrap_or(Value::Null);
    let body = html! {
        h1 { (row.name) " " span.badge { (row.kind) } }
        (facts(&[
            ("Project", html! { a href={ "/reports?project=" (row.project) } { (row.project) } }),
            ("Beamline", html! { (row.beamline) }),
            ("Datasets", datasets),
            ("Score", html! { (show::number(row.score, 2)) }),
            ("Uploaded", show::time(row.created.0, zone)),
        ]))
        (sections(&value, &format!("/reports/{}", row.id)))
        (sharing(&visitor, row.id))
        @if let (Some(files), Some(key)) = (files::base(&app), &row.url) {
            p { a.button href={ (files) "archive/" (key) "/report-" (row.id) ".tar.gz" } download { "Archive" } }
        }
    };
    let page = Shown {
        title: &row.name,
        part: Reports::PATH,
        above: vec![link(Reports::TITLE, Reports::PATH)],
        body,
    };
    Ok(page.answer(&visitor))
}

/// The form that makes a link.
fn sharing(visitor: &Visitor, report: u64) -> Markup {
    html! {
        details {
            summary { "Share" }
            form.bar action={ "/reports/" (report) "/share" } method="post" {
                (form_key(visitor))
                label { "Whoever has the link sees this report, for " select name="days" {
                    @for days in DAYS { option value=(days) selected[days == 7] { (days) @if days == 1 { " day" } @else { " days" } } }
                } }
                button type="submit" { "Make a link" }
            }
        }
    }
}

/// The sections of a report, whose figures and tables are files below `base`.
pub(super) fn sections(details: &Value, base: &str) -> Markup {
    let file = |section: usize, entry: usize, kind: &str| Some(format!("{base}/{section}-{entry}.{kind}"));
    details::report_with(details, &file)
}

/// `GET /reports/{id}/{file}`: one figure or table, as SVG or as CSV. The file is its section, its
/// place there and the format: `2-1.svg`.
///
/// # Errors
/// 404 when there is no such figure for this visitor, 503 when the store can't be read.
pub async fn figure(
    app: AppData,
    visitor: Visitor,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (id, name) = path.into_inner();
    let row = find(&app, &visitor, &id).await?;
    let value = serde_json::to_value(&row.details).unwrap_or(Value::Null);
    figure_file(&value, &name, &format!("report-{}", row.id))
}

/// A figure or a table of `details` as a file.
///
/// # Errors
/// 404 when there is none of this name.
pub(super) fn figure_file(details: &Value, name: &str, of: &str) -> Result<HttpResponse, PageError> {
    let (kind, text) = file(details, name).ok_or_else(|| PageError::no("figure", name))?;
    let name = format!("attachment; filename=\"{of}-{name}\"");
    Ok(guarded(HttpResponse::Ok())
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(text))
}

/// The file of a figure, and its type.
fn file(details: &Value, name: &str) -> Option<(&'static str, String)> {
    let (place, format) = name.split_once('.')?;
    let (section, entry) = place.split_once('-')?;
    let (section, entry) = (section.parse().ok()?, entry.parse().ok()?);
    match format {
        "svg" => Some(("image/svg+xml", details::figure_svg(details, section, entry)?)),
        "csv" => Some((
            "text/csv; charset=utf-8",
            details::figure_csv(details, section, entry)?,
        )),
        _ => None,
    }
}

/// The report of an id, if the visitor may see it.
pub(super) async fn find(app: &AppData, visitor: &Visitor, id: &str) -> Result<ReportRow, PageError> {
    let missing = || PageError::no("report", id);
    let number: u64 = id.parse().map_err(|_| missing())?;
    let row = find_any(app, number).await?.ok_or_else(missing)?;
    if visitor.sees_project_named(&row.project) {
        Ok(row)
    } else {
        Err(missing())
    }
}

/// The report of an id, whoever asks.
pub(super) async fn find_any(app: &AppData, id: u64) -> Result<Option<ReportRow>, PageError> {
    let store = app.directory.services().store.clone();
    let catalog = Guard::into_inner(app.directory.services().catalog.current().await?);
    Ok(pool::read(move || views::find::<ReportRow>(&store, &catalog, id)).await?)
}
