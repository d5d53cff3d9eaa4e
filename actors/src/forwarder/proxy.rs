//! The interface of a Data Proxy, which makes a secure key for a directory, and how it fails.

use crate::clock::{Clock, KeySource};
use crate::secure_path;
use beamlive_storage::records::{PendingForward, SecureKey};
use beamlive_storage::{Batch, Store};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use thiserror::Error;

/// Turns directories into secure keys.
pub trait DataProxy: Send + Sync + 'static {
    /// Returns a key for the entry's directory, or fails, within a bounded time. An external proxy
    /// makes a new key with every call, so do not call it again for a directory whose key is
    /// recorded.
    fn create(&self, entry: &PendingForward) -> BoxFuture<'_, Result<SecureKey, ProxyError>>;
}

/// Why the proxy gave no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum ProxyError {
    #[error("the Data Proxy did not answer in time")]
    Timeout,
    #[error("the Data Proxy can't be reached: {0}")]
    Connect(String),
    #[error("the exchange with the Data Proxy broke off: {0}")]
    Broken(String),
    #[error("the Data Proxy answered with status {0}")]
    Status(u16),
    #[error("the Data Proxy gave no key for this directory")]
    NoKey,
    #[error("the Data Proxy answered {0} bytes that hold no key")]
    Garbage(usize),
    #[error("the Data Proxy's answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("the Data Proxy's key is not 40 lower-case hex digits")]
    MalformedKey,
    #[error("the built-in Data Proxy failed: {0}")]
    Store(String),
    #[error("the Data Proxy's client panicked; see the log")]
    Panicked,
}

/// What has caused a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The proxy: other directories would fail as well.
    Proxy,
    /// The directory: others may succeed.
    Directory,
}

impl ProxyError {
    /// What has caused this failure.
    #[must_use]
    pub fn caused_by(&self) -> Cause {
        match self {
            Self::Timeout | Self::Connect(_) | Self::Broken(_) | Self::Store(_) => Cause::Proxy,
            // 408 and 429 tell that the proxy is overloaded.
            Self::Status(408 | 429 | 500..) => Cause::Proxy,
            _ => Cause::Directory,
        }
    }
}

/// The built-in Data Proxy. The forwarder uses it for rows that were written while an external one
/// was configured.
#[derive(Clone)]
pub struct LocalProxy {
    store: Store,
    keys: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
}

impl LocalProxy {
    /// Takes keys from `keys` and writes them to `store`.
    #[must_use]
    pub fn new(store: Store, keys: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self { store, keys, clock }
    }

    async fn make(self, entry: PendingForward) -> Result<SecureKey, ProxyError> {
        let key = self.keys.secure_key();
        let (project, now) = (Some(entry.project), self.clock.now());
        let mut batch = Batch::new();
        secure_path::open(&mut batch, project, &entry.directory, key, now);
        let failed = |error: &dyn std::error::Error| ProxyError::Store(error.to_string());
        let permit = self.store.reserve().map_err(|error| failed(&error))?;
        permit.commit(batch).await.map_err(|error| failed(&error))?;
        Ok(key)
    }
}

impl DataProxy for LocalProxy {
    fn create(&self, entry: &PendingForward) -> BoxFuture<'_, Result<SecureKey, ProxyError>> {
        Box::pin(self.clone().make(entry.clone()))
    }
}
