//! `GET /download/files/archive/{key}/{name}`: all of a directory, as `.tar.gz` or `.tar` by the name's end.

use super::{no_such_file, no_thread, serve, Asked, HeadOnly};
use crate::error::ApiError;
use crate::openapi::parameters::{ArchiveName, SecureKeyParameter};
use crate::openapi::responses::{ArchiveErrors, FileErrors};
use crate::proxy::archive::{self, Contents, Packing};
use crate::proxy::naming;
use crate::proxy::shelf::FilePath;
use actix_web::body::BodySize;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
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
    serve("archive", &request, |asked| async move {
        let (name, packing) = archive_name(&asked.rest)?;
        let contents = archive::all(&asked.files.shelf, &asked.key).await?;
        packed(&asked, contents, packing, &name).await
    })
    .await
}

/// The name of an archive in a URL, and the packing that it asks for.
pub(super) fn archive_name(encoded: &str) -> Result<(FilePath, Packing), ApiError> {
    let name = FilePath::decode(encoded).map_err(|_| no_such_file())?;
    let plain = name.parent().is_none() && !name.as_bytes().iter().any(u8::is_ascii_control);
    match Packing::of(name.as_bytes()) {
        Some(packing) if plain => Ok((name, packing)),
        _ => Err(no_such_file()),
    }
}

/// The answer with an archive of `contents`.
pub(super) async fn packed(
    asked: &Asked,
    contents: Contents,
    packing: Packing,
    name: &FilePath,
) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::Ok();
    let mut headers = HeaderMap::new();
    naming::describe(
        &mut headers,
        HeaderValue::from_static(packing.content_type()),
        name.as_bytes(),
    );
    for header in headers {
        response.insert_header(header);
    }
    response.insert_header((header::CACHE_CONTROL, "private, no-store"));
    if asked.head_only {
        return Ok(response.body(HeadOnly(BodySize::Stream)));
    }
    let place = asked.files.place(&asked.key, asked.address).await?;
    let made = archive::pack(contents, packing, &asked.files.compressors, place);
    Ok(response.body(made.map_err(no_thread)?))
}
