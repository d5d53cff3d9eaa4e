//! `GET` and `POST /api/admin/projects/{username}/samples`: the samples of a project as a sheet.

use super::answer;
use super::apply::{refusal, Summary};
use super::query::Query;
use crate::auth::{Admin, AppData};
use crate::blocking;
use crate::body::Body;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::responses::{BodyErrors, RecordErrors};
use crate::samples::import::Import;
use crate::samples::sheet::MAX_FILE;
use crate::samples::{export, Format, CSV, XLSX};
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::Path;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use beamlive_actors::facility::File;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportOptions {
    /// Only answer what would change.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

/// The samples of a project, as a sheet with one row a sample
///
/// Importing it again changes nothing.
#[utoipa::path(
    get,
    path = "/api/admin/projects/{username}/samples",
    tag = "admin",
    params(
        ("username" = String, Path, description = "The account."),
        ("Accept" = Option<String>, Header,
            description = "The media type of a workbook (xlsx); otherwise the answer is CSV."),
    ),
    responses(
        (
            status = 200,
            description = "The sheet.",
            content(
                (String = "text/csv"),
                (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            )
        ),
        RecordErrors,
    ),
    security(("admin token" = [])),
)]
pub async fn get(
    request: HttpRequest,
    app: AppData,
    _: Admin,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (_, catalog) = answer::sources(&app).await?;
    let Some((project, _)) = catalog.project(&path) else {
        return Err(answer::not_found("project", &path));
    };
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok()).unwrap_or(CSV);
    let (format, ending) = if accept.contains(XLSX) {
        (Format::Xlsx, "xlsx")
    } else {
        (Format::Csv, "csv")
    };
    let sheet = blocking::run("sheet reader", move || {
        format.write(&export::rows(&catalog, project))
    })
    .await?;
    let sheet = sheet.map_err(|why| ApiError::field("Accept", why))?;
    let name = DispositionParam::Filename(format!("samples-{path}.{ending}"));
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(format.media_type())
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![name],
        })
        .body(sheet))
}

/// Import samples of a project from a sheet
///
/// The sheet has one row a sample. One atomic change: samples, and containers and groups that are
/// new, are created or updated, and nothing is removed. Importing the same sheet again changes
/// nothing.
#[utoipa::path(
    post,
    path = "/api/admin/projects/{username}/samples",
    tag = "admin",
    params(("username" = String, Path, description = "The account."), ImportOptions),
    request_body(
        description = "The sheet: CSV, or a workbook (xlsx), of which the first sheet counts.",
        content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
    ),
    responses(
        (status = 200, description = "What changed, or would change.", body = Summary),
        (
            status = 400,
            description = "Each mistake is named with its cell; nothing was changed.",
            body = ErrorBody
        ),
        RecordErrors,
        BodyErrors,
    ),
    security(("admin token" = [])),
)]
pub async fn post(
    request: HttpRequest,
    app: AppData,
    admin: Admin,
    path: Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let mut query = Query::of(&request);
    let options: ImportOptions = query.read();
    let dry_run = query.flag("dry_run", options.dry_run).unwrap_or(false);
    query.finish()?;
    let (_, catalog) = answer::sources(&app).await?;
    if catalog.project(&path).is_none() {
        return Err(answer::not_found("project", &path));
    }
    let Some(format) = Format::of_media_type(request.content_type().trim()) else {
        let message = format!("must say what the sheet is: {CSV} or {XLSX}");
        return Err(ApiError::field("Content-Type", message));
    };
    let bytes = body.read(MAX_FILE).await?;
    let username = path.into_inner();
    let read = move || {
        format
            .read(&bytes)
            .and_then(|sheet| Import::new(&username, &sheet))
    };
    let refused = |mistakes| refusal("sheet", mistakes);
    let import = blocking::run("sheet reader", read).await?.map_err(refused)?;
    let file = File::Made(Arc::new(import));
    let applied = app.directory.apply(file, dry_run, false, admin.origin).await?;
    answer::one(&Summary::of(applied.map_err(refused)?, dry_run, false))
}
