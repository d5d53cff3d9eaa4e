//! Datasets: their table, and the page of one, with its frames.

use super::frame::link;
use super::grid::Grid;
use super::list;
use super::page::Page as Shown;
use super::refusal::PageError;
use super::scans;
use super::show;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::Visitor;
use crate::app::AppData;
use crate::views::data::{self, DatasetRow};
use crate::views::reports::ReportRow;
use crate::views::sessions::SessionRow;
use crate::views::{self, Page, Rows};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_page::facts;
use beamlive_storage::ids::SessionId;
use beamlive_storage::{ReadError, Store};
use chrono_tz::Tz;
use maud::{html, Markup};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Most reports of a session that are searched for those about a dataset.
const MOST: usize = 1000;
/// h·c, in keV·Å.
const HC: f64 = 12.398_419_84;

struct Datasets;

impl Table for Datasets {
    type Row = DatasetRow;
    const TITLE: &'static str = "Datasets";
    const PATH: &'static str = "/datasets";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("Dataset", false),
        ("Type", false),
        ("Project", false),
        ("Beamline", false),
        ("Group", false),
        ("Frames", true),
        ("Energy (keV)", true),
        ("Exposure (s)", true),
        ("Ended", false),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Project, Filter::Beamline, Filter::Find];

    fn list<'a>(store: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, DatasetRow> {
        let filter = data::Filter {
            project: asked.project,
            beamline: asked.beamline,
            session: None,
        };
        data::list(store, catalog, filter, page)
    }

    fn id(row: &DatasetRow) -> u64 {
        row.id
    }

    fn cells(row: &DatasetRow) -> Vec<Cell> {
        vec![
            Cell::Link(row.name.clone(), format!("/datasets/{}", row.id)),
            Cell::Text(row.kind.clone()),
            Cell::Text(row.project.clone()),
            Cell::Text(row.beamline.clone()),
            Cell::Text(row.group.clone().unwrap_or_default()),
            Cell::Text(row.num_frames.to_string()),
            Cell::number(row.energy, 3),
            row.exposure
                .map_or_else(|| Cell::Text(String::new()), |it| Cell::number(it, 4)),
            Cell::Time(row.end_time.0),
        ]
    }
}

/// `GET /datasets`
///
/// # Errors
/// See `list::answer`.
pub async fn list(request: HttpRequest, app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    list::answer::<Datasets>(&request, &app, visitor).await
}

/// What the page of a dataset shows.
struct Whole {
    dataset: DatasetRow,
    session: Option<SessionRow>,
    reports: Vec<ReportRow>,
}

/// `GET /datasets/{id}`
///
/// # Errors
/// 404 when there is no such dataset for this visitor, 503 when the store can't be read.
pub async fn get(app: AppData, visitor: Visitor, id: Path<String>) -> Result<HttpResponse, PageError> {
    let missing = || PageError::no("dataset", &id);
    let number: u64 = id.parse().map_err(|_| missing())?;
    let store = app.directory.services().store.clone();
    let catalog = Arc::clone(&visitor.catalog);
    let found = pool::read(move || read(&store, &catalog, number)).await?;
    let mut whole = found.ok_or_else(missing)?;
    let files = super::files::base(&app);
    if files.is_none() {
        whole.dataset.url = None;
    }
    let files = files.unwrap_or_default();
    if !visitor.sees_project_named(&whole.dataset.project) {
        return Err(missing());
    }
    let scan = scans::figures(&app, &whole.dataset).await;
    let page = Shown {
        title: &whole.dataset.name,
        part: Datasets::PATH,
        above: above(&whole),
        body: body(
            &whole,
            files,
            scan.as_ref(),
            &visitor.catalog,
            app.settings.timezone,
        ),
    };
    Ok(page.answer(&visitor))
}

fn above(whole: &Whole) -> Vec<beamlive_page::Link> {
    match &whole.session {
        Some(session) => vec![
            link("Sessions", "/sessions"),
            link(session.name.clone(), format!("/sessions/{}", session.id)),
        ],
        None => vec![link(Datasets::TITLE, Datasets::PATH)],
    }
}

