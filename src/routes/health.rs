//! For machines: whether the service lives, whether it can do its work, and its numbers.

use crate::auth::AppData;
use crate::error::ApiError;
use crate::proxy::disk::{Disk, Standing};
use actix_web::http::{header, StatusCode};
use actix_web::{web, HttpResponse};
use beamlive_actors::ask::Unavailable;
use beamlive_storage::{StoreStatus, Timestamp};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How long the store may take to tell of its trouble.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "live"}))
}

/// Whether uploads and launches can be acknowledged: `503` when writes are off.
pub async fn ready(app: AppData) -> HttpResponse {
    let store = app.directory.services().store.clone();
    let status = store.status();
    // It looks at the store's disk, which may be slow or hang.
    let asking = web::block(move || store.metrics().trouble);
    let trouble = match tokio::time::timeout(PATIENCE, asking).await {
        Ok(asked) => asked.unwrap_or_default(),
        Err(_) => Some("the store's disk does not answer".to_owned()),
    };
    let (status, mut store) = match status {
        StoreStatus::Writing => (StatusCode::OK, json!({"status": "writing"})),
        StoreStatus::WritesOff { reason } => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({"status": "writes off", "reason": reason.as_ref(), "advice": "fix the cause, then restart beamlive"}),
        ),
    };
    if let (Some(trouble), Some(store)) = (trouble, store.as_object_mut()) {
        store.insert("trouble".to_owned(), trouble.into());
    }
    let forwarder = app.directory.forwarder_health().status();
    // A root that hangs stops no upload: the service is ready without it.
    let roots: Option<Vec<_>> = app.files.as_ref().map(|files| files.disks().map(root).collect());
    let mut response = HttpResponse::build(status);
    if status != StatusCode::OK {
        response.insert_header((header::RETRY_AFTER, "30"));
    }
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({
            "status": if status == StatusCode::OK { "ready" } else { "not ready" },
            "store": store,
            "forwarder": {
                "up": forwarder.up,
                "waiting": forwarder.waiting,
                "more": forwarder.more,
                "oldest": forwarder.oldest.map(Timestamp::to_utc),
                "last_error": forwarder.last_error.as_deref(),
            },
            "users_roots": roots,
            "version": env!("CARGO_PKG_VERSION"),
        }))
}

/// One users' root.
fn root(disk: &Arc<Disk>) -> serde_json::Value {
    let Standing { answers, stuck, .. } = disk.looked_at();
    json!({"path": disk.path(), "answers": answers, "stuck": stuck})
}

/// The numbers, as Prometheus reads them.
///
/// # Errors
/// 503 should the scrape be lost.
pub async fn metrics(app: AppData) -> Result<HttpResponse, ApiError> {
    let scraped = web::block(move || app.metrics.encode()).await;
    let text = scraped.map_err(|_| ApiError::Unavailable(Unavailable::Lost("metrics")))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text))
}
