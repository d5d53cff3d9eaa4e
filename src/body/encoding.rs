//! Compressed bodies.

use crate::error::{ApiError, ENCODINGS};
use crate::limits::bodies::Share;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::HttpRequest;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::Read;

/// Bytes that are unpacked at a time.
const STEP: usize = 64 * 1024;
/// Longest encoding in an error message, in characters.
const SHOWN: usize = 40;

/// The compression of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Gzip,
    Deflate,
}

impl Encoding {
    /// The compression of a request's body, if any.
    ///
    /// # Errors
    /// 415 for an unknown encoding, and for several.
    pub(super) fn of(request: &HttpRequest) -> Result<Option<Self>, ApiError> {
        let values = request.headers().get_all(header::CONTENT_ENCODING);
        let texts: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let mut names = texts
            .iter()
            .flat_map(|text| text.split(','))
            .map(str::trim)
            .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
        let Some(name) = names.next() else {
            return Ok(None);
        };
        if names.next().is_some() {
            let why = format!("the body is compressed more than once: use one of {ENCODINGS}");
            return Err(ApiError::UnsupportedEncoding(why));
        }
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "deflate" => Ok(Some(Self::Deflate)),
            _ => {
                let name: String = name.chars().take(SHOWN).collect();
                Err(ApiError::UnsupportedEncoding(format!(
                    "bodies with Content-Encoding {name:?} can't be read: use {ENCODINGS}, or none"
                )))
            }
        }
    }

    /// Unpacks a body to at most `limit` bytes. Blocks the thread for a while.
    ///
    /// # Errors
    /// 413 when it is longer, 400 when it is damaged, 503 when too many bytes are in flight.
    pub(super) fn unpack(self, packed: &Bytes, limit: usize, share: &mut Share) -> Result<Bytes, ApiError> {
        let bytes = packed.as_ref();
        match self {
            Self::Gzip => gather(MultiGzDecoder::new(bytes), packed.len(), limit, share),
            // Some programs leave out the zlib header.
            Self::Deflate if is_zlib(bytes) => gather(ZlibDecoder::new(bytes), packed.len(), limit, share),
            Self::Deflate => gather(DeflateDecoder::new(bytes), packed.len(), limit, share),
        }
    }
}

/// Whether bytes begin with a zlib header: the method and a checksum.
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31),
        _ => false,
    }
}

fn gather(
    mut unpacking: impl Read,
    packed: usize,
    limit: usize,
    share: &mut Share,
) -> Result<Bytes, ApiError> {
    let mut body = Vec::new();
    let mut piece = vec![0; STEP];
    loop {
        let read = unpacking
            .read(&mut piece)
            .map_err(|error| ApiError::field("body", format!("can't be unpacked: {error}")))?;
        let Some(read) = piece.get(..read).filter(|read| !read.is_empty()) else {
            return Ok(body.into());
        };
        let length = body.len().saturating_add(read.len());
        if length > limit {
            return Err(ApiError::TooLarge { limit });
        }
        share.hold(packed.saturating_add(length))?;
        body.extend_from_slice(read);
    }
}
