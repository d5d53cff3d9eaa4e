//! `GET /api/admin/connections`: the history of remote connections.

use super::query::Query;
use super::{answer, sources};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::views::connections::{self, ConnectionName};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;

/// The connections, newest first; a page goes on after the connection that `before` names as `list/project/name`.
///
/// # Errors
/// 400 naming every wrong parameter, 401, 503.
pub(super) async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (store, catalog) = sources(&app);
    let mut query = Query::of(&request, &["list", "before", "limit"]);
    let access_list = query.access_list(&catalog);
    let page = query.page_after("a connection, as list/project/name", |text| {
        ConnectionName::parse(text, &catalog)
    });
    query.finish()?;
    let found = pool::read(move || {
        let rows = connections::list(&store, &catalog, access_list, &page)?;
        Ok(rows.map(Iterator::collect::<Vec<_>>))
    });
    match found.await? {
        Some(rows) => answer::one(&rows),
        None => Err(ApiError::field("before", "names no connection")),
    }
}
