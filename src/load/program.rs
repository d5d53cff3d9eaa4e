//! What every simulated program is: something that says what to ask next, and hears what came of it. Pure, but for
//! signing.

use super::client::Target;
use super::ledger::Ledger;
use beamlive_storage::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// A session is launched.
    Launch,
    /// A session is closed.
    Close,
    /// The sample list.
    Samples,
    /// A dataset is uploaded.
    Dataset,
    /// A report is uploaded.
    Report,
    /// The access list.
    AccessList,
    /// A thousand connections are posted.
    Connections,
    /// Login keys of one user.
    Keys,
}

impl Operation {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 8] = [
        Self::Launch,
        Self::Close,
        Self::Samples,
        Self::Dataset,
        Self::Report,
        Self::AccessList,
        Self::Connections,
        Self::Keys,
    ];

    /// Its name in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Close => "close",
            Self::Samples => "samples",
            Self::Dataset => "dataset",
            Self::Report => "report",
            Self::AccessList => "access list",
            Self::Connections => "connections",
            Self::Keys => "keys",
        }
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was answered.
    Status(u16),
    /// Nobody could be connected to: the service has not seen it.
    NoConnection,
    /// The connection broke before the answer was there.
    Broken,
    /// What came was no HTTP, or no answer to this.
    Garbled,
    /// There was no answer in time.
    TimedOut,
}

impl Outcome {
    /// The service did it.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Status(200)
    }

    /// It may have been done all the same.
    #[must_use]
    pub fn is_unknown(self) -> bool {
        matches!(
            self,
            Self::Broken | Self::Garbled | Self::TimedOut | Self::Status(500..=599)
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::NoConnection => f.write_str("no connection"),
            Self::Broken => f.write_str("connection lost"),
            Self::Garbled => f.write_str("not HTTP"),
            Self::TimedOut => f.write_str("timed out"),
        }
    }
}

/// A simulated program.
pub trait Program: Send {
    /// What must be done before the others begin, if anything: as [`Self::next`].
    fn opening(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Option<Operation>;

    /// Writes the next request, whole, into `out`.
    fn next(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Operation;

    /// What came of it. What was not answered has no body.
    fn heard(&mut self, outcome: Outcome, body: &[u8]);

    /// What is to be done at the end, if anything: as [`Self::next`].
    fn ending(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Option<Operation>;

    /// What it has to show, if it leaves records.
    fn into_ledger(self: Box<Self>) -> Option<Ledger>;
}

/// What simulated programs accept, as Python's `requests` does.
pub(super) const COMPRESSED: &str = "Accept-Encoding: gzip, deflate\r\n";

/// Writes a request with a body, or without one, as Python's `requests` does.
pub(super) fn request(
    out: &mut Vec<u8>,
    target: &Target,
    method: &str,
    path: fmt::Arguments<'_>,
    body: Option<&[u8]>,
) {
    request_with(out, target, method, path, COMPRESSED, body);
}

/// Writes a request with some of its headers, each ended by a line's end.
pub(super) fn request_with(
    out: &mut Vec<u8>,
    target: &Target,
    method: &str,
    path: fmt::Arguments<'_>,
    headers: &str,
    body: Option<&[u8]>,
) {
    use std::io::Write;
    let (prefix, host) = (&target.prefix, &target.host);
    // Writing into a vector does not fail.
    let _ = write!(
        out,
        "{method} {prefix}{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: beamlive-load\r\n\
         {headers}Accept: */*\r\nConnection: keep-alive\r\n"
    );
    if let Some(body) = body {
        let _ = write!(out, "Content-Length: {}\r\n", body.len());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body.unwrap_or_default());
}
