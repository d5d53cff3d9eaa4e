//! The log of groups, and the heartbeat of a node.

use super::background::Background;
use super::failure::Stop;
use super::session::{within, Connector, Messages, Session};
use super::statements::CHANNEL;
use crate::engine::error::EngineError;
use crate::shared::{Changes, GroupLog, News};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

/// How long one look at the log may take.
const LIMIT: Duration = Duration::from_secs(4);
/// Entries of the log that are read at once. A node that is further behind reads everything again.
const ENTRIES: i64 = 10_000;
/// Groups that the log keeps.
const KEPT: i64 = 100_000;
/// Groups between two removals of older ones.
const PRUNED: i64 = 10_000;

/// The log, as one node sees it.
pub(super) struct Log {
    background: Arc<Background>,
    connector: Arc<Connector>,
    node: Uuid,
    /// `node` as a text.
    id: String,
    /// The node's name, for people.
    name: String,
    woken: Arc<Notify>,
    /// The number of groups when old entries were last removed.
    pruned: AtomicI64,
    session: Mutex<Option<Session>>,
}

impl GroupLog for Log {
    fn news(&self, after: u64) -> Result<News, EngineError> {
        self.background.wait(async {
            let mut session = self.session.lock().await;
            match within(LIMIT, "reading the log", self.read(&mut session, after)).await {
                Ok(news) => Ok(news),
                Err(stop) => {
                    *session = None;
                    Err(stop.into())
                }
            }
        })
    }

    fn woken(&self) -> Arc<Notify> {
        Arc::clone(&self.woken)
    }

    fn node(&self) -> &str {
        &self.id
    }
}

impl Log {
    pub(super) fn new(
        background: Arc<Background>,
        connector: Arc<Connector>,
        node: Uuid,
        name: String,
    ) -> Self {
        Self {
            background,
            connector,
            node,
            id: node.to_string(),
            name,
            woken: Arc::default(),
            pruned: AtomicI64::new(-PRUNED),
            session: Mutex::default(),
        }
    }

    async fn read(&self, slot: &mut Option<Session>, after: u64) -> Result<News, Stop> {
        if !slot
            .as_ref()
            .is_some_and(|session| self.connector.is_current(session))
        {
            let session = self.connector.session(Messages::notifying(self.woken())).await?;
            session.client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
            *slot = Some(session);
        }
        let Some(session) = slot else {
            return Err(Stop::Away("there is no connection".to_owned()));
        };
        let (client, warnings) = (&session.client, session.warnings());
        client
            .execute(
                "INSERT INTO beamlive_store.nodes (node, name, version) VALUES ($1, $2, $3) \
                 ON CONFLICT (node) DO UPDATE SET seen = clock_timestamp()",
                &[&self.node, &self.name, &env!("CARGO_PKG_VERSION")],
            )
            .await?;
        // A replaced server never gets its standby's confirmation.
        session.confirmed_since(warnings)?;
        let groups: i64 = client
            .query_one("SELECT groups FROM beamlive_store.head", &[])
            .await?
            .get(0);
        let position = i64::try_from(after).unwrap_or(i64::MAX);
        let changes = match position > groups {
            // The database has lost groups.
            true => Changes::Unknown,
            false => self.changes(session, position, groups).await?,
        };
        if groups - self.pruned.load(Ordering::Relaxed) >= PRUNED {
            self.prune(session, groups).await?;
            self.pruned.store(groups, Ordering::Relaxed);
        }
        let groups = u64::try_from(groups).unwrap_or_default();
        Ok(News { groups, changes })
    }

    /// What other nodes changed in the groups after `after`, up to `groups`.
    async fn changes(&self, session: &Session, after: i64, groups: i64) -> Result<Changes, Stop> {
        if after == groups {
            return Ok(Changes::Keys(Vec::new()));
        }
        let entries = session
            .client
            .query(
                "SELECT node, keys FROM beamlive_store.groups \
                 WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3",
                &[&after, &groups, &ENTRIES],
            )
            .await?;
        if i64::try_from(entries.len()).ok() != Some(groups - after) {
            return Ok(Changes::Unknown);
        }
        let mut changed = Vec::new();
        for entry in entries {
            if entry.get::<_, Uuid>(0) == self.node {
                continue;
            }
            match entry.get::<_, Option<Vec<Vec<u8>>>>(1) {
                Some(keys) => changed.extend(keys),
                None => return Ok(Changes::Unknown),
            }
        }
        Ok(Changes::Keys(changed))
    }

    /// Removes old entries of the log, and nodes that have not been seen for a day.
    async fn prune(&self, session: &Session, groups: i64) -> Result<(), Stop> {
        let oldest = groups - KEPT;
        let client = &session.client;
        client
            .execute("DELETE FROM beamlive_store.groups WHERE number < $1", &[&oldest])
            .await?;
        client
            .execute(
                "DELETE FROM beamlive_store.nodes WHERE seen < clock_timestamp() - interval '1 day'",
                &[],
            )
            .await?;
        Ok(())
    }
}
