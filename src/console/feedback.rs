//! What users left on the survey page.

use super::list;
use super::refusal::PageError;
use super::table::{Asked, Cell, Filter, Table};
use super::visitor::Staff;
use crate::app::AppData;
use crate::views::feedback::{self, FeedbackRow};
use crate::views::{Page, Rows};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::Store;
use std::iter;

struct Feedback;

impl Table for Feedback {
    type Row = FeedbackRow;
    const TITLE: &'static str = "Feedback";
    const PATH: &'static str = "/feedback";
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("When", false),
        ("Session", false),
        ("Ratings, of 5", false),
        ("Comments", false),
    ];
    const FILTERS: &'static [Filter] = &[];

    fn list<'a>(store: &'a Store, _: &'a Catalog, _: &Asked, page: &Page) -> Rows<'a, FeedbackRow> {
        match feedback::list(store, None, page) {
            Ok(rows) => Box::new(rows.map(Ok)),
            Err(error) => Box::new(iter::once(Err(error))),
        }
    }

    fn id(row: &FeedbackRow) -> u64 {
        row.id
    }

    fn cells(row: &FeedbackRow) -> Vec<Cell> {
        let rated = row.areas.iter().filter_map(|area| {
            let rating = area.rating?;
            Some(format!("{} {rating}", area.name))
        });
        let said = row.areas.iter().filter(|area| !area.comment.is_empty());
        let said = said.map(|area| format!("{}: {}", area.name, area.comment));
        let whole = Some(row.comments.clone()).filter(|text| !text.is_empty());
        vec![
            Cell::Time(row.created.0),
            Cell::Link(
                format!("session {}", row.session),
                format!("/sessions/{}", row.session),
            ),
            Cell::Text(rated.collect::<Vec<_>>().join(", ")),
            Cell::Text(said.chain(whole).collect::<Vec<_>>().join("\n")),
        ]
    }
}

/// `GET /feedback`
///
/// # Errors
/// See `list::answer`.
pub async fn list(
    request: HttpRequest,
    app: AppData,
    Staff(visitor): Staff,
) -> Result<HttpResponse, PageError> {
    list::answer::<Feedback>(&request, &app, visitor).await
}
