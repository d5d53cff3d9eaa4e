//! What the clients know: what they were told, and what they asked for without being told.

use crate::support::Client;
use std::collections::{BTreeMap, BTreeSet};

/// Whose session has a beamline: project and name.
pub type Holder = Option<(String, String)>;

/// One dataset or report.
#[derive(Debug)]
pub struct Upload {
    pub user: String,
    /// No other has it.
    pub name: String,
    pub uuid: Option<String>,
    /// No other has it.
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

/// The key that a record had once, and how often its directory had been asked for by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    pub key: String,
    pub calls: usize,
}

/// All of it.
#[derive(Default)]
pub struct Ledger {
    pub datasets: Vec<Upload>,
    pub reports: Vec<Upload>,
    /// Per beamline, who may have it: more than one only while an answer is missing.
    pub holders: BTreeMap<String, BTreeSet<Holder>>,
    /// Sessions whose launch was acknowledged: beamline, project, name.
    pub launched: BTreeSet<(String, String, String)>,
    /// Names of connections, and whether they were acknowledged.
    pub connections: BTreeMap<String, bool>,
    pub accounts: Vec<Account>,
    /// Keys that records were seen with, by list and id.
    pub keyed: BTreeMap<(&'static str, u64), Keyed>,
    /// Requests that were sent, and answers that came.
    pub events: u64,
    /// Answers that came.
    pub acknowledged: u64,
    /// Requests that were answered 503.
    pub refused: u64,
}
