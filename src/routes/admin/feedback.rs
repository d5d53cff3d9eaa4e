//! `GET /api/admin/feedback`: what users left on the survey page.

use super::answer::{self, ListRequest};
use super::query::PageParameters;
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::openapi::responses::ListErrors;
use crate::views::feedback::{self, FeedbackRow};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FeedbackFilter {
    /// Id of a session.
    #[param(value_type = Option<u64>)]
    session: Option<String>,
}

/// What users left on the survey page
#[utoipa::path(
    get,
    path = "/api/admin/feedback",
    tag = "admin",
    params(FeedbackFilter, PageParameters),
    responses((status = 200, description = "The rows, newest first.", body = Vec<FeedbackRow>), ListErrors),
    security(("admin token" = [])),
)]
pub async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let request = ListRequest::read(&request, &app, |query, _| {
        let FeedbackFilter { session } = query.read();
        query.session(session)
    })
    .await?;
    let ListRequest {
        store, filter, page, ..
    } = request;
    answer::known_session(&store, filter).await?;
    let rows = pool::read(move || Ok(feedback::list(&store, filter, &page)?.collect::<Vec<_>>()));
    answer::one(&rows.await?)
}
