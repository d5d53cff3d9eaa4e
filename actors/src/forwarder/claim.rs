//! Looks at the lease of the outbox in the store, and takes, renews or gives it up.

use super::lease::{Lease, LeaseGuard, Move};
use crate::ask::Unavailable;
use crate::clock::Clock;
use crate::pool;
use beamlive_storage::keys;
use beamlive_storage::records::OutboxLease;
use beamlive_storage::{Batch, Store, Versioned};
use std::sync::Arc;

/// Tries to change the lease while others do.
const TRIES: usize = 8;

/// This process's part in the lease.
pub(super) struct Claim {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) held: LeaseGuard,
    pub(super) lease: Lease,
    /// Whether the last round failed, so that an outage is logged once.
    pub(super) failed: bool,
}

/// What a round has found.
#[derive(Debug)]
pub(super) enum Round {
    /// This process sends the outbox.
    Here {
        /// Since this round, or an operator asked to retry everything now.
        anew: bool,
    },
    /// Another process does.
    Elsewhere(Arc<str>),
    /// Nothing is known.
    Unknown,
}

impl Claim {
    /// Looks at the lease, and takes or renews it if it may.
    pub(super) async fn round(mut self) -> (Self, Round) {
        let round = match self.look().await {
            Ok(round) => round,
            Err(error) => {
                if !self.failed {
                    tracing::warn!(%error, "the lease of the outbox could not be renewed; trying again");
                }
                Round::Unknown
            }
        };
        self.failed = matches!(round, Round::Unknown);
        (self, round)
    }

    async fn look(&mut self) -> Result<Round, Unavailable> {
        let began = self.clock.monotonic();
        let row = read(&self.store).await?;
        match self.lease.look(row, began) {
            Move::Leave(node) => {
                self.held.lost();
                Ok(Round::Elsewhere(node.into()))
            }
            Move::Write(revision, record) => {
                if !write(&self.store, revision, &record).await? {
                    return Ok(Round::Unknown);
                }
                let before = self.held.is_held();
                self.held.renewed(began);
                let asked = self.lease.written(record.retries);
                Ok(Round::Here {
                    anew: asked || !before,
                })
            }
        }
    }

    /// Gives the lease up, so that another process need not wait for its end.
    pub(super) async fn release(self) -> Self {
        self.held.lost();
        let released = async {
            let Some(row) = read(&self.store).await? else {
                return Ok(true);
            };
            match self.lease.released(&row.record) {
                Some(record) => write(&self.store, Some(row.revision), &record).await,
                None => Ok(true),
            }
        };
        match released.await {
            Ok(true) => {}
            Ok(false) => tracing::info!("the lease of the outbox was taken over"),
            Err(error) => {
                let error: Unavailable = error;
                tracing::warn!(%error, "the lease of the outbox could not be given up; it ends by itself");
            }
        }
        self
    }
}

/// Tells the holder that an operator asked to retry everything now.
pub(super) async fn ask_for_retry(store: &Store) -> Result<(), Unavailable> {
    for _ in 0..TRIES {
        // Without a holder there is nothing to tell: the next one begins with everything.
        let Some(Versioned { revision, record }) = read(store).await? else {
            return Ok(());
        };
        let record = OutboxLease {
            retries: record.retries.wrapping_add(1),
            ..record
        };
        if write(store, Some(revision), &record).await? {
            return Ok(());
        }
    }
    Err(Unavailable::Contended)
}

async fn read(store: &Store) -> Result<Option<Versioned<OutboxLease>>, Unavailable> {
    let store = store.clone();
    pool::read(move || store.get(&keys::outbox_lease())).await
}

/// Returns false if another process has written first.
async fn write(store: &Store, revision: Option<u64>, record: &OutboxLease) -> Result<bool, Unavailable> {
    let mut batch = Batch::new();
    match revision {
        Some(revision) => {
            batch.replace(keys::outbox_lease(), revision, record);
        }
        None => batch.insert(keys::outbox_lease(), record),
    }
    pool::commit(store.reserve()?, batch).await
}
