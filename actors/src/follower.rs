//! Follows what other processes change in a database that is shared: one task, which reads the log
//! of groups, has the facility's actor apply the changes, and wakes the forwarder.
//!
//! It reads when it is notified, and once a second, because notifications may be lost. Many
//! notifications make no more than twenty reads a second. There is never more than one read.

use crate::ask::{Supervisor, Unavailable};
use crate::facility::{Facility, Follow};
use crate::presence::Presence;
use beamlive_storage::shared::{Changes, GroupLog};
use beamlive_storage::{EngineError, ReadError, Table};
use std::sync::Arc;
use std::time::Duration;

/// Longest time between two reads.
const INTERVAL: Duration = Duration::from_secs(1);
/// Time after which a read that failed is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// Shortest time between two reads.
const SHORTEST: Duration = Duration::from_millis(50);

/// What the follower needs.
pub(crate) struct Follower {
    pub(crate) log: Arc<dyn GroupLog>,
    pub(crate) presence: Arc<Presence>,
    pub(crate) facility: Arc<Supervisor<Facility>>,
    /// Called when another process has changed the outbox.
    pub(crate) wake_forwarder: Box<dyn Fn() + Send + Sync>,
}

impl Follower {
    /// Runs until it is dropped.
    pub(crate) async fn run(self) {
        let woken = self.log.woken();
        let (mut after, mut failing) = (None, false);
        loop {
            let followed = self.follow(after).await;
            match &followed {
                Ok(groups) => {
                    after = Some(*groups);
                    if std::mem::take(&mut failing) {
                        tracing::info!("the changes of other nodes are read again");
                    }
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "the changes of other nodes can't be read; requests wait");
                }
                Err(_) => {}
            }
            tokio::time::sleep(SHORTEST).await;
            let longest = if failing { RETRY } else { INTERVAL };
            tokio::select! {
                () = woken.notified() => {}
                () = self.presence.asked() => {}
                () = tokio::time::sleep(longest) => {}
            }
        }
    }

    /// Applies what was changed after the group `after`; everything when none was read yet. Returns
    /// the number of the newest group.
    async fn follow(&self, after: Option<u64>) -> Result<u64, Unavailable> {
        let began = self.presence.now();
        let log = Arc::clone(&self.log);
        let reading = tokio::task::spawn_blocking(move || log.news(after.unwrap_or(u64::MAX)));
        let news = match reading.await {
            Ok(news) => news.map_err(ReadError::from)?,
            Err(lost) => {
                let lost = EngineError::Away(lost.to_string());
                return Err(ReadError::from(lost).into());
            }
        };
        // A database with fewer groups than before is not the one that was read.
        let known = after.is_some_and(|after| after <= news.groups);
        let changes = match news.changes {
            Changes::Keys(keys) if known => Changes::Keys(keys),
            _ => Changes::Unknown,
        };
        let of_outbox = |key: &Vec<u8>| Table::of(key) == Some(Table::Outbox);
        let (wakes, nothing) = match &changes {
            Changes::Keys(keys) => (keys.iter().any(of_outbox), keys.iter().all(of_outbox)),
            Changes::Unknown => (true, false),
        };
        if !nothing {
            let changes = Arc::new(changes);
            self.facility.ask(Follow { changes }).await??;
        }
        if wakes {
            (self.wake_forwarder)();
        }
        self.presence.followed(began);
        Ok(news.groups)
    }
}

#[cfg(test)]
mod tests;
