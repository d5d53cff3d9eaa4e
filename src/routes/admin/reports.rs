//! `GET /api/admin/reports` and `…/{id}`.

use super::query::Query;
use super::{answer, not_found, sources};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::views::reports;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;

/// The reports, newest first.
///
/// # Errors
/// 400 naming every wrong parameter, 401, 503.
pub(super) async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (store, catalog) = sources(&app);
    let mut query = Query::of(&request, &["project", "before", "limit"]);
    let project = query.project(&catalog);
    let page = query.page();
    query.finish()?;
    answer::list(move |rows| {
        for row in reports::list(&store, &catalog, project, &page) {
            rows.push(&row?)?;
        }
        Ok(())
    })
    .await
}

/// One report.
///
/// # Errors
/// 401, 404, 503.
pub(super) async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    let id = super::id(&path, "report")?;
    let (store, catalog) = sources(&app);
    match pool::read(move || reports::find(&store, &catalog, id)).await? {
        Some(row) => answer::one(&row),
        None => Err(not_found("report", id)),
    }
}
