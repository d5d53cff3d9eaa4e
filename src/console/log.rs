//! What was done: the activity log.

use super::list;
use super::refusal::PageError;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::Visitor;
use crate::app::AppData;
use crate::views::activity::{self, ActivityRow};
use crate::views::{Page, Rows};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::records::Subject;
use beamlive_storage::Store;

struct Activity;

impl Table for Activity {
    type Row = ActivityRow;
    const TITLE: &'static str = "Activity";
    const PATH: &'static str = "/activity";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("When", false),
        ("Who", false),
        ("From", false),
        ("What", false),
        ("Record", false),
        ("Project", false),
        ("Note", false),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Project, Filter::Find];

    fn list<'a>(store: &'a Store, catalog: &'a Catalog, asked: &Asked, page: &Page) -> Rows<'a, ActivityRow> {
        activity::list(store, catalog, asked.project, page)
    }

    fn id(row: &ActivityRow) -> u64 {
        row.id
    }

    fn cells(row: &ActivityRow) -> Vec<Cell> {
        vec![
            Cell::Time(row.time.0),
            Cell::Text(row.who.clone()),
            Cell::Text(row.address.map(|address| address.to_string()).unwrap_or_default()),
            Cell::Text(row.action.clone()),
            record(row),
            Cell::Text(row.project.clone().unwrap_or_default()),
            Cell::Text(row.note.clone()),
        ]
    }
}

/// The record, with a link if it has a page.
fn record(row: &ActivityRow) -> Cell {
    let name = match row.record.subject {
        Subject::Project => "project",
        Subject::Session => "session",
        Subject::Dataset => "dataset",
        Subject::Report => "report",
        Subject::Facility => "facility",
        Subject::AccessList => "access list",
        Subject::Outbox => "outbox",
        Subject::Feedback => "feedback",
        Subject::Person => "person",
        Subject::Container => "container",
    };
    let Some(id) = row.record.id else {
        return Cell::Text(name.to_owned());
    };
    let text = format!("{name} {id}");
    match row.record.subject {
        Subject::Session => Cell::Link(text, format!("/sessions/{id}")),
        Subject::Dataset => Cell::Link(text, format!("/datasets/{id}")),
        Subject::Report => Cell::Link(text, format!("/reports/{id}")),
        _ => Cell::Text(text),
    }
}

/// `GET /activity`
///
/// # Errors
/// See `list::answer`.
pub async fn list(request: HttpRequest, app: AppData, visitor: Visitor) -> Result<HttpResponse, PageError> {
    list::answer::<Activity>(&request, &app, visitor).await
}
