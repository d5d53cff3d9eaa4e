//! `GET /api/admin/connections`: the history of remote connections.

use super::answer;
use super::query::{PageParameters, Query};
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use crate::openapi::responses::ListErrors;
use crate::views::connections::{self, ConnectionName, ConnectionRow};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::pool;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ConnectionFilter {
    /// Name of an access list.
    list: Option<String>,
}

/// The history of remote connections
#[utoipa::path(
    get,
    path = "/api/admin/connections",
    tag = "admin",
    params(ConnectionFilter, PageParameters),
    responses((status = 200, description = "The rows, newest first.", body = Vec<ConnectionRow>), ListErrors),
    security(("admin token" = [])),
)]
pub async fn list(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let (store, catalog) = answer::sources(&app).await?;
    let mut query = Query::of(&request);
    let ConnectionFilter { list } = query.read();
    let access_list = query.access_list(list, &catalog);
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
