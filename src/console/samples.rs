//! Samples: their table.

use super::declared;
use super::list;
use super::refusal::PageError;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::Visitor;
use crate::app::AppData;
use crate::views::{Page, Rows};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::records::Sample;
use beamlive_storage::Store;

/// A row of the table.
pub(super) struct Row {
    id: u64,
    container_id: u64,
    name: String,
    project: String,
    container: String,
    location: String,
    group: String,
    priority: String,
    barcode: String,
    comments: String,
}

struct Samples;

impl Table for Samples {
    type Row = Row;
    const TITLE: &'static str = "Samples";
    const PATH: &'static str = "/samples";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("Sample", false),
        ("Project", false),
        ("Container", false),
        ("Location", false),
        ("Group", false),
        ("Priority", true),
        ("Barcode", false),
        ("Comments", false),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Project, Filter::Find];
    const SORTED: bool = true;

    fn list<'a>(_: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, Row> {
        declared::rows(catalog, asked, page, |id, sample: &Sample, asked| {
            let is_asked = asked.project.is_none_or(|project| project == sample.project);
            is_asked.then(|| row(catalog, id, sample))
        })
    }

    fn id(row: &Row) -> u64 {
        row.id
    }

    fn cells(row: &Row) -> Vec<Cell> {
        vec![
            Cell::Text(row.name.clone()),
            Cell::Text(row.project.clone()),
            Cell::Link(row.container.clone(), format!("/containers/{}", row.container_id)),
            Cell::Text(row.location.clone()),
            Cell::Text(row.group.clone()),
            Cell::Text(row.priority.clone()),
            Cell::Text(row.barcode.clone()),
            Cell::Text(row.comments.clone()),
        ]
    }

    fn actions(visitor: &Visitor, asked: &Asked) -> Option<(&'static str, String)> {
        let project = asked.project.filter(|project| visitor.role.fills_in(*project))?;
        let query = serde_urlencoded::to_string([("project", visitor.catalog.username(project))]);
        Some(("Fill in a sheet", format!("/samples/sheet?{}", query.ok()?)))
    }
}

fn row(catalog: &Catalog, id: u64, sample: &Sample) -> Row {
    let container = catalog.containers.get(sample.container.0);
    let group = sample.group.and_then(|group| catalog.groups.get(group.0));
    Row {
        id,
        container_id: sample.container.0,
        name: sample.name.clone(),
        project: catalog.username(sample.project).to_owned(),
        container: container.map_or_else(String::new, |it| it.record.name.clone()),
        location: sample.location.clone(),
        group: group.map_or_else(String::new, |it| it.record.name.clone()),
        priority: sample.priority.map_or_else(String::new, |it| it.to_string()),
        barcode: sample.barcode.clone(),
        comments: sample.comments.clone(),
    }
}

/// `GET /samples`
///
/// # Errors
/// See `list::answer`.
pub async fn list(request: HttpRequest, app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    list::answer::<Samples>(&request, &app, visitor).await
}
