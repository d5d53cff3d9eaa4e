//! The delivery of one row: read it, ask the proxy for a key, record the key.

use super::due_queue::{Outcome, Success};
use super::lease::LeaseGuard;
use super::outbox::{self, RowId};
use super::proxy::{DataProxy, ProxyError};
use crate::ask::Unavailable;
use crate::{pool, secure_path};
use beamlive_storage::ids::IdRef;
use beamlive_storage::records::{PendingForward, SecureKey};
use beamlive_storage::{Batch, Store, Versioned};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// How often a row may change while its key is recorded, before other rows get their turn.
const CHANGES: usize = 8;
/// Characters of an error message that a row keeps.
const ERROR_LENGTH: usize = 300;
/// Pause before the writer's queue is tried again, with a key to record.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends the row `id` to the proxy and records its key. The proxy is not asked again for a
/// directory whose key was received but could not be recorded.
pub(crate) async fn deliver(store: Store, proxy: Arc<dyn DataProxy>, held: LeaseGuard, id: RowId) -> Outcome {
    let mut received: Option<(String, SecureKey)> = None;
    for _ in 0..CHANGES {
        // While writes are off, no key could be recorded.
        if let Err(error @ beamlive_storage::Unavailable::WritesOff(_)) = store.reserve() {
            return Err(Unavailable::from(error).into());
        }
        let reader = store.clone();
        let read = pool::read(move || reader.get::<PendingForward>(&outbox::key(id)));
        let Some(row) = read.await? else {
            return Ok(Success::Gone);
        };
        let key = match received {
            Some((directory, key)) if directory == row.record.directory => key,
            _ if !held.is_held() => return Ok(Success::Elsewhere),
            _ => {
                let call = AssertUnwindSafe(async { proxy.create(&row.record).await });
                let answer = call.catch_unwind().await;
                match answer.unwrap_or(Err(ProxyError::Panicked)) {
                    Ok(key) => key,
                    Err(error) => {
                        note_failure(&store, id, row, &error).await;
                        return Err(error.into());
                    }
                }
            }
        };
        if record(&store, id, row.revision, key).await? {
            return Ok(Success::Delivered);
        }
        // The record was uploaded again, perhaps with another directory.
        received = Some((row.record.directory, key));
    }
    Err(Unavailable::Contended.into())
}

/// Ties the key to the record and removes the row, in one batch. Returns false if the row has
/// changed.
async fn record(store: &Store, id: RowId, revision: u64, key: SecureKey) -> Result<bool, Unavailable> {
    let (subject, record) = id;
    let mut batch = Batch::new();
    batch.remove(outbox::key(id), revision);
    secure_path::attach(&mut batch, subject, IdRef::Known(record), key);
    // It does not give up while the queue is full: the key would be lost, and the next call makes
    // another one.
    let permit = loop {
        match store.reserve() {
            Err(beamlive_storage::Unavailable::QueueFull) => tokio::time::sleep(PAUSE).await,
            reserved => break reserved?,
        }
    };
    pool::commit(permit, batch).await
}

/// Notes the failure in the row, if that has not changed and the writer takes it. The row is sent
/// again in any case.
async fn note_failure(store: &Store, id: RowId, row: Versioned<PendingForward>, error: &ProxyError) {
    let mut entry = row.record;
    entry.attempts = entry.attempts.saturating_add(1);
    entry.last_error = Some(error.to_string().chars().take(ERROR_LENGTH).collect());
    tracing::debug!(row = ?id, attempts = entry.attempts, %error, "the Data Proxy gave no key");
    let mut batch = Batch::new();
    batch.replace(outbox::key(id), row.revision, &entry);
    if let Ok(permit) = store.reserve() {
        let _ = pool::commit(permit, batch).await;
    }
}
