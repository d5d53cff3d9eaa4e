//! `GET /api/admin/sessions` and `…/{id}`.

use super::query::Query;
use super::{answer, not_found, sources};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::views::sessions;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;

/// The sessions, newest first.
///
/// # Errors
/// 400 naming every wrong parameter, 401, 503.
pub(super) async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (store, catalog) = sources(&app);
    let mut query = Query::of(&request, &["project", "beamline", "active", "before", "limit"]);
    let filter = sessions::Filter {
        project: query.project(&catalog),
        beamline: query.beamline(&catalog),
        active: query.flag("active"),
    };
    let page = query.page();
    query.finish()?;
    answer::list(move |rows| {
        for row in sessions::list(&store, &catalog, filter, &page) {
            rows.push(&row?)?;
        }
        Ok(())
    })
    .await
}

/// One session.
///
/// # Errors
/// 401, 404, 503.
pub(super) async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    let id = super::id(&path, "session")?;
    let (store, catalog) = sources(&app);
    match pool::read(move || sessions::find(&store, &catalog, id)).await? {
        Some(row) => answer::one(&row),
        None => Err(not_found("session", id)),
    }
}
