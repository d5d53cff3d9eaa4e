//! `GET /api/admin/sessions` and `…/{id}`.

use super::answer::{self, ListRequest};
use super::query::PageParameters;
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::openapi::responses::{ListErrors, RecordErrors};
use crate::views::sessions::{self, Filter, SessionRow};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SessionFilter {
    /// Username of a project.
    project: Option<String>,
    /// Acronym of a beamline.
    beamline: Option<String>,
    /// With an open stretch, or without one.
    #[param(value_type = Option<bool>)]
    active: Option<String>,
}

/// Sessions
#[utoipa::path(
    get,
    path = "/api/admin/sessions",
    tag = "admin",
    params(SessionFilter, PageParameters),
    responses((status = 200, description = "The rows, newest first.", body = Vec<SessionRow>), ListErrors),
    security(("admin token" = [])),
)]
pub async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let request = ListRequest::read(&request, &app, |query, catalog| {
        let filter: SessionFilter = query.read();
        Filter {
            project: query.project(filter.project, catalog),
            beamline: query.beamline(filter.beamline, catalog),
            active: query.flag("active", filter.active),
        }
    })
    .await?;
    request.answer(sessions::list).await
}

/// One session
#[utoipa::path(
    get,
    path = "/api/admin/sessions/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, description = "The record.", body = SessionRow), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    answer::record::<SessionRow>(&app, "session", &path).await
}
