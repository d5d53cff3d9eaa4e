//! The rows of the ceiling.

use super::super::cases::{Case, MakeRequests};
use super::super::requests::{post, Requests, Same};
use super::super::site::Caller;
use std::io::Write;

/// Bytes that a request appends.
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
            Self::Bare(SMALL) => ("bare, 100 B", 200, |_, _, _| bare(SMALL)),
            Self::Bare(MIDDLE) => ("bare, 20 KB", 200, |_, _, _| bare(MIDDLE)),
            Self::Bare(LIST) => ("bare, list", 200, |_, _, _| bare(LIST)),
            Self::Bare(_) => ("bare, users", 200, |_, _, _| bare(USERS)),
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

/// Ready-made bytes, without a signature.
fn bare(body: &str) -> Box<dyn Requests> {
    Same::get(&format!("/bare/{body}"))
}

/// The same GET each time, signed.
struct Signed(Caller, &'static str);

impl Signed {
    fn boxed(caller: Caller, body: &'static str) -> Box<dyn Requests> {
        Box::new(Self(caller, body))
    }
}

impl Requests for Signed {
    fn next(&mut self, out: &mut Vec<u8>) {
        let (token, body) = (self.0.token(), self.1);
        write!(
            out,
            "GET /{token}/verified/{body} HTTP/1.1\r\nHost: bench\r\n\r\n"
        )
        .unwrap();
    }
}

/// A signed POST.
struct Committed(Caller);

impl Requests for Committed {
    fn next(&mut self, out: &mut Vec<u8>) {
        let token = self.0.token();
        post(out, format_args!("/{token}/committed"), &[b'x'; APPENDED]);
    }
}
