//! One attempt: read the row, ask the proxy, record the key. It never asks twice for what it holds the key of.

use super::proxy::{DataProxy, ProxyError};
use super::state::{Outcome, Place};
use crate::secure_path;
use beamlive_storage::ids::IdRef;
use beamlive_storage::records::{PendingForward, SecureKey};
use beamlive_storage::{keys, Batch, CommitError, Permit, ReadError, Store, Unavailable, Versioned};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// How often a row may change under its eyes before others get their turn.
const CHANGES: usize = 8;
/// Characters of an error that a row keeps.
const ERROR_LENGTH: usize = 300;
/// First and longest wait for a place in the writer's queue, with a key in hand.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// How an attempt ended: what the state learns, and what people are told.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) error: Option<String>,
    /// The store does not write any more: nothing that the proxy answers could be kept.
    pub(crate) writes_off: bool,
}

impl Ending {
    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            error: None,
            writes_off: false,
        }
    }

    fn writes_off(reason: &str) -> Self {
        Self {
            outcome: Outcome::Void,
            error: Some(format!("writes are off: {reason}")),
            writes_off: true,
        }
    }

    fn unreadable(error: &ReadError) -> Self {
        Self {
            outcome: Outcome::Void,
            error: Some(error.to_string()),
            writes_off: false,
        }
    }
}

/// Brings the row of `place` one step on.
pub(crate) async fn attempt(store: Store, proxy: Arc<dyn DataProxy>, place: Place) -> Ending {
    let mut held: Option<(String, SecureKey)> = None;
    for _ in 0..CHANGES {
        let row = match read(&store, place).await {
            Ok(Some(row)) => row,
            // Somebody else has recorded a key.
            Ok(None) => return Ending::of(Outcome::Gone),
            Err(error) => return Ending::unreadable(&error),
        };
        let key = match held.take() {
            Some((directory, key)) if directory == row.record.directory => key,
            _ => {
                if let Err(Unavailable::WritesOff(reason)) = store.reserve() {
                    return Ending::writes_off(&reason);
                }
                let call = async { proxy.create(&row.record).await };
                match AssertUnwindSafe(call).catch_unwind().await {
                    Ok(Ok(key)) => key,
                    Ok(Err(error)) => return failed(&store, place, row, &error).await,
                    Err(_) => return failed(&store, place, row, &ProxyError::Panicked).await,
                }
            }
        };
        match record(&store, place, row.revision, key).await {
            Ok(()) => return Ending::of(Outcome::Delivered),
            // Uploaded again meanwhile, perhaps with another directory.
            Err(CommitError::Conflict(_)) => held = Some((row.record.directory, key)),
            Err(CommitError::WritesOff(reason)) => return Ending::writes_off(&reason),
        }
    }
    Ending::of(Outcome::Contended)
}

async fn read(store: &Store, (subject, id): Place) -> Result<Option<Versioned<PendingForward>>, ReadError> {
    let store = store.clone();
    let read = move || store.get::<PendingForward>(&keys::outbox(subject, IdRef::Known(id)));
    match tokio::task::spawn_blocking(read).await {
        Ok(row) => row,
        // Only at the runtime's end, when nobody reads what this attempt came to.
        Err(_) => Ok(None),
    }
}

/// Ties the key to the record and removes the row, in one batch.
async fn record(
    store: &Store,
    (subject, id): Place,
    revision: u64,
    key: SecureKey,
) -> Result<(), CommitError> {
    let record = IdRef::Known(id);
    let mut batch = Batch::new();
    batch.remove(keys::outbox(subject, record), revision);
    secure_path::attach(&mut batch, subject, record, key);
    let permit = place_in_queue(store).await.map_err(CommitError::WritesOff)?;
    permit.commit(batch).await.map(|_| ())
}

/// Waits as long as it takes: giving up would throw a key away, and the next call would make another one.
async fn place_in_queue(store: &Store) -> Result<Permit, Arc<str>> {
    let (mut pause, longest) = PAUSES;
    loop {
        match store.reserve() {
            Ok(permit) => return Ok(permit),
            Err(Unavailable::WritesOff(reason)) => return Err(reason),
            Err(Unavailable::QueueFull) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(longest);
    }
}

/// Notes the failure in the row, if it is still the one that failed. That it can't be noted changes nothing else.
async fn failed(store: &Store, place: Place, row: Versioned<PendingForward>, error: &ProxyError) -> Ending {
    let (subject, id) = place;
    let message = error.to_string();
    let mut entry = row.record;
    entry.attempts = entry.attempts.saturating_add(1);
    entry.last_error = Some(message.chars().take(ERROR_LENGTH).collect());
    let mut batch = Batch::new();
    let next = batch.replace(keys::outbox(subject, IdRef::Known(id)), row.revision, &entry);
    let revision = match store.reserve() {
        Ok(permit) => permit.commit(batch).await.ok().map(|_| next),
        Err(_) => None,
    };
    tracing::debug!(?subject, id, attempts = entry.attempts, %error, "no key yet");
    Ending {
        outcome: Outcome::Failed {
            blame: error.blame(),
            revision,
        },
        error: Some(message),
        writes_off: false,
    }
}
