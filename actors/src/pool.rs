//! The store as actors use it: reads on threads that may block, and commits that are awaited.

use crate::ask::Unavailable;
use beamlive_storage::{Batch, CommitError, Permit, ReadError};

/// Runs `read` on the blocking pool. A panic in `read` counts as a store that can't be read.
///
/// # Errors
/// [`Unavailable::Unreadable`].
pub async fn read<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Unavailable> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => Ok(read?),
        Err(lost) => Err(Unavailable::Unreadable(lost.to_string().into())),
    }
}

/// Commits `batch` and waits until it is durable. Returns false if it conflicts with an earlier
/// batch; then nothing was written.
///
/// # Errors
/// [`Unavailable::WritesOff`], [`Unavailable::Away`].
pub(crate) async fn commit(permit: Permit, batch: Batch) -> Result<bool, Unavailable> {
    match permit.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
