//! Removes expired keys.

use super::shelf::Shelf;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::pool;
use beamlive_actors::secure_path;
use beamlive_storage::{Batch, CommitError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Expired keys are invalid at once. They are removed at this interval.
const INTERVAL: Duration = Duration::from_secs(600);
/// Keys that are read at once.
const MOST: usize = 1000;

/// Removes all expired keys durably, and returns their number.
///
/// # Errors
/// If the store can't be read or written.
async fn remove_expired(shelf: &Shelf) -> Result<usize, Unavailable> {
    let Some(lifetime) = shelf.lifetime else {
        return Ok(0);
    };
    let limit = shelf.clock.now().plus(-lifetime);
    let mut removed = 0;
    let mut after = None;
    loop {
        let store = shelf.store.clone();
        let expired = pool::read(move || secure_path::created_until(&store, limit, after, MOST)).await?;
        let Some(last) = expired.last() else {
            return Ok(removed);
        };
        after = Some(last.0);
        for (key, revision) in &expired {
            let mut batch = Batch::new();
            secure_path::close(&mut batch, key, *revision);
            match shelf.store.reserve()?.commit(batch).await {
                Ok(_) => removed += 1,
                // It was removed or replaced meanwhile.
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Removes expired keys now, and every ten minutes while the returned task runs.
pub async fn begin(shelf: Shelf) -> JoinHandle<()> {
    remove(&shelf).await;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(INTERVAL).await;
            remove(&shelf).await;
        }
    })
}

async fn remove(shelf: &Shelf) {
    match remove_expired(shelf).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "keys have expired"),
        Err(error) => tracing::error!(%error, "expired keys can't be removed"),
    }
}
