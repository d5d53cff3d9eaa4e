//! Reads of the store that may touch the disk, off the actors' threads.

use crate::ask::Unavailable;
use beamlive_storage::ReadError;
use std::sync::Arc;

/// Runs `read` on the blocking pool. A reader that panicked counts as a store that can't be read.
///
/// # Errors
/// [`Unavailable::Unreadable`].
pub async fn read<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Unavailable> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => Ok(read?),
        Err(lost) => Err(Unavailable::Unreadable(Arc::from(lost.to_string()))),
    }
}
