//! `GET /api/admin/data` and `…/{id}`.

use super::query::Query;
use super::{answer, known_session, not_found, sources};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::views::data;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;

/// The datasets, newest first.
///
/// # Errors
/// 400 naming every wrong parameter, 401, 503.
pub(super) async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (store, catalog) = sources(&app);
    let mut query = Query::of(&request, &["project", "beamline", "session", "before", "limit"]);
    let filter = data::Filter {
        project: query.project(&catalog),
        beamline: query.beamline(&catalog),
        session: query.session(),
    };
    let page = query.page();
    query.finish()?;
    known_session(&store, filter.session).await?;
    answer::list(move |rows| {
        for row in data::list(&store, &catalog, filter, &page) {
            rows.push(&row?)?;
        }
        Ok(())
    })
    .await
}

/// One dataset.
///
/// # Errors
/// 401, 404, 503.
pub(super) async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    let id = super::id(&path, "dataset")?;
    let (store, catalog) = sources(&app);
    match pool::read(move || data::find(&store, &catalog, id)).await? {
        Some(row) => answer::one(&row),
        None => Err(not_found("dataset", id)),
    }
}
