//! What actors need: the store, the facility, time, randomness, and the Data Proxy.

use crate::clock::{Clock, KeySource};
use crate::published::Published;
use beamlive_storage::{Receipt, Store};
use std::fmt;
use std::sync::Arc;

/// Injected into the actors; cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The store.
    pub store: Store,
    /// The facility as it is declared now.
    pub catalog: Arc<Published>,
    /// Whether other processes write to the database, too.
    pub shared: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// The Data Proxy that gives directories their secure keys.
    pub forwarding: Forwarding,
}

/// The Data Proxy that gives directories their secure keys.
#[derive(Clone)]
pub enum Forwarding {
    /// The built-in one: the key is made in the batch of the record.
    BuiltIn,
    /// An external one: the directory is in the outbox until the forwarder has sent it; the call
    /// wakes the forwarder.
    External(Arc<dyn Fn() + Send + Sync>),
}

impl Forwarding {
    /// Wakes the forwarder, if there is one, to send what a batch put into the outbox.
    pub fn wake(&self) {
        if let Self::External(wake) = self {
            wake();
        }
    }
}

impl fmt::Debug for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built-in",
            Self::External(_) => "external",
        })
    }
}

/// An answer that may be given once its batch is durable.
#[derive(Debug)]
pub struct Pending<T> {
    /// Resolves when the batch, and all before it, is durable.
    pub receipt: Receipt,
    /// The answer.
    pub answer: T,
}
