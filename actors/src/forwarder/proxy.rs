//! What the forwarder asks of a Data Proxy: a secure key for a directory. And the ways in which that fails.

use crate::clock::{Clock, KeySource};
use crate::secure_path;
use beamlive_storage::records::{PendingForward, SecureKey};
use beamlive_storage::{Batch, ReadError, Store, Unavailable};
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Turns directories into secure keys.
pub trait DataProxy: Send + Sync + 'static {
    /// The key of the entry's directory. An external proxy makes a new one with every call, so the caller must not
    /// ask again for a directory whose key it has recorded. The answer must come, or fail, within a bounded time.
    fn create(&self, entry: &PendingForward) -> BoxFuture<'_, Result<SecureKey, ProxyError>>;
}

/// Why a directory got no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProxyError {
    /// No answer in time.
    #[error("the Data Proxy did not answer in time")]
    Timeout,
    /// It could not be reached.
    #[error("the Data Proxy can't be reached: {0}")]
    Connect(String),
    /// The exchange broke off.
    #[error("the exchange with the Data Proxy broke off: {0}")]
    Broken(String),
    /// It answered something else than 200.
    #[error("the Data Proxy answered with status {0}")]
    Status(u16),
    /// 200, but `{"key": null}`: it does not give a key for this directory.
    #[error("the Data Proxy gave no key for this directory")]
    NoKey,
    /// 200, but nothing that holds a key.
    #[error("the Data Proxy answered {0} bytes that hold no key")]
    Garbage(usize),
    /// 200, but longer than any honest answer.
    #[error("the Data Proxy's answer is longer than {0} bytes")]
    TooLong(usize),
    /// 200 and a key that is not 40 lower-case hex digits.
    #[error("the Data Proxy's key is not 40 lower-case hex digits")]
    MalformedKey,
    /// The built-in proxy could not use the store.
    #[error("the built-in Data Proxy failed: {0}")]
    Store(String),
    /// The client itself failed.
    #[error("the Data Proxy's client panicked; see the log")]
    Panicked,
}

/// Whom a failure says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The proxy as a whole: others would fail as well.
    Proxy,
    /// This directory: others may well succeed.
    Directory,
}

impl ProxyError {
    /// Whom this failure says something about.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Timeout | Self::Connect(_) | Self::Broken(_) | Self::Store(_) => Blame::Proxy,
            // Too many requests, and request timeout, are about the proxy's load.
            Self::Status(408 | 429 | 500..) => Blame::Proxy,
            Self::Status(_) | Self::NoKey | Self::Garbage(_) | Self::TooLong(_) => Blame::Directory,
            Self::MalformedKey | Self::Panicked => Blame::Directory,
        }
    }
}

/// The built-in Data Proxy as the forwarder sees it: for rows that were left by an external one.
#[derive(Clone)]
pub struct LocalProxy {
    store: Store,
    keys: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
}

impl LocalProxy {
    /// Makes keys from `keys` in `store`.
    #[must_use]
    pub fn new(store: Store, keys: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self { store, keys, clock }
    }

    async fn make(self, entry: PendingForward) -> Result<SecureKey, ProxyError> {
        let key = self.keys.secure_key();
        let mut batch = Batch::new();
        secure_path::open(
            &mut batch,
            Some(entry.project),
            &entry.directory,
            key,
            self.clock.now(),
        );
        match self.store.reserve()?.commit(batch).await {
            Ok(_) => Ok(key),
            Err(error) => Err(ProxyError::Store(error.to_string())),
        }
    }
}

impl DataProxy for LocalProxy {
    fn create(&self, entry: &PendingForward) -> BoxFuture<'_, Result<SecureKey, ProxyError>> {
        Box::pin(self.clone().make(entry.clone()))
    }
}

impl fmt::Debug for LocalProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalProxy").finish_non_exhaustive()
    }
}

impl From<ReadError> for ProxyError {
    fn from(error: ReadError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<Unavailable> for ProxyError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error.to_string())
    }
}
