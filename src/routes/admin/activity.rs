//! `GET /api/admin/activity`: the activity log.

use super::answer::ListRequest;
use super::query::{PageParameters, ProjectFilter};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::openapi::responses::ListErrors;
use crate::views::activity::{self, ActivityRow};
use actix_web::{HttpRequest, HttpResponse};

/// Who did what, when, from which address, to which record
///
/// An upload has an entry only if there was something to note about it. All uploads are in the
/// lists of datasets and reports, with `created`, `modified` and `address`.
#[utoipa::path(
    get,
    path = "/api/admin/activity",
    tag = "admin",
    params(ProjectFilter, PageParameters),
    responses((status = 200, description = "The rows, newest first.", body = Vec<ActivityRow>), ListErrors),
    security(("admin token" = [])),
)]
pub async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let request = ListRequest::read(&request, &app, ProjectFilter::read).await?;
    request.answer(activity::list).await
}
