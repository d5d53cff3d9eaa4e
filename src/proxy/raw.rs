//! Raw files: the conditions and ranges of a request, and compressed files.

pub mod stream;

use super::disk::DiskFile;
use super::shelf::{FileError, FilePath, Identity, OpenDirectory, OpenFile};
use super::slots::Slot;
use super::threaded_body::{self, Piece, ThreadedBody, PIECE};
use crate::conditional::client_has;
use actix_web::http::header::{
    EntityTag, Header, HttpDate, IfMatch, IfModifiedSince, IfRange, IfUnmodifiedSince, Range,
};
use actix_web::web::Bytes;
use actix_web::HttpRequest;
use beamlive_storage::Timestamp;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::time::{Duration, SystemTime};

/// A requested file.
#[derive(Debug)]
pub enum Found {
    /// Under its own name.
    Plain(OpenFile),
    /// With the suffix `.gz`. It is decompressed while it is sent.
    Packed(OpenFile),
}

/// Opens the file at `path` in the directory of a key, or the same with the suffix `.gz`.
///
/// # Errors
/// [`FileError`].
pub fn find(directory: &OpenDirectory, path: &FilePath) -> Result<Found, FileError> {
    match directory.open(path) {
        Err(FileError::NotFound) => {
            let packed = path.with_suffix(".gz").map_err(|_| FileError::NotFound)?;
            directory.open(&packed).map(Found::Packed)
        }
        opened => opened.map(Found::Plain),
    }
}

/// The part of a file that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(std::ops::Range<u64>),
    /// Nothing: the client has the current state (304).
    Unchanged,
    /// Nothing: a precondition failed (412).
    Changed,
    /// A range outside the file (416).
    NoSuchRange,
}

/// The entity tag of a file in one state.
#[must_use]
pub fn tag(identity: &Identity) -> EntityTag {
    EntityTag::new_strong(identity.to_string())
}

/// The year 10000, which is too late for an HTTP date, in seconds since 1970.
const YEAR_10000: u64 = 253_402_300_800;
/// HTTP dates have no fractions of a second, so a date is a strong validator only for files that
/// have not changed for this time, in nanoseconds.
const STRONG_AFTER: i128 = 1_000_000_000;

/// The HTTP date when the file was last written; `None` before 1970 and after 9999.
#[must_use]
pub fn modified(identity: &Identity) -> Option<HttpDate> {
    let seconds = u64::try_from(identity.modified.div_euclid(1_000_000_000)).ok()?;
    if seconds >= YEAR_10000 {
        return None;
    }
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    Some(HttpDate::from(time))
}

/// Evaluates the preconditions of `request` in the order of RFC 9110, section 13.2.2: `None` if
/// they hold. A file that is decompressed while it is sent has no tag, only a date.
#[must_use]
pub fn conditions(
    request: &HttpRequest,
    tag: Option<&EntityTag>,
    modified: Option<HttpDate>,
) -> Option<Part> {
    if request.headers().contains_key("if-match") {
        let same = match IfMatch::parse(request) {
            Ok(IfMatch::Any) => true,
            Ok(IfMatch::Items(tags)) => {
                tag.is_some_and(|tag| tags.iter().any(|theirs| theirs.strong_eq(tag)))
            }
            Err(_) => false,
        };
        if !same {
            return Some(Part::Changed);
        }
    } else if let (Ok(IfUnmodifiedSince(theirs)), Some(modified)) =
        (IfUnmodifiedSince::parse(request), modified)
    {
        if modified > theirs {
            return Some(Part::Changed);
        }
    }
    let is_current = |theirs: &EntityTag| tag.is_some_and(|tag| theirs.weak_eq(tag));
    if let Some(unchanged) = client_has(request, is_current) {
        return unchanged.then_some(Part::Unchanged);
    }
    match (IfModifiedSince::parse(request), modified) {
        (Ok(IfModifiedSince(theirs)), Some(modified)) if modified <= theirs => Some(Part::Unchanged),
        _ => None,
    }
}

/// The part of a file that `request` asks for. Several ranges, and invalid ones, give the whole
/// file.
#[must_use]
pub fn asked_part(request: &HttpRequest, identity: &Identity, now: Timestamp) -> Part {
    let (tag, modified) = (tag(identity), modified(identity));
    if let Some(part) = conditions(request, Some(&tag), modified) {
        return part;
    }
    // Only GET has ranges.
    if *request.method() != actix_web::http::Method::GET || !request.headers().contains_key("range") {
        return Part::Whole;
    }
    let is_strong = || i128::from(now.0) * 1000 - identity.modified >= STRONG_AFTER;
    let same = match (
        request.headers().contains_key("if-range"),
        IfRange::parse(request),
    ) {
        (false, _) => true,
        (true, Ok(IfRange::EntityTag(theirs))) => theirs.strong_eq(&tag),
        (true, Ok(IfRange::Date(theirs))) => modified == Some(theirs) && is_strong(),
        (true, Err(_)) => false,
    };
    match Range::parse(request) {
        Ok(Range::Bytes(ranges)) if same => match ranges.as_slice() {
            [range] => match range.to_satisfiable_range(identity.length) {
                Some((first, last)) => Part::Bytes(first..last.saturating_add(1)),
                None => Part::NoSuchRange,
            },
            _ => Part::Whole,
        },
        _ => Part::Whole,
    }
}

/// The content of a gzip file, decompressed while it is sent.
///
/// # Errors
/// If the system can't start a thread.
pub fn unpacked(file: DiskFile, slot: Slot) -> io::Result<ThreadedBody> {
    let disk = file.disk().clone();
    threaded_body::start(&disk, slot, move |body| {
        let mut content = MultiGzDecoder::new(BufReader::with_capacity(PIECE, &file));
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            content.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
            if piece.is_empty() {
                return Ok(());
            }
            body.send(Piece::Ready(Bytes::from(piece)))?;
        }
    })
}

#[cfg(test)]
mod tests;
