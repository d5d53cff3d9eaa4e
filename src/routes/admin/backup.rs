//! `GET /api/admin/backup`: the whole store as it is now, as a file.

use super::query::Query;
use crate::auth::{Admin, AppData};
use crate::error::ApiError;
use actix_web::http::header::{ContentDisposition, CACHE_CONTROL};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::activity::{self, ActivityEntry};
use beamlive_actors::ask::Unavailable;
use beamlive_storage::backup::Archive;
use beamlive_storage::records::Subject;
use beamlive_storage::{Batch, CommitError, SnapshotError, SnapshotLimits};
use futures_util::stream;
use std::time::Duration;

/// A backup that nobody reads makes way for another one after so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends the store as it is at one point of the write order, while it goes on. Each piece is made on a pool when the one
/// before was sent, so a slow client costs nothing; when it goes away, the backup ends.
///
/// # Errors
/// 400 for any parameter, 401, 429 while another backup is taken, 503. What goes wrong later is told at the
/// file's end.
pub(super) async fn get(request: HttpRequest, app: AppData, admin: Admin) -> Result<HttpResponse, ApiError> {
    Query::of(&request, &[]).finish()?;
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
    let deed = ActivityEntry {
        subject: Subject::Facility,
        record: None,
        project: None,
        action: "take backup",
        note: String::new(),
    };
    activity::log(&mut batch, &admin.origin, deed, now);
    let logged = store.reserve().map_err(Unavailable::from)?.commit(batch);
    logged.await.map_err(|error| match error {
        CommitError::Conflict(_) => Unavailable::Contended,
        CommitError::WritesOff(reason) => Unavailable::WritesOff(reason),
    })?;

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
