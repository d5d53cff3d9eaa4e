//! Requests as bytes, with the headers that Python's `requests` sends.

use super::target::Target;
use std::fmt::Arguments;
use std::io::Write;

/// Appends a request to `out`.
pub(crate) fn request(
    out: &mut Vec<u8>,
    target: &Target,
    method: &str,
    path: Arguments<'_>,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) {
    let (prefix, host) = (&target.prefix, &target.host);
    // Writing into a vector does not fail.
    let _ = write!(
        out,
        "{method} {prefix}{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: beamlive-load\r\n\
         Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n"
    );
    for (name, value) in headers {
        let _ = write!(out, "{name}: {value}\r\n");
    }
    if let Some(body) = body {
        let _ = write!(out, "Content-Length: {}\r\n", body.len());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body.unwrap_or_default());
}
