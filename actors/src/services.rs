//! What every actor is given: the store, the facility, time, randomness, and the way to the Data Proxy.

use crate::clock::{Clock, KeySource};
use crate::facility::catalog::Catalog;
use arc_swap::ArcSwap;
use beamlive_storage::{Receipt, Store};
use std::fmt;
use std::sync::Arc;

/// Injected into the actors; cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The store.
    pub store: Store,
    /// The facility as it is declared now.
    pub catalog: Arc<ArcSwap<Catalog>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Who turns directories into keys.
    pub forwarding: Forwarding,
}

/// Who turns directories into secure keys.
#[derive(Clone)]
pub enum Forwarding {
    /// The built-in Data Proxy: the key is made in the record's own batch.
    BuiltIn,
    /// An external Data Proxy: the directory waits in the outbox; the call wakes the forwarder.
    External(Arc<dyn Fn() + Send + Sync>),
}

impl fmt::Debug for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built-in",
            Self::External(_) => "external",
        })
    }
}

/// A batch that was handed to the store: the answer counts once the receipt says that it is durable.
#[derive(Debug)]
pub struct Handed<T> {
    /// Resolves when the batch, and all before it, is durable.
    pub receipt: Receipt,
    /// What to answer then.
    pub answer: T,
}
