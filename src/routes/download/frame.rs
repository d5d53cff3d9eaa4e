//! `GET /download/files/frame/{key}/{path}/{brightness}.png`: a picture of a diffraction frame.

use super::picture::{serve, PictureResponse};
use super::request::{no_such_file, FileRequest};
use crate::error::{ApiError, ErrorBody};
use crate::openapi::parameters::SecureKeyParameter;
use crate::openapi::responses::{FileErrors, PictureErrors};
use crate::proxy::frame::tone::Brightness;
use crate::proxy::frame::FrameError;
use crate::proxy::pictures::series::SeriesFrame;
use crate::proxy::pictures::{Frame, PictureError};
use crate::proxy::raw::{find, Found};
use crate::proxy::shelf::{FileError, FilePath, OpenDirectory, OpenFile};
use actix_web::{HttpRequest, HttpResponse};

/// A picture of a diffraction frame
///
/// Grey, with dark spots on white, at most 1024 pixels on its longer side. Frames are read from
/// miniCBF with byte offsets and from grey TIFF, packed by gzip or not, and from HDF5 of Eiger
/// detectors, where the path is that of the master file and the number of the frame, from 1:
/// `xtal_master.h5/1`. Takes `If-None-Match`.
#[utoipa::path(
    get,
    path = "/download/files/frame/{key}/{path}/{brightness}.png",
    tag = "data proxy",
    params(
        SecureKeyParameter,
        ("path" = String, Path, description = "The frame's path in the directory. Slashes are not encoded."),
        (
            "brightness" = String,
            Path,
            description = "`xl` (0.25, the lightest), `lt` (0.5), `nm` (1) or `dk` (1.5)."
        ),
    ),
    responses(
        (status = 200, description = "The picture.", body = String, content_type = "image/png"),
        (status = 304, description = "The client has it already."),
        FileErrors,
        (status = 415, description = "The file is no frame of a supported format.", body = ErrorBody),
        PictureErrors,
    ),
)]
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