fn read(store: &Store, catalog: &Catalog, id: u64) -> Result<Option<Whole>, ReadError> {
    let Some(dataset) = views::find::<DatasetRow>(store, catalog, id)? else {
        return Ok(None);
    };
    let page = Page {
        before: None,
        limit: MOST,
    };
    let (mut session, mut reports) = (None, Vec::new());
    if let Some(id_of_session) = dataset.session {
        session = views::find::<SessionRow>(store, catalog, id_of_session)?;
        for report in views::reports::of_session(store, catalog, SessionId(id_of_session), &page) {
            let report = report?;
            if report.data_id.contains(&id) {
                reports.push(report);
            }
        }
    }
    Ok(Some(Whole {
        dataset,
        session,
        reports,
    }))
}

fn body(whole: &Whole, files: &str, scan: Option<&Markup>, catalog: &Catalog, zone: Tz) -> Markup {
    let dataset = &whole.dataset;
    let meta = serde_json::to_value(&dataset.meta_data).unwrap_or(Value::Null);
    let empty = Map::new();
    let meta = meta.as_object().unwrap_or(&empty);
    html! {
        h1 { (dataset.name) " " span.badge { (dataset.kind) } }
        @if let Some(scan) = scan {
            (scan)
        } @else if let (Some(key), Some(template)) = (&dataset.url, &dataset.filename) {
            (viewer(dataset, &format!("{files}frame/{key}/"), template, meta))
        } @else {
            p.notice { "The files of this dataset are not shown: its directory has no key yet, or this service serves no files." }
        }
        (pictures(dataset, files, meta))
        h2 { "Measured" }
        (facts(&measured(dataset, zone)))
        (metadata(dataset, catalog, meta))
        @if !whole.reports.is_empty() {
            h2 { "Reports" }
            ul { @for report in &whole.reports {
                li { a href={ "/reports/" (report.id) } { (report.name) } " (" (report.kind) ")" }
            } }
        }
        @if let Some(key) = &dataset.url {
            p { a.button href={ (files) "archive/" (key) "/" (dataset.name) ".tar.gz" } download { "Archive" } }
        }
    }
}

/// The grid of a raster, and the sample's picture.
fn pictures(dataset: &DatasetRow, files: &str, meta: &Map<String, Value>) -> Markup {
    let grid = Grid::of(meta).map(|grid| grid.draw(ends(&dataset.frames).0));
    html! {
        @if grid.is_some() || dataset.url.is_some() {
            div.pictures {
                @if let Some(grid) = grid {
                    figure { (grid) figcaption.small { "The grid. A cell opens its frame." } }
                }
                @if let Some(key) = &dataset.url {
                    figure {
                        img data-picture={ (files) "snapshot/" (key) "/" (dataset.name) ".png" }
                            alt={ "The sample of " (dataset.name) } hidden;
                    }
                }
            }
        }
    }
}

fn measured(dataset: &DatasetRow, zone: Tz) -> Vec<(&'static str, Markup)> {
    let value = |value: Option<f64>, digits, unit: &str| match value {
        Some(value) => html! { (show::number(value, digits)) " " (unit) },
        None => html! { "–" },
    };
    let wavelength = (dataset.energy > 0.0).then(|| HC / dataset.energy);
    vec![
        (
            "Project",
            html! { a href={ "/datasets?project=" (dataset.project) } { (dataset.project) } },
        ),
        (
            "Beamline",
            html! { a href={ "/datasets?beamline=" (dataset.beamline) } { (dataset.beamline) } },
        ),
        ("Group", html! { (dataset.group.as_deref().unwrap_or("–")) }),
        (
            "Frames",
            html! { (dataset.num_frames) @if !dataset.frames.is_empty() { " (" (dataset.frames) ")" } },
        ),
        ("Energy", value(Some(dataset.energy), 4, "keV")),
        ("Wavelength", value(wavelength, 4, "Å")),
        ("Exposure", value(dataset.exposure, 4, "s")),
        ("Attenuation", value(dataset.attenuation, 1, "%")),
        ("Beam size", value(dataset.beam_size, 1, "µm")),
        ("Began", show::time(dataset.start_time.0, zone)),
        ("Ended", show::time(dataset.end_time.0, zone)),
    ]
}

