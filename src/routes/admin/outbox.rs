//! `GET /api/admin/outbox` and `POST …/retry`: directories that the Data Proxy has not acknowledged.

use super::query::Query;
use super::{answer, sources};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::views::outbox::{self, Waiting};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;
use serde::Serialize;

/// How many forwards are tried again.
#[derive(Debug, Serialize)]
struct Retried {
    retried: u64,
}

/// What waits, newest first; a page goes on after the record that `before` names as `dataset/17`.
///
/// # Errors
/// 400 naming every wrong parameter, 401, 503.
pub(super) async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (store, catalog) = sources(&app);
    let mut query = Query::of(&request, &["before", "limit"]);
    let page = query.page_after("a record of the outbox, such as dataset/17", Waiting::parse);
    query.finish()?;
    let now = app.directory.services().clock.now();
    let found = pool::read(move || {
        let rows = outbox::list(&store, &catalog, &page, now)?;
        Ok(rows.map(Iterator::collect::<Vec<_>>))
    });
    match found.await? {
        Some(rows) => answer::one(&rows),
        None => Err(ApiError::field(
            "before",
            "waits no more: ask for the first page again",
        )),
    }
}

/// Has everything that waits tried again now.
///
/// # Errors
/// 401, 503.
pub(super) async fn retry(app: AppData, admin: Admin) -> Result<HttpResponse, ApiError> {
    let retried = app.directory.retry_outbox(admin.origin).await?;
    answer::one(&Retried { retried })
}
