//! `GET /api/admin/people` and `/api/admin/people/{username}`.

use super::answer;
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::openapi::responses::{AdminErrors, RecordErrors};
use crate::views::people::{self, PersonRow};
use actix_web::web::Path;
use actix_web::HttpResponse;

/// All persons, by username, without secrets
#[utoipa::path(
    get,
    path = "/api/admin/people",
    tag = "admin",
    responses((status = 200, description = "The persons.", body = Vec<PersonRow>), AdminErrors),
    security(("admin token" = [])),
)]
pub async fn list(app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (_, catalog) = answer::sources(&app).await?;
    answer::one(&people::all(&catalog))
}

/// A person, without secrets
#[utoipa::path(
    get,
    path = "/api/admin/people/{username}",
    tag = "admin",
    params(("username" = String, Path, description = "The person.")),
    responses((status = 200, description = "The person.", body = PersonRow), RecordErrors),
    security(("admin token" = [])),
)]
pub async fn get(app: AppData, _: Admin, path: Path<String>) -> Result<HttpResponse, ApiError> {
    let (_, catalog) = answer::sources(&app).await?;
    match people::find(&catalog, &path) {
        Some(row) => answer::one(&row),
        None => Err(answer::not_found("person", &path)),
    }
}
