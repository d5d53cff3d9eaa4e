//! `GET /download/files/raw/{key}/{path}`: a file. If it only exists with the suffix `.gz`, it is
//! decompressed.

use super::request::{no_such_file, no_thread, serve, FileRequest, HeadOnly};
use crate::error::ApiError;
use crate::openapi::parameters::{RangeHeader, SecureKeyParameter};
use crate::openapi::responses::{ArchiveErrors, ConditionErrors, FileErrors};
use crate::proxy::naming;
use crate::proxy::raw::stream::FileStream;
use crate::proxy::raw::{asked_part, conditions, find, modified, tag, unpacked, Found, Part};
use crate::proxy::shelf::{FilePath, OpenDirectory, OpenFile};
use actix_web::body::BodySize;
use actix_web::http::header::{self, ContentRange, ContentRangeSpec, ETag, LastModified};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

/// A file
///
/// Takes `Range` (one range), `If-Range`, `If-Match`, `If-Unmodified-Since`, `If-None-Match` and
/// `If-Modified-Since`. A file that exists only with `.gz` after its name is sent unpacked, without
/// ranges.
#[utoipa::path(
    get,
    path = "/download/files/raw/{key}/{path}",
    tag = "data proxy",
    params(
        SecureKeyParameter,
        ("path" = String, Path, description = "The file's path in the directory. Slashes are not encoded."),
        RangeHeader,
    ),
    responses(
        (status = 200, description = "The file.", body = String, content_type = "application/octet-stream"),
        (status = 206, description = "The part of it that was asked for."),
        (status = 304, description = "The client has it already."),
        FileErrors,
        ConditionErrors,
        ArchiveErrors,
    ),
)]
pub async fn get(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    serve("raw", &request, |file_request| answer(&request, file_request)).await
}

async fn answer(request: &HttpRequest, file_request: FileRequest) -> Result<HttpResponse, ApiError> {
    let path = FilePath::decode(&file_request.rest).map_err(|_| no_such_file())?;
    let (key, wanted) = (&file_request.key, path.clone());
    let find = move |directory: &OpenDirectory| find(directory, &wanted);
    match file_request.files.shelf.first(key, find).await? {
        Found::Plain(file) => plain(request, &file_request, file, &path),
        Found::Packed(file) => packed(request, &file_request, file, &path).await,
    }
}

/// The headers of all responses.
fn described(status: StatusCode, path: &FilePath) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    naming::describe(&mut response, naming::content_type(path.as_path()), path.name());
    response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    response
}

/// Answers a file, or the requested part of it. `path` determines its type and its name.
///
/// # Errors
/// 412 if a precondition fails; 416 for a range outside the file.
pub(super) fn plain(
    request: &HttpRequest,
    file_request: &FileRequest,
    file: OpenFile,
    path: &FilePath,
) -> Result<HttpResponse, ApiError> {
    if let Some(header) = file_request.files.delegated(&file.location) {
        // The front end handles ranges and preconditions.
        return Ok(described(StatusCode::OK, path).insert_header(header).finish());
    }
    let length = file.identity.length;
    let (status, range) = match asked_part(request, &file.identity, file_request.files.shelf.clock.now()) {
        Part::Whole => (StatusCode::OK, 0..length),
        Part::Bytes(range) => (StatusCode::PARTIAL_CONTENT, range),
        Part::Unchanged => (StatusCode::NOT_MODIFIED, 0..0),
        Part::Changed => return Err(ApiError::Changed),
        Part::NoSuchRange => return Err(ApiError::NoSuchRange { length }),
    };
    let mut response = described(status, path);
    response.insert_header(ETag(tag(&file.identity)));
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    if let Some(modified) = modified(&file.identity) {
        response.insert_header(LastModified(modified));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let last = range.end.saturating_sub(1);
        response.insert_header(ContentRange(ContentRangeSpec::Bytes {
            range: Some((range.start, last)),
            instance_length: Some(length),
        }));
    }
    Ok(match (status, file_request.head_only) {
        (StatusCode::NOT_MODIFIED, _) => response.finish(),
        (_, true) => response.body(HeadOnly(BodySize::Sized(length))),
        (_, false) => response.body(FileStream::new(file.file, range)),
    })
}

async fn packed(
    request: &HttpRequest,
    file_request: &FileRequest,
    file: OpenFile,
    path: &FilePath,
) -> Result<HttpResponse, ApiError> {
    let status = match conditions(request, None, modified(&file.identity)) {
        None => StatusCode::OK,
        Some(Part::Unchanged) => StatusCode::NOT_MODIFIED,
        Some(_) => return Err(ApiError::Changed),
    };
    let mut response = described(status, path);
    if let Some(modified) = modified(&file.identity) {
        response.insert_header(LastModified(modified));
    }
    if status == StatusCode::NOT_MODIFIED {
        return Ok(response.finish());
    }
    if file_request.head_only {
        return Ok(response.body(HeadOnly(BodySize::Stream)));
    }
    let slot = file_request
        .files
        .slot(&file_request.key, file_request.address)
        .await?;
    Ok(response.body(unpacked(file.file, slot).map_err(no_thread)?))
}
