//! Compressed bodies.

use crate::error::{ApiError, ENCODINGS};
use crate::limits::bodies::Share;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::HttpRequest;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::Read;

/// So many bytes are unpacked at a time.
const STEP: usize = 64 * 1024;
/// Longest name that a refusal repeats, in characters.
const SHOWN: usize = 40;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Gzip,
    Deflate,
}

impl Encoding {
    /// How the body of a request is compressed; none when it is not.
    ///
    /// # Errors
    /// 415 for another encoding, or for one upon another.
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

    /// Unpacks a body that may have at most `limit` bytes then. Takes a while, so it is for threads that may block.
    ///
    /// # Errors
    /// 413 as soon as there are more; 400 when it can't be unpacked; 503 when too many bytes are in flight.
    pub(super) fn unpack(self, packed: &Bytes, limit: usize, share: &mut Share) -> Result<Bytes, ApiError> {
        let bytes = packed.as_ref();
        match self {
            Self::Gzip => gather(MultiGzDecoder::new(bytes), packed.len(), limit, share),
            // Some programs leave the header of zlib out.
            Self::Deflate if is_zlib(bytes) => gather(ZlibDecoder::new(bytes), packed.len(), limit, share),
            Self::Deflate => gather(DeflateDecoder::new(bytes), packed.len(), limit, share),
        }
    }
}

/// Whether bytes begin with the header of zlib: deflate, and a checksum that a stream without it has by chance only.
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
