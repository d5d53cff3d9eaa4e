//! `GET /download/files/snapshot/{key}/{path}`: a snapshot of the sample, or several as an animation.

use super::picture::{had, has, serve, Described};
use super::{no_such_file, raw, Asked};
use crate::error::ApiError;
use crate::openapi::parameters::SecureKeyParameter;
use crate::openapi::responses::{ConditionErrors, FileErrors, PictureErrors};
use crate::proxy::cache::CacheKey;
use crate::proxy::shelf::{FileError, FilePath, OpenDirectory, OpenFile};
use crate::proxy::snapshot::animation::{SnapshotError, MOST};
use crate::proxy::snapshot::{candidates, is_of_series, series, stem};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use std::os::unix::ffi::OsStrExt;

/// What a name stands for.
enum Found {
    /// One file, and where it is.
    One(OpenFile, FilePath),
    /// Several, in their order.
    Series(Vec<OpenFile>),
    /// More than are put together.
    TooMany,
}

/// What was found of it.
enum Look {
    /// A file, to be sent as it is.
    One(OpenFile, FilePath),
    /// The client has this animation.
    Unchanged(CacheKey),
    /// It is kept.
    Kept(CacheKey, Bytes),
    /// It is to be made.
    Open(CacheKey, Vec<OpenFile>),
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
    serve("snapshot", &request, |asked| answer(&request, asked)).await
}

async fn answer(request: &HttpRequest, asked: Asked) -> Result<HttpResponse, ApiError> {
    let path = FilePath::decode(&asked.rest).map_err(|_| no_such_file())?;
    let (secret, wanted, had) = (asked.key.clone(), path.clone(), had(request));
    let found = asked
        .files
        .shelf
        .first(&secret, move |directory| find(directory, &wanted))
        .await?;
    let look = asked.files.on_pool(move |files| -> Result<_, ApiError> {
        let snapshots = match found {
            Found::One(file, path) => return Ok(Look::One(file, path)),
            Found::TooMany => {
                return Err(ApiError::OversizedFile(SnapshotError::TooLarge.to_string()));
            }
            Found::Series(snapshots) => snapshots,
        };
        let key = CacheKey::of_files("series", snapshots.iter().map(|file| &file.identity));
        if has(had.as_ref(), &key) {
            return Ok(Look::Unchanged(key));
        }
        Ok(match files.pictures.kept(&key) {
            Some(picture) => Look::Kept(key, picture),
            None => Look::Open(key, snapshots),
        })
    });
    let name = [stem(path.name()), b".gif"].concat();
    let described = |key| Described {
        key,
        kind: "image/gif",
        name: &name,
    };
    match look.await? {
        Look::One(file, path) => raw::plain(request, &asked, file, &path),
        Look::Unchanged(key) => Ok(described(&key).unchanged()),
        Look::Kept(key, picture) => Ok(described(&key).answer(picture, asked.head_only)),
        Look::Open(key, snapshots) => {
            let making = asked.files.pictures.animation(key.clone(), snapshots);
            Ok(described(&key).answer(making.await?, asked.head_only))
        }
    }
}

/// Looks for the snapshot at `path` in the directory of a key.
fn find(directory: &OpenDirectory, path: &FilePath) -> Result<Found, FileError> {
    for candidate in candidates(path.as_bytes()) {
        let Ok(candidate) = FilePath::new(candidate) else {
            continue;
        };
        match directory.open(&candidate) {
            Ok(file) => return Ok(Found::One(file, candidate)),
            Err(FileError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    let parent = path.parent();
    let stem = stem(path.name());
    let directory_of_it = directory.directory(parent.as_ref())?;
    let names = directory_of_it.matching(MOST, |name| is_of_series(stem, name))?;
    let names = series(stem, names);
    if names.len() > MOST {
        return Ok(Found::TooMany);
    }
    let mut snapshots = Vec::with_capacity(names.len());
    for name in names {
        let path = match &parent {
            Some(parent) => [parent.as_bytes(), b"/", name.as_bytes()].concat(),
            None => name.as_bytes().to_vec(),
        };
        let path = FilePath::new(path).map_err(|_| FileError::NotFound)?;
        match directory.open(&path) {
            Ok(file) => snapshots.push((file, path)),
            // It has gone meanwhile, or is none.
            Err(FileError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    match snapshots.len() {
        0 => Err(FileError::NotFound),
        1 => match snapshots.pop() {
            Some((file, path)) => Ok(Found::One(file, path)),
            None => Err(FileError::NotFound),
        },
        _ => Ok(Found::Series(
            snapshots.into_iter().map(|(file, _)| file).collect(),
        )),
    }
}
