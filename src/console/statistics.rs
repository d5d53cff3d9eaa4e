//! How the beamlines are used.

use super::page::Page as Shown;
use super::refusal::PageError;
use super::show;
use super::table::Asked as Filters;
use super::visitor::{Role, Visitor};
use crate::app::AppData;
use crate::error::ApiError;
use crate::usage::{details, Asked};
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_page::details::report_with;
use beamlive_page::{grouped, tile};
use maud::{html, Markup};
use serde::Deserialize;

const PATH: &str = "/statistics";

/// What is asked for besides the filters of lists.
#[derive(Debug, Deserialize)]
pub struct Options {
    /// A year; `""` for all.
    #[serde(default)]
    year: String,
    /// `section-entry.csv` or `.svg`: one figure alone.
    #[serde(default)]
    file: String,
}

/// `GET /statistics`
///
/// # Errors
/// 400 for what does not exist, 403 for another project.
pub async fn get(
    request: HttpRequest,
    app: AppData,
    visitor: Visitor,
    options: Query<Options>,
) -> Result<HttpResponse, PageError> {
    let filters = Filters::read(&request, &visitor)?;
    let year = match options.year.as_str() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| ApiError::field("year", "must be a year"))?,
        ),
    };
    let asked = Asked {
        year,
        project: filters.project,
        beamline: filters.beamline,
    };
    let (counts, all) = app.usage.now(&app.directory.services().store).await;
    let catalog = &visitor.catalog;
    let shown = details(&counts, &asked, catalog);
    if !options.file.is_empty() {
        return super::reports::figure_file(&shown, &options.file, "statistics");
    }
    let query = query(&visitor, &asked);
    let file = |section: usize, entry: usize, kind: &str| {
        Some(format!("{PATH}?{query}&file={section}-{entry}.{kind}"))
    };
    let sum = counts.sum(&asked);
    let body = html! {
        h1 { "Statistics" }
        (choices(&visitor, &asked, &counts.years()))
        @if !all { p.notice { "Still being counted: load the page again in a moment." } }
        div.tiles {
            (tile(&grouped(sum.sessions), "", "sessions"))
            (tile(&show::number(sum.hours(), 1), "h", "on the beamlines"))
            (tile(&grouped(sum.datasets), "", "datasets"))
            (tile(&grouped(sum.frames), "", "frames"))
            (tile(&grouped(sum.reports), "", "reports"))
        }
        (report_with(&shown, &file))
        p.small {
            "A dataset counts in the month in which it ended, a session in that in which it began. Stretches that \
             are still open count when they end."
        }
    };
    let page = Shown {
        title: "Statistics",
        part: PATH,
        above: Vec::new(),
        body,
    };
    Ok(page.answer(&visitor))
}

fn query(visitor: &Visitor, asked: &Asked) -> String {
    let catalog = &visitor.catalog;
    let mut query = Vec::new();
    query.extend(
        asked
            .project
            .map(|id| ("project", catalog.username(id).to_owned())),
    );
    query.extend(
        asked
            .beamline
            .map(|id| ("beamline", catalog.acronym(id).to_owned())),
    );
    query.extend(asked.year.map(|year| ("year", year.to_string())));
    serde_urlencoded::to_string(query).unwrap_or_default()
}

fn choices(visitor: &Visitor, asked: &Asked, years: &[i32]) -> Markup {
    let catalog = &visitor.catalog;
    let projects: Vec<&str> = match &visitor.role {
        Role::Member(projects) => projects.iter().map(|id| catalog.username(*id)).collect(),
        Role::Operator | Role::Viewer => {
            let all = catalog.projects.iter();
            all.map(|(_, entry)| entry.record.username.as_str()).collect()
        }
    };
    let staff = visitor.role.is_staff();
    html! {
        form.bar method="get" action=(PATH) role="search" {
            label { span.visually-hidden { "Project" } select name="project" {
                @if staff { option value="" { "all projects" } }
                @for name in projects {
                    option value=(name) selected[asked.project.is_some_and(|id| catalog.username(id) == name)] { (name) }
                }
            } }
            label { span.visually-hidden { "Beamline" } select name="beamline" {
                option value="" { "all beamlines" }
                @for (id, entry) in catalog.beamlines.iter() {
                    option value=(entry.record.acronym) selected[asked.beamline.is_some_and(|it| it.0 == id)] { (entry.record.acronym) }
                }
            } }
            label { span.visually-hidden { "Year" } select name="year" {
                option value="" { "all years" }
                @for year in years { option value=(year) selected[asked.year == Some(*year)] { (year) } }
            } }
            button type="submit" { "Show" }
        }
    }
}
