//! Refresh tokens that were used, and browsers that are signed in.

use super::requests::Directory;
use crate::ask::Unavailable;
use crate::pool;
use beamlive_storage::records::{BrowserSession, SpentToken};
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

    /// A browser that is signed in until `end`, in seconds.
    ///
    /// # Errors
    /// [`Unavailable`] when the store can't be read.
    pub async fn browser_session(
        &self,
        end: u64,
        digest: [u8; 16],
    ) -> Result<Option<BrowserSession>, Unavailable> {
        self.held(async || {
            let store = self.services.store.clone();
            let read = move || store.get::<BrowserSession>(&keys::browser_session(end, &digest));
            Ok(pool::read(read).await?.map(|read| read.record))
        })
        .await
    }

    /// Signs a browser in until `end`, in seconds. `false` if its digest is taken.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or its outcome is not known.
    pub async fn sign_browser_in(
        &self,
        end: u64,
        digest: [u8; 16],
        session: BrowserSession,
    ) -> Result<bool, Unavailable> {
        self.held(async || {
            let mut batch = Batch::new();
            batch.insert(keys::browser_session(end, &digest), &session);
            pool::commit(self.services.store.reserve()?, batch).await
        })
        .await
    }

    /// Signs a browser out.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was done, or its outcome is not known.
    pub async fn sign_browser_out(&self, end: u64, digest: [u8; 16]) -> Result<(), Unavailable> {
        self.held(async || {
            let mut batch = Batch::new();
            batch.clear(keys::browser_session(end, &digest));
            pool::commit(self.services.store.reserve()?, batch)
                .await
                .map(drop)
        })
        .await
    }
}
