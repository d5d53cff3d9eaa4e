//! `GET /download/files/frame/{key}/{path}/{brightness}.png`: a picture of a diffraction frame.

use super::picture::{serve, PictureResponse};
use super::request::{no_such_file, FileRequest};
use crate::error::ApiError;
use crate::proxy::frame::tone::Brightness;
use crate::proxy::frame::FrameError;
use crate::proxy::pictures::series::SeriesFrame;
use crate::proxy::pictures::{Frame, PictureError};
use crate::proxy::raw::{find, Found};
use crate::proxy::shelf::{FileError, FilePath, OpenDirectory, OpenFile};
use actix_web::{HttpRequest, HttpResponse};

/// Answers the picture, which is made now if it is not kept.
///
/// # Errors
/// 404 when there is no such key, file or brightness; 415 and 422 for what no picture is made of; 503 while too many
/// are made.
pub async fn get(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    serve("frame", &request, |file_request| answer(&request, file_request)).await
}

async fn answer(request: &HttpRequest, file_request: FileRequest) -> Result<HttpResponse, ApiError> {
    let (path, brightness) = parse(&file_request.rest).ok_or_else(no_such_file)?;
    let (key, wanted) = (&file_request.key, path.clone());
    let find = move |directory: &OpenDirectory| find_frame(directory, &wanted);
    let found = file_request.files.shelf.first(key, find).await?;
    let frame = found.map_err(PictureError::from)?;
    let key = frame.key(brightness.name());
    let response = PictureResponse {
        key: &key,
        kind: "image/png",
        name: &[path.name(), b".", brightness.name().as_bytes(), b".png"].concat(),
    };
    let make = file_request.files.pictures.frame(key.clone(), frame, brightness);
    response.answer(request, &file_request, make).await
}

/// The frame at `path`: a file, or the number of a frame beneath an HDF5 file. An error inside `Ok`
/// is final: other directories are not searched.
fn find_frame(directory: &OpenDirectory, path: &FilePath) -> Result<Result<Frame, FrameError>, FileError> {
    let missing = match find_file(directory, path) {
        Ok(file) => return Ok(Ok(Frame::File(file))),
        Err(missing) => missing,
    };
    let (FileError::NotFound, Some(master)) = (&missing, path.parent()) else {
        return Err(missing);
    };
    // The only paths beneath a file are the numbers of its frames.
    let Ok(file) = find_file(directory, &master) else {
        return Err(missing);
    };
    Ok(match number(path.name()) {
        Some(number) => SeriesFrame::find(directory, &master, file, number)
            .map(|found| Frame::Series(Box::new(found))),
        None => Err(FrameError::Missing(format!(
            "{:?} is no number of a frame: frames of an HDF5 file are asked for by number, from 1, as in …_master.h5/1/nm.png",
            String::from_utf8_lossy(path.name())
        ))),
    })
}

/// Parses digits. A number that is too large becomes the greatest one.
fn number(name: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(name).ok()?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// The file, or the same compressed by gzip or bzip2.
fn find_file(directory: &OpenDirectory, path: &FilePath) -> Result<OpenFile, FileError> {
    match find(directory, path) {
        Err(FileError::NotFound) => {
            let packed = path.with_suffix(".bz2").map_err(|_| FileError::NotFound)?;
            directory.open(&packed)
        }
        found => found.map(|(Found::Plain(file) | Found::Packed(file))| file),
    }
}

/// The path and the brightness in the rest of the URL.
fn parse(rest: &str) -> Option<(FilePath, Brightness)> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (path, picture) = rest.rsplit_once('/')?;
    let brightness = Brightness::named(picture.strip_suffix(".png")?)?;
    Some((FilePath::decode(path).ok()?, brightness))
}
