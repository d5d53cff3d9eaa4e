//! `GET /api/admin/outbox` and `POST …/retry`: directories that the Data Proxy has not
//! acknowledged.

use super::answer;
use super::query::{PageParameters, Query};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::openapi::responses::{AdminErrors, ListErrors};
use crate::views::outbox::{self, OutboxRow, OutboxRowName};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;
use serde::Serialize;
use utoipa::ToSchema;

/// How many directories are tried again.
#[derive(Debug, Serialize, ToSchema)]
struct RetriedForwards {
    /// Their number.
    retried: u64,
}

/// Directories that the Data Proxy has not acknowledged
#[utoipa::path(
    get,
    path = "/api/admin/outbox",
    tag = "admin",
    params(PageParameters),
    responses((status = 200, description = "The rows, newest first.", body = Vec<OutboxRow>), ListErrors),
    security(("admin token" = [])),
)]
pub async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (store, catalog) = answer::sources(&app).await?;
    let mut query = Query::of(&request);
    let page = query.page_after("a record of the outbox, such as dataset/17", OutboxRowName::parse);
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

/// Try all of these again now
#[utoipa::path(
    post,
    path = "/api/admin/outbox/retry",
    tag = "admin",
    responses((status = 200, description = "They are tried again.", body = RetriedForwards), AdminErrors),
    security(("admin token" = [])),
)]
pub async fn retry(app: AppData, admin: Admin) -> Result<HttpResponse, ApiError> {
    let retried = app.directory.retry_outbox(admin.origin).await?;
    answer::one(&RetriedForwards { retried })
}
