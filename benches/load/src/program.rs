//! What every simulated program is: it writes the next request, and is told the outcome. Pure,
//! except for signing.

use crate::ledger::Ledger;
use beamlive_storage::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    SignIn,
    Launch,
    Close,
    Samples,
    Dataset,
    Report,
    AccessList,
    /// A post of a thousand connections.
    Connections,
    /// The login keys of one user.
    Keys,
}

impl Operation {
    /// All of them, in the order of their numbers and of tables.
    pub(crate) const ALL: [Self; 9] = [
        Self::SignIn,
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
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
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

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It was answered.
    Status(u16),
    /// The service could not be connected to, and has not seen the request.
    NoConnection,
    /// The connection broke before the response was complete.
    Broken,
    /// The response was not HTTP.
    Garbled,
    /// There was no response in time.
    TimedOut,
}

impl Outcome {
    pub(crate) fn is_success(self) -> bool {
        self == Self::Status(200)
    }

    /// The service may or may not have executed the request.
    pub(crate) fn is_unknown(self) -> bool {
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

/// A simulated program. Each request is appended to `out`.
pub(crate) trait Program: Send {
    /// The request that signs in, if it has to.
    fn sign_in(&mut self, _out: &mut Vec<u8>) -> Option<Operation> {
        None
    }

    /// The request before the run, if there is one.
    fn first_request(&mut self, _now: Timestamp, _out: &mut Vec<u8>) -> Option<Operation> {
        None
    }

    fn next_request(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Operation;

    /// Takes the outcome of the newest request; the body is empty without a response.
    fn answered(&mut self, _outcome: Outcome, _body: &[u8]) {}

    /// The request after the run, if there is one.
    fn last_request(&mut self, _now: Timestamp, _out: &mut Vec<u8>) -> Option<Operation> {
        None
    }

    /// The records it has uploaded, if it uploads any.
    fn into_ledger(self: Box<Self>) -> Option<Ledger> {
        None
    }
}
