//! The requests of one connection.

use std::fmt::Arguments;
use std::io::Write;

/// Makes the requests of one connection.
pub(crate) trait Requests: Send {
    /// Appends the next request to `out`.
    fn next(&mut self, out: &mut Vec<u8>);
}

/// Appends a POST to `out`.
pub(crate) fn post(out: &mut Vec<u8>, path: Arguments<'_>, body: &[u8]) {
    let length = body.len();
    write!(
        out,
        "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {length}\r\n\r\n"
    )
    .unwrap();
    out.extend_from_slice(body);
}

/// The same request each time.
pub(crate) struct Same(Vec<u8>);

impl Same {
    /// A GET without a signature.
    pub(crate) fn get(path: &str) -> Box<dyn Requests> {
        Box::new(Self(
            format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").into_bytes(),
        ))
    }

    /// A POST without a signature.
    pub(crate) fn post(path: &str, body: &[u8]) -> Box<dyn Requests> {
        let mut request = Vec::new();
        post(&mut request, format_args!("{path}"), body);
        Box::new(Self(request))
    }
}

impl Requests for Same {
    fn next(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}
