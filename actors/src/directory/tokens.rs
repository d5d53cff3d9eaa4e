//! Refresh tokens that were used.

use super::requests::Directory;
use crate::ask::Unavailable;
use crate::pool;
use beamlive_storage::records::SpentToken;
use beamlive_storage::{keys, Batch};

impl Directory {
    /// What a refresh token was exchanged for. `end` is the time of its claim `exp`, in seconds.
    ///
    /// # Errors
    /// [`Unavailable`] when the store can't be read.
    pub async fn spent_token(&self, end: u64, token: [u8; 16]) -> Result<Option<SpentToken>, Unavailable> {
        self.held(async || {
            let store = self.services.store.clone();
            let read = move || store.get::<SpentToken>(&keys::spent_token(end, &token));
            Ok(pool::read(read).await?.map(|read| read.record))
        })
        .await
    }

    /// Records what a refresh token is exchanged for. `false` when something is recorded already.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or its outcome is not known.
    pub async fn spend_token(
        &self,
        end: u64,
        token: [u8; 16],
        spent: SpentToken,
    ) -> Result<bool, Unavailable> {
        self.held(async || {
            let mut batch = Batch::new();
            batch.insert(keys::spent_token(end, &token), &spent);
            pool::commit(self.services.store.reserve()?, batch).await
        })
        .await
    }
}
