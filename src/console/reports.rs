//! Reports: their table, and the page of one.

use super::list;
use super::refusal::PageError;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::Visitor;
use crate::app::AppData;
use crate::views::reports::{self, ReportRow};
use crate::views::{Page, Rows};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::Store;

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
    const FILTERS: &'static [Filter] = &[Filter::Project];

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
