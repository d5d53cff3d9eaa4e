//! `GET /api/admin/reports` and `…/{id}`.

use super::answer::{self, ListRequest};
use super::query::{PageParameters, ProjectFilter};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::openapi::responses::{ListErrors, RecordErrors};
use crate::views::reports::{self, ReportRow};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};

/// Reports
#[utoipa::path(
    get,
    path = "/api/admin/reports",
    tag = "admin",
    params(ProjectFilter, PageParameters),
    responses((status = 200, description = "The rows, newest first.", body = Vec<ReportRow>), ListErrors),
    security(("admin token" = [])),
)]
pub async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let request = ListRequest::read(&request, &app, ProjectFilter::read).await?;
    request.answer(reports::list).await
}

/// One report
#[utoipa::path(
    get,
    path = "/api/admin/reports/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, description = "The record.", body = ReportRow), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    answer::record::<ReportRow>(&app, "report", &path).await
}
