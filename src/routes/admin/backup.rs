//! `GET /api/admin/backup`: the whole store as it is now, as a file.

use super::query::Query;
use crate::auth::{Admin, AppData};
use crate::error::{ApiError, ErrorBody};
use crate::openapi::responses::AdminErrors;
use actix_web::http::header::{ContentDisposition, CACHE_CONTROL};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::activity::{self, ActivityEntry};
use beamlive_actors::ask::Unavailable;
use beamlive_storage::backup::Archive;
use beamlive_storage::records::Subject;
use beamlive_storage::{Batch, SnapshotError, SnapshotLimits};
use futures_util::stream;
use std::time::Duration;

/// A backup that is not read for so long is cancelled when another one is requested.
const PATIENCE: Duration = Duration::from_secs(60);

/// The whole store at this moment, as a file
///
/// The service continues meanwhile. `beamlive backup` checks the file while it receives it, and
/// `beamlive restore` reads it.
#[utoipa::path(
    get,
    path = "/api/admin/backup",
    tag = "admin",
    responses(
        (
            status = 200,
            description = "The backup. A failure after its start is reported in its last frame.",
            body = String,
            content_type = "application/octet-stream"
        ),
        (status = 400, description = "There are no parameters here.", body = ErrorBody),
        (status = 429, description = "Another backup is being taken.", body = ErrorBody),
        AdminErrors,
    ),
    security(("admin token" = [])),
)]
pub async fn get(request: HttpRequest, app: AppData, admin: Admin) -> Result<HttpResponse, ApiError> {
    Query::of(&request).finish()?;
    let services = app.directory.services();
    let (store, now) = (&services.store, services.clock.now());
    let limits = SnapshotLimits {
        memory_bytes: app.settings.store.backup_memory_bytes,
        patience: PATIENCE,
    };
    let created_by = concat!("beamlive ", env!("CARGO_PKG_VERSION"));
    let archive = Archive::begin(store, limits, created_by, now)
        .await
        .map_err(refusal)?;

    let mut batch = Batch::new();
    let entry = ActivityEntry {
        subject: Subject::Facility,
        record: None,
        project: None,
        action: "take backup",
        note: String::new(),
    };
    activity::log(&mut batch, &admin.origin, entry, now);
    let logged = store.reserve().map_err(Unavailable::from)?.commit(batch);
    logged.await.map_err(Unavailable::from)?;

    let pieces = stream::unfold(Some(archive), |archive| async {
        let mut archive = archive?;
        let made = web::block(move || (archive.next_piece(), archive)).await;
        match made {
            Ok(((Some(piece), error), archive)) => {
                if let Some(error) = error {
                    tracing::warn!(%error, "a backup was not finished");
                }
                Some((Ok(Bytes::from(piece)), Some(archive)))
            }
            Ok(((None, _), _)) => None,
            Err(lost) => Some((Err(lost), None)),
        }
    });
    let name = format!("beamlive-{}.backup", now.to_utc().format("%Y%m%dT%H%M%SZ"));
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header(ContentDisposition::attachment(name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(pieces))
}

fn refusal(error: SnapshotError) -> ApiError {
    match error {
        SnapshotError::Busy => ApiError::TooMany(error.to_string()),
        SnapshotError::Unavailable(error) => ApiError::Unavailable(error.into()),
        other => ApiError::Unavailable(Unavailable::Unreadable(other.to_string().into())),
    }
}
