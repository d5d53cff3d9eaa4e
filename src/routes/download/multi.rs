//! `GET /download/files/multi/{key}/{name}?frame=a&frame=b`: some files of a directory as `.tar.gz`
//! or `.tar`. With POST, the names are a form in the body, which can be longer than a URL.

use super::archive::{archive_name, packed};
use super::request::{no_such_file, serve};
use crate::body::Body;
use crate::error::ApiError;
use crate::proxy::archive;
use crate::proxy::shelf::FilePath;
use actix_web::{HttpRequest, HttpResponse};

/// Most files of an archive.
const MOST: usize = 4096;
/// Longest form, in bytes.
const MAX_FORM: usize = 1 << 20;

/// Answers an archive of the files named, each tried with the configured suffixes. Those that are not there are left out.
///
/// # Errors
/// 400 when no file is named, or too many; 404 when there is no such key, none of the files is there, or a name can't be
/// that of a file; 503 while too many archives are made.
pub async fn get(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let query = request.query_string().to_owned();
    answer(&request, &query).await
}

/// The same, for names in the body.
///
/// # Errors
/// As [`get`], and 413 and 408.
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
