//! `GET /api/admin/feedback`: what users left on the survey page.

use super::query::Query;
use super::{answer, known_session, sources};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::views::feedback;
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;

/// The answers, newest first.
///
/// # Errors
/// 400 naming every wrong parameter, 401, 503.
pub(super) async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (store, _) = sources(&app);
    let mut query = Query::of(&request, &["session", "before", "limit"]);
    let session = query.session();
    let page = query.page();
    query.finish()?;
    known_session(&store, session).await?;
    let rows = pool::read(move || Ok(feedback::list(&store, session, &page)?.collect::<Vec<_>>()));
    answer::one(&rows.await?)
}
