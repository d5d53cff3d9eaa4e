//! The report of a rehearsal.
//!
//! It names routes by their patterns, and shapes by their keys and types. No name, token, id or
//! other value of a request or an answer is in it.

use super::compare::Difference;
use serde::Serialize;

/// What a rehearsal has found so far.
///
/// `requests = copied + dropped + waiting + not_copied`, and
/// `copied = same + explained + different`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The version of this program.
    pub version: &'static str,
    /// The real server.
    pub upstream: String,
    /// The service that got the copies.
    pub service: String,
    /// When the rehearsal began, UTC.
    pub began: String,
    /// When this report was made, UTC.
    pub until: String,
    /// Requests that passed.
    pub requests: u64,
    /// Requests whose copies were answered.
    pub copied: u64,
    /// Answers that agree.
    pub same: u64,
    /// Answers that differ as intended.
    pub explained: u64,
    /// Answers that differ otherwise.
    pub different: u64,
    /// Requests whose copies were lost.
    pub dropped: u64,
    /// Copies that are not answered yet.
    pub waiting: u64,
    /// Requests of routes that are not copied.
    pub not_copied: u64,
    /// Requests for which the real server was not reached, or gave no answer.
    pub no_upstream: u64,
    /// Connections that were not watched to their end, because of an upgrade or other bytes than
    /// HTTP/1.
    pub unread: u64,
    /// What concerns the rehearsal as a whole.
    pub notes: Vec<String>,
    /// Every route that was asked for.
    pub routes: Vec<Row>,
}

/// A method of a route.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The method.
    pub method: String,
    /// The pattern of the route.
    pub route: String,
    /// Requests that passed.
    pub requests: u64,
    /// Requests whose copies were answered.
    pub copied: u64,
    /// Answers that agree.
    pub same: u64,
    /// Answers that differ as intended, by the reason.
    pub explained: Vec<Counted>,
    /// Answers that differ otherwise.
    pub different: u64,
    /// What differs in up to five of them, with the number of times.
    pub samples: Vec<Sample>,
    /// Copies that were lost, by the reason.
    pub dropped: Vec<Counted>,
    /// How long the real server took, from the end of the request to the end of the answer.
    pub theirs: Option<Latency>,
    /// How long beamlive took.
    pub ours: Option<Latency>,
}

/// A number with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// How many.
    pub count: u64,
    /// Why.
    pub why: String,
}

/// A difference, and how often it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// How often.
    pub count: u64,
    #[serde(flatten)]
    pub(super) difference: Difference,
}

/// Latencies in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Half took at most this.
    pub p50_ms: f64,
    /// 99 of 100 took at most this.
    pub p99_ms: f64,
}
