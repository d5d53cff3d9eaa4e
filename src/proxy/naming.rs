//! Pure: the headers that describe a download: its type and its name.

use actix_web::http::header::{
    HeaderValue, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::HttpResponseBuilder;
use percent_encoding::{percent_encode, AsciiSet, NON_ALPHANUMERIC};
use std::path::Path;

/// Characters that are escaped by RFC 5987.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The content type of a file by its name, such as `image/png`. Text is declared as UTF-8.
#[must_use]
pub fn content_type(name: &Path) -> HeaderValue {
    let ending = name
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    let kind = match ending.to_ascii_lowercase().as_str() {
        // Files of crystallographic programs, which no registry has.
        "cbf" | "img" | "h5" | "mtz" | "sca" | "ahkl" => "application/octet-stream",
        "log" | "lp" | "inp" | "hkl" | "pdb" | "ins" | "res" | "lst" | "meta" => "text/plain",
        _ => mime_guess::from_ext(ending)
            .first_raw()
            .unwrap_or("application/octet-stream"),
    };
    let value = match kind.starts_with("text/") && !kind.contains("charset") {
        true => HeaderValue::try_from(format!("{kind}; charset=utf-8")),
        false => HeaderValue::try_from(kind),
    };
    value.unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// Sets the headers of a download. Pages among the files may not run scripts in the origin of this
/// service.
pub fn describe(response: &mut HttpResponseBuilder, kind: HeaderValue, name: &[u8]) {
    let shown = kind.to_str().is_ok_and(|kind| {
        let image = kind.starts_with("image/") && !kind.starts_with("image/svg");
        image || kind.starts_with("text/plain") || kind == "application/pdf" || kind == "application/json"
    });
    response
        .insert_header((CONTENT_DISPOSITION, disposition(shown, name)))
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ));
}

/// `inline` or `attachment`, with the name in ASCII, and in UTF-8 for clients that support RFC
/// 6266.
fn disposition(shown: bool, name: &[u8]) -> HeaderValue {
    let kind = if shown { "inline" } else { "attachment" };
    let text = String::from_utf8_lossy(name);
    let plain = |character: char| match character {
        ' ' | '!' | '#'..='$' | '&'..='[' | ']'..='~' => character,
        _ => '_',
    };
    let ascii: String = text.chars().map(plain).collect();
    let mut value = format!("{kind}; filename=\"{ascii}\"");
    if ascii != text {
        value += "; filename*=UTF-8''";
        value.extend(percent_encode(text.as_bytes(), ENCODED));
    }
    // All of it is visible ASCII.
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests;
