//! `/api/admin/import/…`: moves a facility in from another server, through a running service.

use super::answer;
use super::query::Query;
use crate::auth::{Admin, AppData};
use crate::body::Body;
use crate::error::{ApiError, ErrorBody};
use crate::import::uploads::{ImportRefused, ImportStatus, Part};
use crate::openapi::responses::{AdminErrors, BodyErrors, RecordErrors};
use crate::routes::Empty;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Path};
use actix_web::{HttpRequest, HttpResponse};
use beamlive_actors::ask::Unavailable;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Longest piece, in bytes.
pub const PIECE: usize = 8 << 20;

/// The parameter of a piece.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct PieceOptions {
    /// Where the piece begins.
    #[param(value_type = Option<u64>)]
    offset: Option<String>,
}

/// The parameter of a start.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct ImportOptions {
    /// Only say what would be done.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

/// How much of a file is there.
#[derive(Debug, Serialize, ToSchema)]
struct Received {
    /// Bytes. The next piece begins here.
    bytes: u64,
}

/// Send a piece of a file
///
/// Pieces have at most 8 MiB and follow each other. One at 0 begins the file again.
#[utoipa::path(
    put,
    path = "/api/admin/import/{part}",
    tag = "admin",
    params(
        ("part" = String, Path, description = "`dump`, `proxy-dump` or `jwt-secret`."),
        PieceOptions,
    ),
    request_body(description = "The piece.", content = String, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "It is stored.", body = Received),
        (status = 400, description = "It does not follow the last piece, or an import is under way.", body = ErrorBody),
        RecordErrors,
        BodyErrors,
    ),
    security(("admin token" = [])),
)]
pub async fn put(
    request: HttpRequest,
    app: AppData,
    _: Admin,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let part: Part = path
        .parse()
        .map_err(|_| answer::not_found("file of an import", &path))?;
    let mut query = Query::of(&request);
    let options: PieceOptions = query.read();
    let offset = query.offset("offset", options.offset).unwrap_or(0);
    query.finish()?;
    let piece = body.read(PIECE).await?;
    let received = web::block(move || app.imports.receive(part, offset, &piece)).await;
    let bytes = received.map_err(|_| lost())?.map_err(refusal)?;
    answer::one(&Received { bytes })
}

/// Import what was sent
///
/// The service stops during the import, then restarts. With `dry_run` it keeps running, and only
/// says what an import would do.
#[utoipa::path(
    post,
    path = "/api/admin/import",
    tag = "admin",
    params(ImportOptions),
    responses(
        (status = 200, description = "It begins in a moment.", body = Empty),
        (status = 400, description = "There is no dump, or an import is under way.", body = ErrorBody),
        AdminErrors,
    ),
    security(("admin token" = [])),
)]
pub async fn post(request: HttpRequest, app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let options: ImportOptions = query.read();
    let dry_run = query.flag("dry_run", options.dry_run).unwrap_or(false);
    query.finish()?;
    let started = web::block(move || app.imports.start(dry_run)).await;
    started.map_err(|_| lost())?.map_err(refusal)?;
    answer::one(&Empty {})
}

/// The newest import
#[utoipa::path(
    get,
    path = "/api/admin/import",
    tag = "admin",
    responses((status = 200, description = "Where it is.", body = ImportStatus), AdminErrors),
    security(("admin token" = [])),
)]
pub async fn get(app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    answer::one(&app.imports.status())
}

/// What the newest import mended or left out, one line each
#[utoipa::path(
    get,
    path = "/api/admin/import/report",
    tag = "admin",
    responses(
        (status = 200, description = "The lines.", body = String, content_type = "text/plain"),
        RecordErrors
    ),
    security(("admin token" = [])),
)]
pub async fn report(app: AppData, _: Admin) -> Result<HttpResponse, ApiError> {
    let file = app.imports.report();
    let text = web::block(move || std::fs::read(file))
        .await
        .map_err(|_| lost())?;
    let text = text.map_err(|_| ApiError::NotFound("there was no import yet".to_owned()))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text))
}

fn refusal(error: ImportRefused) -> ApiError {
    match error {
        ImportRefused::Offset(_) => ApiError::field("offset", error.to_string()),
        ImportRefused::Busy | ImportRefused::NoDump => ApiError::field("import", error.to_string()),
        ImportRefused::Disk(_) => ApiError::Unavailable(Unavailable::Unreadable(error.to_string().into())),
    }
}

fn lost() -> ApiError {
    ApiError::Unavailable(Unavailable::Lost("import"))
}