/// The metadata that the type of the dataset lists, in its order, then all others.
fn metadata(dataset: &DatasetRow, catalog: &Catalog, meta: &Map<String, Value>) -> Markup {
    let listed = catalog.data_types.find(&dataset.kind);
    let listed = listed.map_or(&[][..], |(_, entry)| &entry.record.metadata);
    let shown = |name: &String| {
        meta.get(name)
            .map(|value| (name.clone(), html! { (text(value)) }))
    };
    let first: Vec<_> = listed.iter().filter_map(shown).collect();
    let others = meta.keys().filter(|name| !listed.contains(name));
    let rest: Vec<_> = others.filter_map(shown).collect();
    html! {
        @if !first.is_empty() { h2 { "Metadata" } (facts(&first)) }
        @if !rest.is_empty() {
            details {
                summary { "All other fields that were sent (" (rest.len()) ")" }
                (facts(&rest))
            }
        }
    }
}

/// A value of the metadata in a line.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => {
            let text = other.to_string();
            match text.char_indices().nth(400) {
                Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
                None => text,
            }
        }
    }
}

/// The frames. The script shows them; without it, the first is a link.
fn viewer(dataset: &DatasetRow, files: &str, template: &str, meta: &Map<String, Value>) -> Markup {
    let (first, last) = ends(&dataset.frames);
    let number = |name: &str| meta.get(name).and_then(Value::as_f64);
    let wavelength = (dataset.energy > 0.0).then(|| HC / dataset.energy);
    html! {
        section.frames aria-label="Frames" data-files=(files) data-template=(template)
            data-first=(first) data-last=(last) data-ranges=(dataset.frames)
            data-start=[number("start_angle")] data-delta=[number("delta_angle")]
            data-wavelength=[wavelength] data-distance=[number("distance")]
            data-resolution=[number("resolution")] data-pixel=[number("pixel_size")]
            data-x=[number("beam_x")] data-y=[number("beam_y")] data-size=[number("detector_size")] {
            div.bar {
                button type="button" data-go="-1" aria-label="Previous frame" { "←" }
                label { span.visually-hidden { "Frame" } input type="number" min=(first) max=(last) value=(first) data-frame; }
                span.soft { "of " (last) }
                button type="button" data-go="1" aria-label="Next frame" { "→" }
                label { span.visually-hidden { "Brightness" }
                    select data-brightness {
                        option value="xl" { "very light" } option value="lt" { "light" }
                        option value="nm" selected { "normal" } option value="dk" { "dark" }
                    }
                }
                button type="button" data-zoom="in" aria-label="Zoom in" { "+" }
                button type="button" data-zoom="out" aria-label="Zoom out" { "−" }
                button type="button" data-zoom="fit" { "Fit" }
                output.small data-said aria-live="polite" {}
            }
            div.stage tabindex="0" aria-label="The frame: drag to move, turn the wheel to zoom, arrows for other frames" {
                img alt="" draggable="false";
            }
            noscript { p.notice { "The frames are shown by a script, which is switched off in this browser." } }
        }
    }
}

/// The first and the last frame of ranges such as `1-4,8`.
fn ends(ranges: &str) -> (u64, u64) {
    let mut numbers = ranges
        .split([',', '-'])
        .filter_map(|text| text.trim().parse().ok());
    let first = numbers.next().unwrap_or(1);
    (first, numbers.next_back().unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("1-4,8", (1, 8))]
    #[case("5-5", (5, 5))]
    #[case("", (1, 1))]
    #[case("7", (7, 7))]
    fn the_ends_of_frames(#[case] ranges: &str, #[case] found: (u64, u64)) {
        assert_eq!(ends(ranges), found);
    }

    #[test]
    fn long_values_are_cut() {
        let long = Value::from(vec!["é".repeat(10); 100]);
        assert!(text(&long).ends_with('…'));
        assert_eq!(text(&Value::from("x")), "x");
        assert_eq!(text(&Value::Null), "–");
    }
}
