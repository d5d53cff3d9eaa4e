//! What is asked of the ceiling.

use super::super::cases::{Case, MakeRequests, Requests};
use super::super::site::Caller;
use std::io::Write;

/// Bytes that are appended for a request.
const APPENDED: usize = 500;

/// The names of ready-made bodies.
pub(crate) const NOTHING: &str = "nothing";
pub(crate) const SMALL: &str = "100";
pub(crate) const MIDDLE: &str = "20000";
pub(crate) const LIST: &str = "list";
pub(crate) const USERS: &str = "users";

/// One of the three layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    /// Ready-made bytes.
    Bare(&'static str),
    /// The same, verified.
    Verified(&'static str),
    /// Verified, through an actor, appended and synced.
    Committed,
}

impl Layer {
    /// Requests at `connections`.
    pub(crate) fn case(self, connections: usize) -> Case {
        let (operation, expected, requests): (_, _, MakeRequests) = match self {
            Self::Bare(SMALL) => ("bare, 100 B", 200, |_, _, _| Bare::boxed(SMALL)),
            Self::Bare(MIDDLE) => ("bare, 20 KB", 200, |_, _, _| Bare::boxed(MIDDLE)),
            Self::Bare(LIST) => ("bare, list", 200, |_, _, _| Bare::boxed(LIST)),
            Self::Bare(_) => ("bare, users", 200, |_, _, _| Bare::boxed(USERS)),
            Self::Verified(LIST) => ("verified, list", 200, |site, connection, _| {
                Signed::boxed(site.caller(connection), LIST)
            }),
            Self::Verified(_) => ("verified, 304", 304, |site, connection, _| {
                Signed::boxed(site.caller(connection), NOTHING)
            }),
            Self::Committed => ("committed, 500 B", 200, |site, connection, _| {
                Box::new(Committed(site.caller(connection)))
            }),
        };
        Case {
            operation,
            connections,
            expected,
            requests,
        }
    }
}

/// The same unsigned request, again and again.
struct Bare(Vec<u8>);

impl Bare {
    fn boxed(body: &str) -> Box<dyn Requests> {
        let request = format!("GET /bare/{body} HTTP/1.1\r\nHost: bench\r\n\r\n");
        Box::new(Self(request.into_bytes()))
    }
}

impl Requests for Bare {
    fn next(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// The same signed request, again and again.
struct Signed(Caller, &'static str);

impl Signed {
    fn boxed(caller: Caller, body: &'static str) -> Box<dyn Requests> {
        Box::new(Self(caller, body))
    }
}

impl Requests for Signed {
    fn next(&mut self, out: &mut Vec<u8>) {
        let token = self.0.token();
        let body = self.1;
        let _ = write!(
            out,
            "GET /{token}/verified/{body} HTTP/1.1\r\nHost: bench\r\n\r\n"
        );
    }
}

/// A signed POST.
struct Committed(Caller);

impl Requests for Committed {
    fn next(&mut self, out: &mut Vec<u8>) {
        let token = self.0.token();
        let _ = write!(
            out,
            "POST /{token}/committed HTTP/1.1\r\nHost: bench\r\nContent-Length: {APPENDED}\r\n\r\n"
        );
        out.resize(out.len() + APPENDED, b'x');
    }
}
