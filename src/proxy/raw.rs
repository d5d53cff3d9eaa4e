//! Raw files: which part of a file a request asks for, and in which form it is sent.

pub mod stream;

use super::disk::{beat, DiskFile};
use super::pump::{self, Piece, Pumped};
use super::shares::Place;
use super::shelf::{FileError, FilePath, Identity, OpenDirectory, OpenFile};
use actix_web::http::header::{
    ByteRangeSpec, ETag, EntityTag, Header, HttpDate, IfMatch, IfModifiedSince, IfNoneMatch, IfRange,
    IfUnmodifiedSince, Range,
};
use actix_web::web::{Bytes, BytesMut};
use actix_web::HttpRequest;
use beamlive_storage::Timestamp;
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use std::time::{Duration, SystemTime};

/// A file that was asked for.
#[derive(Debug)]
pub enum Found {
    /// As it is.
    Plain(OpenFile),
    /// Only with `.gz` at its name: it is sent unpacked.
    Packed(OpenFile),
}

/// Looks for the file at `path` in the directory of a key, and for the same with `.gz`.
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

/// What a request asks for of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(std::ops::Range<u64>),
    /// Nothing: the client has it already.
    Unchanged,
    /// Nothing: it is not what the client takes it for.
    Changed,
    /// Bytes that it has not.
    Nowhere,
}

/// The tag of a file's state.
#[must_use]
pub fn tag(identity: &Identity) -> EntityTag {
    let Identity {
        device,
        inode,
        length,
        modified,
    } = identity;
    EntityTag::new_strong(format!("{device:x}-{inode:x}-{length:x}-{modified:x}"))
}

/// The first second that HTTP can't say: the year 10000 begins.
const PAST_DATES: u64 = 253_402_300_800;
/// How long a file must not have been written before a date tells its states apart, as dates have no parts of a second.
const STRONG_AFTER: i128 = 1_000_000_000;

/// When it was last written, to the second, as HTTP says it; none for a time before 1970 or after the year 9999.
#[must_use]
pub fn modified(identity: &Identity) -> Option<HttpDate> {
    let seconds = u64::try_from(identity.modified.div_euclid(1_000_000_000)).ok()?;
    if seconds >= PAST_DATES {
        return None;
    }
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    Some(HttpDate::from(time))
}

/// What the conditions of `request` come to, in the order of RFC 9110, section 13.2.2: none when they hold. A file without a tag,
/// because it is unpacked while it is sent, has only its date.
#[must_use]
pub fn conditions(
    request: &HttpRequest,
    tag: Option<&EntityTag>,
    modified: Option<HttpDate>,
) -> Option<Part> {
    let has = |name: &str| request.headers().contains_key(name);
    if has("if-match") {
        let same = match IfMatch::parse(request) {
            Ok(IfMatch::Any) => true,
            Ok(IfMatch::Items(tags)) => tags
                .iter()
                .any(|theirs| tag.is_some_and(|tag| theirs.strong_eq(tag))),
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
    if has("if-none-match") {
        let unchanged = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags
                .iter()
                .any(|theirs| tag.is_some_and(|tag| theirs.weak_eq(tag))),
            Err(_) => false,
        };
        return unchanged.then_some(Part::Unchanged);
    }
    match (IfModifiedSince::parse(request), modified) {
        (Ok(IfModifiedSince(theirs)), Some(modified)) if modified <= theirs => Some(Part::Unchanged),
        _ => None,
    }
}

/// What `request` asks for of a file in this state. More than one range is answered with the whole file, as is what can't be
/// understood.
#[must_use]
pub fn asked_part(request: &HttpRequest, identity: &Identity, now: Timestamp) -> Part {
    let (tag, modified) = (tag(identity), modified(identity));
    if let Some(part) = conditions(request, Some(&tag), modified) {
        return part;
    }
    // Only GET has ranges; to a HEAD the answer is that of the whole.
    if *request.method() != actix_web::http::Method::GET || !request.headers().contains_key("range") {
        return Part::Whole;
    }
    // Within the second in which it was written, a file may be another one under the same date.
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
            [range] => part(range, identity.length),
            _ => Part::Whole,
        },
        _ => Part::Whole,
    }
}

fn part(range: &ByteRangeSpec, length: u64) -> Part {
    match range.to_satisfiable_range(length) {
        Some((first, last)) => Part::Bytes(first..last.saturating_add(1)),
        None => Part::Nowhere,
    }
}

/// The header of a file's state.
#[must_use]
pub fn etag(identity: &Identity) -> ETag {
    ETag(tag(identity))
}

/// The contents of a packed file, unpacked while they are sent.
///
/// # Errors
/// When the system gives no thread.
pub fn unpacked(file: DiskFile, place: Place) -> io::Result<Pumped> {
    let disk = file.disk().clone();
    pump::start(&disk, place, move |outlet| {
        let mut contents = MultiGzDecoder::new(io::BufReader::with_capacity(pump::PIECE, &*file));
        loop {
            let mut piece = BytesMut::zeroed(pump::PIECE);
            let length = fill(&mut contents, &mut piece)?;
            if length == 0 {
                return Ok(());
            }
            piece.truncate(length);
            outlet.send(Piece::Ready(Bytes::from(piece)))?;
        }
    })
}

/// Reads until `buffer` is full or there is no more.
///
/// # Errors
/// As reading.
pub(super) fn fill(from: &mut impl Read, mut buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while !buffer.is_empty() {
        beat();
        match from.read(buffer) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                buffer = buffer.get_mut(read..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates_that_http_can_not_say_are_none() {
        let at = |seconds: i128| {
            modified(&Identity {
                device: 1,
                inode: 2,
                length: 3,
                modified: seconds * 1_000_000_000 + 999_999_999,
            })
        };
        for seconds in [-1, -100_000_000_000, 253_402_300_800, i128::from(i64::MAX)] {
            assert!(at(seconds).is_none(), "{seconds}");
        }
        assert_eq!(at(0).unwrap().to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(
            at(253_402_300_799).unwrap().to_string(),
            "Fri, 31 Dec 9999 23:59:59 GMT"
        );
    }
}
