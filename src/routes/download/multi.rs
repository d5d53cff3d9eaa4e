//! `GET /download/files/multi/{key}/{name}?frame=a&frame=b`: some files of a directory as `.tar.gz`
//! or `.tar`. With POST, the names are a form in the body, which can be longer than a URL.

use super::archive::{archive_name, packed};
use super::request::{no_such_file, serve};
use crate::body::Body;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::{ArchiveName, SecureKeyParameter};
use crate::openapi::responses::{ArchiveErrors, BodyErrors, FileErrors};
use crate::proxy::archive;
use crate::proxy::shelf::FilePath;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::{IntoParams, ToSchema};

/// Most files of an archive.
const MOST: usize = 4096;
/// Longest form, in bytes.
const MAX_FORM: usize = 1 << 20;

// The names need not be UTF-8, so `frames` reads them instead of serde.
/// The names of files.
#[derive(Debug, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct FrameNames {
    /// A file, with or without its suffix; may be repeated.
    #[schema(example = json!(["lys-1_0001", "lys-1_0002.cbf"]))]
    pub frame: Vec<String>,
}

/// Some files of a directory
///
/// An archive as of all files. Names without a file are left out.
#[utoipa::path(
    get,
    path = "/download/files/multi/{key}/{name}",
    tag = "data proxy",
    params(SecureKeyParameter, ArchiveName, FrameNames),
    responses(
        (status = 200, description = "The archive.", body = String, content_type = "application/gzip"),
        (status = 400, description = "No file is named, or too many are.", body = ErrorBody),
        FileErrors,
        ArchiveErrors,
    ),
)]
pub async fn get(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let query = request.query_string().to_owned();
    answer(&request, &query).await
}

/// Some files of a directory, of which there are many
///
/// As GET, with more names than a URL can hold. `frame` is repeated for each name.
#[utoipa::path(
    post,
    path = "/download/files/multi/{key}/{name}",
    tag = "data proxy",
    params(SecureKeyParameter, ArchiveName),
    request_body(
        description = "The names.",
        content = FrameNames,
        content_type = "application/x-www-form-urlencoded"
    ),
    responses(
        (status = 200, description = "The archive.", body = String, content_type = "application/gzip"),
        (status = 400, description = "No file is named, or too many are.", body = ErrorBody),
        FileErrors,
        ArchiveErrors,
        BodyErrors,
    ),
)]
pub async fn post(request: HttpRequest, body: Body) -> Result<HttpResponse, ApiError> {
    let form = body.read(MAX_FORM).await?;
    let form = std::str::from_utf8(&form)
        .map_err(|_| ApiError::field("body", "is no form: percent-encode the names"))?;
    answer(&request, form.trim_end()).await
}

async fn answer(request: &HttpRequest, names: &str) -> Result<HttpResponse, ApiError> {
    serve("multi", request, |request| async move {
        let (name, packing) = archive_name(&request.rest)?;
        let frames = frames(names)?;
        let suffixes = request.files.suffixes.clone();
        let contents = archive::named(&request.files.shelf, &request.key, frames, suffixes).await?;
        packed(&request, contents, packing, &name).await
    })
    .await
}

fn frames(query: &str) -> Result<Vec<FilePath>, ApiError> {
    let mut frames = Vec::new();
    for pair in query.split('&') {
        let (field, value) = pair.split_once('=').unwrap_or((pair, ""));
        if field != "frame" {
            continue;
        }
        // In a form, a plus is a space.
        let value = value.replace('+', " ");
        let decoded = percent_encoding::percent_decode_str(&value).collect();
        frames.push(FilePath::new(decoded).map_err(|_| no_such_file())?);
    }
    match frames.len() {
        0 => Err(ApiError::field(
            "frame",
            "name at least one file: frame=a&frame=b",
        )),
        count if count > MOST => Err(ApiError::field("frame", format!("name {MOST} files at most"))),
        _ => Ok(frames),
    }
}
