//! Sessions: their table, and the page of one.

use super::files;
use super::frame::link;
use super::list;
use super::page::Page as Shown;
use super::refusal::PageError;
use super::show;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::Visitor;
use crate::app::AppData;
use crate::views::data::{self, DatasetRow};
use crate::views::reports::ReportRow;
use crate::views::sessions::{self, SessionRow};
use crate::views::{self, Page, Rows};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_page::{facts, tile};
use beamlive_storage::ids::SessionId;
use beamlive_storage::{ReadError, Store, Timestamp};
use chrono_tz::Tz;
use maud::{html, Markup};
use std::sync::Arc;

/// Most datasets and reports that the page of a session shows.
const MOST: usize = 300;

struct Sessions;

impl Table for Sessions {
    type Row = SessionRow;
    const TITLE: &'static str = "Sessions";
    const PATH: &'static str = "/sessions";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("Session", false),
        ("Project", false),
        ("Beamline", false),
        ("Began", false),
        ("Ended", false),
        ("Datasets", true),
        ("Reports", true),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Project, Filter::Beamline, Filter::Active, Filter::Find];

    fn list<'a>(store: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, SessionRow> {
        let filter = sessions::Filter {
            project: asked.project,
            beamline: asked.beamline,
            active: asked.active,
        };
        sessions::list(store, catalog, filter, page)
    }

    fn id(row: &SessionRow) -> u64 {
        row.id
    }

    fn cells(row: &SessionRow) -> Vec<Cell> {
        vec![
            Cell::Link(row.name.clone(), format!("/sessions/{}", row.id)),
            Cell::Text(row.project.clone()),
            Cell::Text(row.beamline.clone()),
            Cell::Time(row.created.0),
            match row.stretches.last().map(|last| last.end) {
                Some(Some(end)) => Cell::Time(end.0),
                _ => Cell::Text("open".to_owned()),
            },
            Cell::Text(row.datasets.to_string()),
            Cell::Text(row.reports.to_string()),
        ]
    }
}

/// `GET /sessions`
///
/// # Errors
/// See `list::answer`.
pub async fn list(request: HttpRequest, app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    list::answer::<Sessions>(&request, &app, visitor).await
}

/// What the page of a session shows.
struct Whole {
    session: SessionRow,
    datasets: Vec<DatasetRow>,
    reports: Vec<ReportRow>,
}

/// `GET /sessions/{id}`
///
/// # Errors
/// 404 when there is no such session for this visitor, 503 when the store can't be read.
pub async fn get(app: AppData, visitor: Visitor, id: Path<String>) -> Result<HttpResponse, PageError> {
    let missing = || PageError::no("session", &id);
    let number: u64 = id.parse().map_err(|_| missing())?;
    let store = app.directory.services().store.clone();
    let catalog = Arc::clone(&visitor.catalog);
    let found = pool::read(move || read(&store, &catalog, number)).await?;
    let whole = found.ok_or_else(missing)?;
    if !visitor.sees_project_named(&whole.session.project) {
        return Err(missing());
    }
    let now = app.directory.services().clock.now();
    let page = Shown {
        title: &whole.session.name,
        part: Sessions::PATH,
        above: vec![link(Sessions::TITLE, Sessions::PATH)],
        body: body(&whole, files::base(&app), now, app.settings.timezone),
    };
    Ok(page.answer(&visitor))
}

fn read(store: &Store, catalog: &Catalog, id: u64) -> Result<Option<Whole>, ReadError> {
    let Some(session) = views::find::<SessionRow>(store, catalog, id)? else {
        return Ok(None);
    };
    let page = Page {
        before: None,
        limit: MOST,
    };
    let filter = data::Filter {
        session: Some(SessionId(id)),
        ..data::Filter::default()
    };
    let datasets = data::list(store, catalog, filter, &page).collect::<Result<_, _>>()?;
    let reports =
        views::reports::of_session(store, catalog, SessionId(id), &page).collect::<Result<_, _>>()?;
    Ok(Some(Whole {
        session,
        datasets,
        reports,
    }))
}

fn body(whole: &Whole, files: Option<&str>, now: Timestamp, zone: Tz) -> Markup {
    let session = &whole.session;
    let used: i64 = {
        let spans = session.stretches.iter();
        let length = spans.map(|it| it.end.map_or(now, |end| end.0).micros_since(it.start.0));
        length.sum()
    };
    let is_open = session.stretches.last().is_some_and(|last| last.end.is_none());
    html! {
        h1 { (session.name) " " @if is_open { span.badge.good { "open" } } }
        (facts(&[
            ("Project", html! { a href={ "/sessions?project=" (session.project) } { (session.project) } }),
            ("Beamline", html! { a href={ "/sessions?beamline=" (session.beamline) } { (session.beamline) } }),
            ("Began", show::time(session.created.0, zone)),
        ]))
        div.tiles {
            (tile(&beamlive_page::grouped(session.datasets), "", "datasets"))
            (tile(&beamlive_page::grouped(session.reports), "", "reports"))
            (tile(&show::length(used), "", "on the beamline"))
            (tile(&session.stretches.len().to_string(), "", "stretches"))
        }
        (timeline(whole, now, zone))
        @if let (Some(files), Some(url)) = (files, &session.url) {
            p { a.button href={ (files) "archive/" (url) "/" (session.name) ".tar.gz" } download { "Archive" } }
        }
        (datasets(whole, zone))
        (reports(whole, zone))
    }
}

