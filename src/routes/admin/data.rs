//! `GET /api/admin/data` and `…/{id}`.

use super::answer;
use super::query::{PageParameters, Query};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::openapi::responses::{ListErrors, RecordErrors};
use crate::views::data::{self, DatasetRow, Filter};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DatasetFilter {
    /// Username of a project.
    project: Option<String>,
    /// Acronym of a beamline.
    beamline: Option<String>,
    /// Id of a session.
    #[param(value_type = Option<u64>)]
    session: Option<String>,
}

/// Datasets
#[utoipa::path(
    get,
    path = "/api/admin/data",
    tag = "admin",
    params(DatasetFilter, PageParameters),
    responses((status = 200, description = "The rows, newest first.", body = Vec<DatasetRow>), ListErrors),
    security(("admin token" = [])),
)]
pub async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let sources = answer::sources(&app).await?;
    let mut query = Query::of(&request);
    let filter: DatasetFilter = query.read();
    let filter = Filter {
        project: query.project(filter.project, &sources.1),
        beamline: query.beamline(filter.beamline, &sources.1),
        session: query.session(filter.session),
    };
    let page = query.page();
    query.finish()?;
    answer::known_session(&sources.0, filter.session).await?;
    answer::list(sources, move |store, catalog| {
        Box::new(data::list(store, catalog, filter, &page))
    })
    .await
}

/// One dataset
#[utoipa::path(
    get,
    path = "/api/admin/data/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, description = "The record.", body = DatasetRow), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    answer::record(&app, "dataset", &path, data::find).await
}
