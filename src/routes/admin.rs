//! `/api/admin/`: what operators, the command line and the console read and steer through. One file per resource.
//!
//! Lists go from new to old, `limit` rows at a time; `before` names the row that a page comes after. Parameters that
//! are unknown, given twice or make no sense are refused by name, so that a typing error never shows everything.

mod activity;
mod answer;
mod apply;
mod backup;
mod connections;
mod data;
mod feedback;
mod outbox;
mod projects;
mod query;
mod reports;
mod sessions;

pub(crate) use apply::Summary;

use super::{on, read, GET, POST};
use crate::auth::AppData;
use crate::error::ApiError;
use crate::views::sessions as sessions_view;
use actix_web::web::{self, ServiceConfig};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::pool;
use beamlive_storage::ids::SessionId;
use beamlive_storage::Store;
use std::sync::Arc;

/// Methods of a stream: whoever asks for its head gets no backup.
const GET_ONLY: &str = "GET";
/// Methods of a project's key.
const KEY: &str = "PUT, DELETE";

/// Declares the routes of the admin API.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on("/api/admin/apply", POST).route(web::post().to(apply::post)))
        .service(on("/api/admin/backup", GET_ONLY).route(web::get().to(backup::get)))
        .service(on("/api/admin/sessions", GET).route(read().to(sessions::list)))
        .service(on("/api/admin/sessions/{id}", GET).route(read().to(sessions::get)))
        .service(on("/api/admin/data", GET).route(read().to(data::list)))
        .service(on("/api/admin/data/{id}", GET).route(read().to(data::get)))
        .service(on("/api/admin/reports", GET).route(read().to(reports::list)))
        .service(on("/api/admin/reports/{id}", GET).route(read().to(reports::get)))
        .service(on("/api/admin/connections", GET).route(read().to(connections::list)))
        .service(on("/api/admin/activity", GET).route(read().to(activity::list)))
        .service(on("/api/admin/outbox", GET).route(read().to(outbox::list)))
        .service(on("/api/admin/outbox/retry", POST).route(web::post().to(outbox::retry)))
        .service(on("/api/admin/projects/{username}", GET).route(read().to(projects::get)))
        .service(
            on("/api/admin/projects/{username}/key", KEY)
                .route(web::put().to(projects::put_key))
                .route(web::delete().to(projects::delete_key)),
        )
        .service(on("/api/admin/feedback", GET).route(read().to(feedback::list)));
}

/// What the views read from.
fn sources(app: &AppData) -> (Store, Arc<Catalog>) {
    let services = app.directory.services();
    (services.store.clone(), services.catalog.load_full())
}

/// Refuses a filter by a session that there is not.
async fn known_session(store: &Store, session: Option<SessionId>) -> Result<(), ApiError> {
    let Some(id) = session else {
        return Ok(());
    };
    let store = store.clone();
    if pool::read(move || sessions_view::exists(&store, id)).await? {
        Ok(())
    } else {
        Err(ApiError::field("session", format!("there is no session {id}")))
    }
}

/// The id in a path; what is no number is no record's.
fn id(text: &str, what: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| not_found(what, text))
}

fn not_found(what: &str, id: impl std::fmt::Display) -> ApiError {
    ApiError::NotFound(format!("there is no {what} {id}"))
}
