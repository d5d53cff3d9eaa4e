//! `GET /api/admin/data` and `…/{id}`.

use super::answer::{self, ListRequest};
use super::query::PageParameters;
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
    let request = ListRequest::read(&request, &app, |query, catalog| {
        let filter: DatasetFilter = query.read();
        Filter {
            project: query.project(filter.project, catalog),
            beamline: query.beamline(filter.beamline, catalog),
            session: query.session(filter.session),
        }
    })
    .await?;
    answer::known_session(&request.store, request.filter.session).await?;
    request.answer(data::list).await
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
    answer::record::<DatasetRow>(&app, "dataset", &path).await
}
