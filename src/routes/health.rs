//! Health and metrics, for monitoring systems.

use crate::auth::AppData;
use crate::blocking;
use crate::error::ApiError;
use crate::openapi::responses::BusyErrors;
use crate::proxy::disk::{Disk, DiskStatus};
use actix_web::http::header;
use actix_web::{web, HttpResponse};
use beamlive_storage::{StoreStatus, Timestamp};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// How long the store may take to check its disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
struct Liveness {
    /// `live`
    #[schema(example = "live")]
    status: &'static str,
}

/// Whether the service can do its work.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    /// `ready` or `not ready`
    #[schema(example = "ready")]
    status: &'static str,
    /// Whether it writes.
    store: StoreHealth,
    /// How forwarding to the Data Proxy goes.
    forwarder: ForwarderHealth,
    /// The users' roots that files are served from; null when files are not served.
    users_roots: Option<Vec<UsersRoot>>,
    /// The service's version.
    version: &'static str,
}

/// Whether the store writes.
#[derive(Debug, Serialize, ToSchema)]
struct StoreHealth {
    /// `writing`, `writes off`, or `away` while a shared database can't be reached
    #[schema(example = "writing")]
    status: &'static str,
    /// Why it does not write.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
    /// What will soon prevent writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

/// How forwarding to the Data Proxy goes.
#[derive(Debug, Serialize, ToSchema)]
struct ForwarderHealth {
    /// Whether the Data Proxy works.
    up: bool,
    /// How many directories wait.
    waiting: u64,
    /// Whether there may be more than `waiting`.
    more: bool,
    /// Since when the oldest one waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest: Option<DateTime<Utc>>,
    /// Why the last call failed.
    last_error: Option<String>,
    /// The other node that sends the directories of all nodes; empty while none is known. Missing
    /// if this one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    elsewhere: Option<String>,
}

/// A users' root.
#[derive(Debug, Serialize, ToSchema)]
struct UsersRoot {
    /// Its path.
    path: String,
    /// Whether it answers.
    answers: bool,
    /// How many threads wait for it too long.
    stuck: usize,
}

/// Whether the process answers
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "machines",
    responses((status = 200, description = "It does.", body = Liveness)),
)]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Liveness { status: "live" })
}

/// Whether uploads and launches can be acknowledged
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "machines",
    responses(
        (status = 200, description = "They can.", body = Readiness),
        (
            status = 503,
            description = "They can't, because writes are off: `store` says why.",
            body = Readiness,
            headers(("Retry-After" = u64, description = "After how many seconds to try again."))
        ),
    ),
)]
pub async fn ready(app: AppData) -> HttpResponse {
    let store = app.directory.services().store.clone();
    let status = store.status();
    // This reads the store's disk, which may be slow or hang.
    let asking = web::block(move || store.metrics().trouble);
    let trouble = match tokio::time::timeout(PATIENCE, asking).await {
        Ok(asked) => asked.unwrap_or_default(),
        Err(_) => Some("the store's disk does not answer".to_owned()),
    };
    let ready = !matches!(status, StoreStatus::WritesOff { .. });
    let follows = app.directory.services().catalog.is_current();
    let store = match status {
        StoreStatus::Writing if !follows => StoreHealth {
            status: "away",
            reason: Some("the changes of other nodes can't be read".to_owned()),
            advice: Some("requests wait for the database: bring it back"),
            trouble,
        },
        StoreStatus::Writing => StoreHealth {
            status: "writing",
            reason: None,
            advice: None,
            trouble,
        },
        StoreStatus::Away { reason, elapsed } => StoreHealth {
            status: "away",
            reason: Some(format!("for {} s: {reason}", elapsed.as_secs())),
            advice: Some("requests wait for the database: bring it back"),
            trouble,
        },
        StoreStatus::WritesOff { reason } => StoreHealth {
            status: "writes off",
            reason: Some(reason.to_string()),
            advice: Some("fix the cause, then restart beamlive"),
            trouble,
        },
    };

    let forwarder = app.directory.forwarder_health().status();
    let mut response = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    if !ready {
        response.insert_header((header::RETRY_AFTER, "30"));
    }
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Readiness {
            status: if ready { "ready" } else { "not ready" },
            store,
            forwarder: ForwarderHealth {
                up: forwarder.up,
                waiting: forwarder.waiting,
                more: forwarder.more,
                oldest: forwarder.oldest.map(Timestamp::to_utc),
                last_error: forwarder.last_error.as_deref().cloned(),
                elsewhere: forwarder.elsewhere.as_deref().map(str::to_owned),
            },
            // A root that hangs stops no upload: the service is ready without it.
            users_roots: app.files.as_ref().map(|files| files.disks().map(root).collect()),
            version: env!("CARGO_PKG_VERSION"),
        })
}

fn root(disk: &Arc<Disk>) -> UsersRoot {
    let DiskStatus { answers, stuck, .. } = disk.probe();
    UsersRoot {
        path: disk.path().to_owned(),
        answers,
        stuck,
    }
}

/// Metrics in the text format of Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "machines",
    responses(
        (status = 200, description = "The metrics.", body = String, content_type = "text/plain"),
        BusyErrors,
    ),
)]
pub async fn metrics(app: AppData) -> Result<HttpResponse, ApiError> {
    let text = blocking::run("metrics", move || app.metrics.encode()).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text))
}
