//! What the clients know: acknowledged requests, and requests without an answer.

use crate::support::Client;
use std::collections::{BTreeMap, BTreeSet};

/// The session that has a beamline: project and name.
pub type Holder = Option<(String, String)>;

/// One dataset or report.
#[derive(Debug)]
pub struct Upload {
    pub user: String,
    /// Unique.
    pub name: String,
    pub uuid: Option<String>,
    /// Unique.
    pub directory: String,
    /// The id that was acknowledged.
    pub id: Option<u64>,
}

/// An account that was declared while the service ran.
pub struct Account {
    pub client: Client,
    pub declared: bool,
    pub registered: bool,
}

/// The key of a record, and how many keys of its directory had been requested by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    pub key: String,
    pub calls: usize,
}

/// All requests and answers of the clients.
#[derive(Default)]
pub struct Ledger {
    pub datasets: Vec<Upload>,
    pub reports: Vec<Upload>,
    /// Per beamline, the possible holders: more than one only while an answer is missing.
    pub holders: BTreeMap<String, BTreeSet<Holder>>,
    /// Sessions whose launch was acknowledged: beamline, project, name.
    pub launched: BTreeSet<(String, String, String)>,
    /// Names of connections, and whether they were acknowledged.
    pub connections: BTreeMap<String, bool>,
    pub accounts: Vec<Account>,
    /// Keys that records were seen with, by list and id.
    pub keyed: BTreeMap<(&'static str, u64), Keyed>,
    /// Number of requests sent and answers received.
    pub events: u64,
    /// Number of requests answered with 200.
    pub acknowledged: u64,
    /// Number of requests answered with 503.
    pub refused: u64,
}
