//! `GET /download/files/snapshot/{key}/{path}`: a snapshot of a sample, or a series as an
//! animation.

use super::picture::{serve, PictureResponse};
use super::raw;
use super::request::{no_such_file, FileRequest};
use crate::error::ApiError;
use crate::openapi::parameters::SecureKeyParameter;
use crate::openapi::responses::{ConditionErrors, FileErrors, PictureErrors};
use crate::proxy::cache::CacheKey;
use crate::proxy::shelf::{FileError, FilePath, OpenDirectory, OpenFile};
use crate::proxy::snapshot::animation::{SnapshotError, MOST};
use crate::proxy::snapshot::{candidates, is_of_series, series, stem};
use actix_web::{HttpRequest, HttpResponse};
use std::os::unix::ffi::OsStrExt;

/// The files of a snapshot.
enum Found {
    /// One file, and its path.
    One(OpenFile, FilePath),
    /// Several, in order.
    Series(Vec<OpenFile>),
    /// More than an animation may have.
    TooMany,
}

/// A snapshot of the sample
///
/// The file at this path, or the WebP, PNG or GIF of its stem, as `files/raw` sends it. If there is
/// none, the series of PNGs of the stem, `name_0.png`, `name_90.png`, as an animated GIF.
#[utoipa::path(
    get,
    path = "/download/files/snapshot/{key}/{path}",
    tag = "data proxy",
    params(
        SecureKeyParameter,
        (
            "path" = String,
            Path,
            description = "The snapshot's path in the directory, with or without its suffix."
        ),
    ),
    responses(
        (status = 200, description = "The snapshot.", body = String, content_type = "image/gif"),
        (status = 206, description = "The part of it that was asked for."),
        (status = 304, description = "The client has it already."),
        FileErrors,
        ConditionErrors,
        PictureErrors,
    ),
)]
pub async fn get(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    serve("snapshot", &request, |file_request| {
        answer(&request, file_request)
    })
    .await
}

async fn answer(request: &HttpRequest, file_request: FileRequest) -> Result<HttpResponse, ApiError> {
    let path = FilePath::decode(&file_request.rest).map_err(|_| no_such_file())?;
    let (key, wanted) = (&file_request.key, path.clone());
    let find = move |directory: &OpenDirectory| find(directory, &wanted);
    let snapshots = match file_request.files.shelf.first(key, find).await? {
        Found::One(file, path) => return raw::plain(request, &file_request, file, &path),
        Found::TooMany => return Err(ApiError::OversizedFile(SnapshotError::TooLarge.to_string())),
        Found::Series(snapshots) => snapshots,
    };
    let key = CacheKey::of_files("series", snapshots.iter().map(|file| &file.identity));
    let response = PictureResponse {
        key: &key,
        kind: "image/gif",
        name: &[stem(path.name()), b".gif"].concat(),
    };
    let make = file_request.files.pictures.animation(key.clone(), snapshots);
    response.answer(request, &file_request, make).await
}

/// Finds the snapshot at `path` in the directory of a key.
fn find(directory: &OpenDirectory, path: &FilePath) -> Result<Found, FileError> {
    let candidates = candidates(path.as_bytes());
    match directory.open_first(candidates.into_iter().filter_map(|path| FilePath::new(path).ok())) {
        Ok((file, path)) => return Ok(Found::One(file, path)),
        Err(FileError::NotFound) => {}
        Err(error) => return Err(error),
    }
    let (parent, stem) = (path.parent(), stem(path.name()));
    let names = directory
        .directory(parent.as_ref())?
        .matching(MOST, |name| is_of_series(stem, name))?;
    if names.len() > MOST {
        return Ok(Found::TooMany);
    }
    let mut snapshots = Vec::with_capacity(names.len());
    for name in series(stem, names) {
        let path =
            FilePath::in_directory(parent.as_ref(), name.as_bytes()).map_err(|_| FileError::NotFound)?;
        match directory.open(&path) {
            Ok(file) => snapshots.push((file, path)),
            // It no longer exists, or is not a file.
            Err(FileError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    if snapshots.len() > 1 {
        return Ok(Found::Series(
            snapshots.into_iter().map(|(file, _)| file).collect(),
        ));
    }
    let (file, path) = snapshots.pop().ok_or(FileError::NotFound)?;
    Ok(Found::One(file, path))
}
