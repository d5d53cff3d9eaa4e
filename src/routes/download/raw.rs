//! `GET /download/files/raw/{key}/{path}`: a file as it is. One that is there only with `.gz` at its name is sent unpacked.

use super::{no_such_file, no_thread, serve, Asked, HeadOnly};
use crate::error::ApiError;
use crate::openapi::parameters::{RangeHeader, SecureKeyParameter};
use crate::openapi::responses::{ArchiveErrors, ConditionErrors, FileErrors};
use crate::proxy::naming;
use crate::proxy::raw::stream::FileStream;
use crate::proxy::raw::{asked_part, conditions, etag, find, modified, unpacked, Found, Part};
use crate::proxy::shelf::{FilePath, OpenFile};
use actix_web::body::BodySize;
use actix_web::http::header::{self, ContentRange, ContentRangeSpec, LastModified};
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
    serve("raw", &request, |asked| answer(&request, asked)).await
}

async fn answer(request: &HttpRequest, asked: Asked) -> Result<HttpResponse, ApiError> {
    let path = FilePath::decode(&asked.rest).map_err(|_| no_such_file())?;
    let (key, wanted) = (asked.key.clone(), path.clone());
    let look = asked
        .files
        .shelf
        .first(&key, move |directory| find(directory, &wanted));
    let found = look.await?;
    match found {
        Found::Plain(file) => plain(request, &asked, file, &path),
        Found::Packed(file) => packed(request, &asked, file, &path).await,
    }
}

/// The headers that every answer has.
fn described(status: StatusCode, path: &FilePath) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    let mut headers = header::HeaderMap::new();
    naming::describe(&mut headers, naming::content_type(path.as_path()), path.name());
    for header in headers {
        response.insert_header(header);
    }
    response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    response
}

/// Answers a file, or what was asked for of it. Its kind and its name are those of `path`.
///
/// # Errors
/// 416 for a range that it has not.
pub(super) fn plain(
    request: &HttpRequest,
    asked: &Asked,
    file: OpenFile,
    path: &FilePath,
) -> Result<HttpResponse, ApiError> {
    if let Some(header) = asked.files.delegated(&file.location) {
        // The front end answers ranges and conditions itself.
        return Ok(described(StatusCode::OK, path).insert_header(header).finish());
    }
    let length = file.identity.length;
    let (status, range) = match asked_part(request, &file.identity, asked.files.shelf.clock.now()) {
        Part::Whole => (StatusCode::OK, 0..length),
        Part::Bytes(range) => (StatusCode::PARTIAL_CONTENT, range),
        Part::Unchanged => (StatusCode::NOT_MODIFIED, 0..0),
        Part::Changed => return Err(ApiError::Changed),
        Part::Nowhere => return Err(ApiError::NoSuchRange { length }),
    };
    let mut response = described(status, path);
    response.insert_header(etag(&file.identity));
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
    Ok(match (status, asked.head_only) {
        (StatusCode::NOT_MODIFIED, _) => response.finish(),
        (_, true) => response.body(HeadOnly(BodySize::Sized(length))),
        (_, false) => response.body(FileStream::new(file.file, range)),
    })
}

async fn packed(
    request: &HttpRequest,
    asked: &Asked,
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
    if asked.head_only {
        return Ok(response.body(HeadOnly(BodySize::Stream)));
    }
    let place = asked.files.place(&asked.key, asked.address).await?;
    Ok(response.body(unpacked(file.file, place).map_err(no_thread)?))
}
