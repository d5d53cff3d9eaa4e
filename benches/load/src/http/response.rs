//! Parses a response from the bytes that were read so far. Pure.

use std::io::{Error, ErrorKind, Result};
use std::ops::Range;

#[cfg(test)]
mod tests;

/// Most headers of a response.
const MAX_HEADERS: usize = 64;

/// A response; its bytes are in its connection's buffer until the next request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    pub(super) head: Range<usize>,
    pub(super) body: Range<usize>,
}

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Known(usize),
    Chunked,
    /// Until the connection ends.
    UntilEnd,
}

/// What the head of a response says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Bytes of the head itself.
    pub(super) length: usize,
    pub(super) body: Length,
    /// The connection takes no further request.
    pub(super) closes: bool,
}

fn malformed(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

/// The head; `None` while it is incomplete.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|_| malformed("no HTTP"))?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let status = response.code.ok_or_else(|| malformed("no status"))?;
    let find = |name: &str| {
        let header = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let chunked =
        find("transfer-encoding").is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"));
    let body = match (status, find("content-length")) {
        (204 | 304, _) => Length::Known(0),
        _ if chunked => Length::Chunked,
        (_, Some(length)) => Length::Known(length.trim().parse().map_err(|_| malformed("no length"))?),
        (_, None) => Length::UntilEnd,
    };
    let connection = find("connection").map(str::trim).unwrap_or_default();
    let closes = match response.version {
        Some(0) => !connection.eq_ignore_ascii_case("keep-alive"),
        _ => connection.eq_ignore_ascii_case("close"),
    };
    Ok(Some(Head {
        status,
        length,
        body,
        closes,
    }))
}

/// Where the body is; `None` while it is incomplete. A chunked one is joined in place first.
pub(super) fn body(head: &Head, bytes: &mut [u8], ended: bool) -> Result<Option<Range<usize>>> {
    match head.body {
        Length::Known(length) => {
            let end = head
                .length
                .checked_add(length)
                .ok_or_else(|| malformed("no length"))?;
            Ok((bytes.len() >= end).then_some(head.length..end))
        }
        Length::UntilEnd => Ok(ended.then_some(head.length..bytes.len())),
        Length::Chunked => {
            let chunks = chunks(bytes.get(head.length..).unwrap_or_default())?;
            Ok(chunks.map(|chunks| {
                let mut end = head.length;
                for chunk in chunks {
                    let (from, length) = (head.length + chunk.start, chunk.len());
                    bytes.copy_within(from..from + length, end);
                    end += length;
                }
                head.length..end
            }))
        }
    }
}

/// The chunks of a body; `None` while the last one is incomplete.
fn chunks(bytes: &[u8]) -> Result<Option<Vec<Range<usize>>>> {
    let mut chunks = Vec::new();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let parsed = httparse::parse_chunk_size(rest).map_err(|_| malformed("no chunk"))?;
        let httparse::Status::Complete((start, size)) = parsed else {
            return Ok(None);
        };
        let size = usize::try_from(size).map_err(|_| malformed("no chunk"))?;
        let (from, end) = (at + start, at.saturating_add(start).saturating_add(size));
        // A line end follows each chunk, also the empty last one. Trailers are not expected.
        if bytes.len() < end.saturating_add(2) {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some(chunks));
        }
        chunks.push(from..end);
        at = end + 2;
    }
}
