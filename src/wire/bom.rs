//! The byte order mark that some programs write at the beginning of JSON.

/// `json` without its byte order mark, if it has one.
#[must_use]
pub fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}
