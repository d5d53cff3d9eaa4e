//! How the beamlines are used.

use super::list::choice;
use super::page::Page as Shown;
use super::refusal::PageError;
use super::show;
use super::table::Asked as Filters;
use super::visitor::Visitor;
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
    let counts = app.usage.now(&app.directory.services().store).await;
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
        @if !counts.complete { p.notice { "Still being counted: load the page again in a moment." } }
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
    let projects = visitor.project_names();
    let beamlines: Vec<_> = catalog
        .beamlines
        .iter()
        .map(|(_, entry)| entry.record.acronym.as_str())
        .collect();
    let years: Vec<_> = years.iter().map(ToString::to_string).collect();
    let years: Vec<_> = years.iter().map(String::as_str).collect();
    let year = asked.year.map(|year| year.to_string());
    html! {
        form.bar method="get" action=(PATH) role="search" {
            (choice("project", "Project", asked.project.map(|id| catalog.username(id)),
                visitor.role.is_staff().then_some("all projects"), &projects))
            (choice("beamline", "Beamline", asked.beamline.map(|id| catalog.acronym(id)),
                Some("all beamlines"), &beamlines))
            (choice("year", "Year", year.as_deref(), Some("all years"), &years))
            button type="submit" { "Show" }
        }
    }
}
