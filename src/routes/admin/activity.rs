//! `GET /api/admin/activity`: who did what, when, from which address, to which record.

use super::query::Query;
use super::{answer, sources};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::views::activity;
use actix_web::{HttpRequest, HttpResponse};

/// The entries, newest first.
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
        for row in activity::list(&store, &catalog, project, &page) {
            rows.push(&row?)?;
        }
        Ok(())
    })
    .await
}