/// The stretches from left to right, with a mark for each dataset and each report.
fn timeline(whole: &Whole, now: Timestamp, zone: Tz) -> Markup {
    let stretches = &whole.session.stretches;
    let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else {
        return html! {};
    };
    let (start, end) = (first.start.0, last.end.map_or(now, |end| end.0));
    let whole_span = end.micros_since(start).max(1);
    let at = |time: Timestamp| share(time.micros_since(start), whole_span);
    html! {
        h2 { "When" }
        svg.timeline viewBox="0 0 1000 70" role="img" preserveAspectRatio="none"
            aria-label={ "From " (show::local(start, zone)) " to " (show::local(end, zone)) } {
            line.axis x1="0" x2="1000" y1="45" y2="45" {}
            @for stretch in stretches {
                @let (from, to) = (at(stretch.start.0), at(stretch.end.map_or(now, |end| end.0)));
                rect.stretch x=(from) y="20" width=((to - from).max(2.0)) height="26" {
                    title { (show::local(stretch.start.0, zone)) ", "
                        (show::length(stretch.end.map_or(now, |end| end.0).micros_since(stretch.start.0))) }
                }
            }
            @for dataset in &whole.datasets {
                line.dataset x1=(at(dataset.end_time.0)) x2=(at(dataset.end_time.0)) y1="46" y2="58" {
                    title { (dataset.name) }
                }
            }
            @for report in &whole.reports {
                circle.report cx=(at(report.created.0)) cy="12" r="4" { title { (report.name) } }
            }
        }
        p.small.ends { span { (show::local(start, zone)) } span { (show::local(end, zone)) } }
        @let gaps: Vec<_> = stretches.windows(2).filter_map(|pair| {
            let [before, after] = pair else { return None };
            let length = after.start.0.micros_since(before.end?.0);
            (length >= 600_000_000).then(|| show::length(length))
        }).collect();
        @if !gaps.is_empty() { p.small { "Gaps above 10 min: " (gaps.join(", ")) } }
    }
}

/// Where on the time line, in its units.
fn share(part: i64, whole: i64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // Of years in µs, nobody sees it.
    let share = part as f64 / whole as f64;
    (share.clamp(0.0, 1.0) * 10_000.0).round() / 10.0
}

fn datasets(whole: &Whole, zone: Tz) -> Markup {
    html! {
        h2 { "Datasets" }
        @if whole.datasets.is_empty() {
            p.empty { "Nothing was measured yet." }
        } @else {
            div.table tabindex="0" role="region" aria-label="Datasets" { table {
                thead { tr {
                    th scope="col" { "Dataset" } th scope="col" { "Type" } th scope="col" { "Group" }
                    th.number scope="col" { "Frames" } th.number scope="col" { "Energy (keV)" }
                    th.number scope="col" { "Exposure (s)" } th scope="col" { "Ended" }
                } }
                tbody { @for row in &whole.datasets { tr {
                    td { a href={ "/datasets/" (row.id) } { (row.name) } }
                    td { (row.kind) }
                    td { (row.group.as_deref().unwrap_or("")) }
                    td.number { (row.num_frames) }
                    td.number { (show::number(row.energy, 3)) }
                    td.number { (row.exposure.map(|it| show::number(it, 4)).unwrap_or_default()) }
                    td { (show::time(row.end_time.0, zone)) }
                } } }
            } }
            @if whole.datasets.len() == MOST {
                p.small { "The newest " (MOST) " of " (whole.session.datasets) " are shown." }
            }
        }
    }
}

fn reports(whole: &Whole, zone: Tz) -> Markup {
    html! {
        @if !whole.reports.is_empty() {
            h2 { "Reports" }
            div.table tabindex="0" role="region" aria-label="Reports" { table {
                thead { tr {
                    th scope="col" { "Report" } th scope="col" { "Kind" }
                    th.number scope="col" { "Score" } th scope="col" { "Uploaded" }
                } }
                tbody { @for row in &whole.reports { tr {
                    td { a href={ "/reports/" (row.id) } { (row.name) } }
                    td { (row.kind) }
                    td.number { (show::number(row.score, 2)) }
                    td { (show::time(row.created.0, zone)) }
                } } }
            } }
        }
    }
}
