//! `GET /download/files/archive/{key}/{name}`: a whole directory as `.tar.gz` or `.tar`.

use super::request::{no_such_file, no_thread, serve, FileRequest, HeadOnly};
use crate::error::ApiError;
use crate::openapi::parameters::{ArchiveName, SecureKeyParameter};
use crate::openapi::responses::{ArchiveErrors, FileErrors};
use crate::proxy::archive::{self, Contents, Packing};
use crate::proxy::naming;
use crate::proxy::shelf::FilePath;
use actix_web::body::BodySize;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

/// All files of a directory
///
/// A tar with one folder, named as the directory. It is made while it is sent. Links are left out.
/// When an archive can't be completed, the connection closes before the last chunk.
#[utoipa::path(
    get,
    path = "/download/files/archive/{key}/{name}",
    tag = "data proxy",
    params(SecureKeyParameter, ArchiveName),
    responses(
        (status = 200, description = "The archive.", body = String, content_type = "application/gzip"),
        FileErrors,
        ArchiveErrors,
    ),
)]
pub async fn get(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    serve("archive", &request, |request| async move {
        let (name, packing) = archive_name(&request.rest)?;
        let contents = archive::all(&request.files.shelf, &request.key).await?;
        packed(&request, contents, packing, &name).await
    })
    .await
}

/// The name of an archive in a URL, and its format.
pub(super) fn archive_name(encoded: &str) -> Result<(FilePath, Packing), ApiError> {
    let name = FilePath::decode(encoded).map_err(|_| no_such_file())?;
    let plain = name.parent().is_none() && !name.as_bytes().iter().any(u8::is_ascii_control);
    match Packing::of(name.as_bytes()) {
        Some(packing) if plain => Ok((name, packing)),
        _ => Err(no_such_file()),
    }
}

/// Answers an archive of `contents`.
pub(super) async fn packed(
    request: &FileRequest,
    contents: Contents,
    packing: Packing,
    name: &FilePath,
) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::Ok();
    let kind = HeaderValue::from_static(packing.content_type());
    naming::describe(&mut response, kind, name.as_bytes());
    response.insert_header((header::CACHE_CONTROL, "private, no-store"));
    if request.head_only {
        return Ok(response.body(HeadOnly(BodySize::Stream)));
    }
    let slot = request.files.slot(&request.key, request.address).await?;
    let made = archive::pack(contents, packing, &request.files.compressors, slot);
    Ok(response.body(made.map_err(no_thread)?))
}
