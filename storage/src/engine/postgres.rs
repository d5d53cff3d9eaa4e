//! PostgreSQL as the database: several nodes may share it.
//!
//! | file | what it holds |
//! |---|---|
//! | `settings.rs` | which database, and how it is reached |
//! | `session.rs` | connections to the server that takes writes |
//! | `schema.rs`, `schema.sql` | the schema: created and upgraded under a lock |
//! | `transaction.rs` | one group as one transaction, exactly once |
//! | `statements.rs` | the statements of such a transaction |
//! | `acknowledged.rs` | the groups that are known to be acknowledged |
//! | `background.rs` | the threads that serve the connections |
//! | `restoring.rs` | filling the database from a backup |
//! | `readable.rs` | the tables for people, in the same transaction |
//! | `rebuilding.rs` | the tables for people, filled again |
//! | `log.rs` | the log of groups, which other nodes follow |
//! | `frozen.rs` | the rows at one moment; reading by pages |
//! | `failure.rs` | what an error of the database means |
//!
//! Nothing is decided on what a standby says: every connection is to a server that takes writes,
//! and one of an earlier timeline is not used any more.

mod acknowledged;
mod background;
mod failure;
mod frozen;
mod log;
mod readable;
mod rebuilding;
mod restoring;
mod schema;
mod session;
mod settings;
mod statements;
mod transaction;

pub use rebuilding::rebuild_tables;
pub use settings::{PostgresSettings, PostgresSettingsError};

use super::error::EngineError;
use super::files::pause;
use super::interface::{DiskUse, Engine, Entries, Frozen, Order};
use super::open_error::OpenError;
use crate::batch::Batch;
use crate::group::{Applied, Note};
use crate::shared::GroupLog;
use acknowledged::Acknowledged;
use background::{prepare, unreachable, Background};
use failure::Stop;
use frozen::Snapshot;
use log::Log;
use parking_lot::Mutex;
use schema::SchemaError;
use session::{within, Connector, Messages, Session};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex as AsyncMutex;
use transaction::Writer;
use uuid::Uuid;

/// How long one read may take before the connection counts as lost.
const READ: Duration = Duration::from_secs(5);
/// Pause before connecting is tried again.
const PAUSE: Duration = Duration::from_millis(100);
/// Connections for reading.
const READERS: usize = 4;
/// How long lost connections are replaced before a read fails.
const LOST: Duration = Duration::from_secs(2);
/// How long the size of the database is remembered.
const SIZE_AGE: Duration = Duration::from_secs(30);

/// A PostgreSQL database, as one node uses it.
pub(crate) struct PostgresEngine {
    background: Arc<Background>,
    connector: Arc<Connector>,
    hold: Duration,
    readers: Vec<AsyncMutex<Option<Arc<Session>>>>,
    /// The reader that comes next.
    turn: AtomicUsize,
    writer: Mutex<Writer>,
    acknowledged: Arc<Acknowledged>,
    log: Arc<Log>,
    size: Mutex<Option<(Instant, u64)>>,
}

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To serve.
    Serve,
    /// To fill it from a backup.
    Restore,
}

impl PostgresEngine {
    /// Connects, and creates or upgrades the schema. Waits for a database that is away.
    pub(crate) fn open(settings: &PostgresSettings, purpose: Purpose) -> Result<Self, OpenError> {
        let (background, connector) = prepare(settings)?;
        let node = Uuid::new_v4();
        let acknowledged = Arc::<Acknowledged>::default();
        let log = Arc::new(Log::new(
            Arc::clone(&background),
            Arc::clone(&connector),
            node,
            settings.node.clone(),
        ));
        let began = Instant::now();
        while let Err(error) = background.wait(schema::upgrade(&connector, schema::MIGRATIONS)) {
            match error {
                SchemaError::Stop(stop) if began.elapsed() < settings.hold => {
                    tracing::warn!(database = connector.name(), %stop, "the database is away; trying again");
                    pause(PAUSE);
                }
                error => return Err(error.into_open_error(&connector)),
            }
        }
        if purpose == Purpose::Serve && restoring::is_unfinished(&background, &connector)? {
            return Err(OpenError::Restoring(connector.name().to_owned()));
        }
        Ok(Self {
            hold: settings.hold,
            readers: (0..READERS).map(|_| AsyncMutex::default()).collect(),
            turn: AtomicUsize::new(0),
            writer: Mutex::new(Writer::new(
                Arc::clone(&connector),
                node,
                purpose == Purpose::Serve,
                Arc::clone(&acknowledged),
            )),
            acknowledged,
            log,
            size: Mutex::default(),
            background,
            connector,
        })
    }

    /// Opens one snapshot of the store, for reading only.
    pub(crate) fn open_snapshot(settings: &PostgresSettings) -> Result<Arc<dyn Engine>, OpenError> {
        let (background, connector) = prepare(settings)?;
        match background.wait(schema::exists(&connector)) {
            Ok(true) => Ok(Arc::new(Snapshot::new(&background, &connector))),
            Ok(false) => Err(OpenError::NoSchema(connector.name().to_owned())),
            Err(stop) => Err(unreachable(&connector, &stop)),
        }
    }

    /// Runs `read` with a connection, and again with others while lost ones are found. Who reads
    /// for a request waits for a database that is away; actors do not.
    fn read<T>(
        &self,
        read: impl AsyncFn(&Session) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, EngineError> {
        let attempt = || {
            self.background.wait(async {
                let session = self.reader().await?;
                let found = within(READ, "reading", read(&session)).await;
                if found.is_err() {
                    session.retire();
                }
                found
            })
        };
        let began = Instant::now();
        for _ in 0..READERS {
            match attempt() {
                Err(Stop::Away(_)) if began.elapsed() < LOST => {}
                outcome => return Ok(outcome?),
            }
        }
        Ok(attempt()?)
    }

    /// A connection for reading, made again if it was lost.
    async fn reader(&self) -> Result<Arc<Session>, Stop> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % READERS;
        let Some(slot) = self.readers.get(turn) else {
            return Err(Stop::Away("there is no reader".to_owned()));
        };
        let mut slot = slot.lock().await;
        if let Some(session) = slot.as_ref().filter(|session| self.connector.is_current(session)) {
            return Ok(Arc::clone(session));
        }
        let session = Arc::new(self.connector.session(Messages::default()).await?);
        *slot = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Begins to fill the database from a backup. `false` if there are rows that no restore has
    /// left.
    pub(crate) fn begin_restore(&self) -> Result<bool, EngineError> {
        restoring::begin(&self.background, &self.connector)
    }

    /// Ends a restore: nodes may use the database.
    pub(crate) fn finish_restore(&self) -> Result<(), EngineError> {
        restoring::finish(&self.background, &self.connector)
    }

    /// Removes what a failed restore has written.
    pub(crate) fn discard_restore(&self) -> Result<(), EngineError> {
        restoring::discard(&self.background, &self.connector)
    }

    fn database_bytes(&self) -> u64 {
        let mut size = self.size.lock();
        if let Some((_, bytes)) = size.filter(|(read, _)| read.elapsed() < SIZE_AGE) {
            return bytes;
        }
        let sql = "SELECT pg_database_size(current_database())";
        let read = async {
            let session = self.reader().await?;
            within(READ, "reading", session.client.query_one(sql, &[])).await
        };
        let row = self.background.wait(read);
        let bytes = row.map(|row| u64::try_from(row.get::<_, i64>(0)).unwrap_or_default());
        let known = size.map_or(0, |(_, bytes)| bytes);
        let bytes = bytes.unwrap_or(known);
        *size = Some((Instant::now(), bytes));
        bytes
    }
}

impl Engine for PostgresEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.read(async |session| frozen::get(session, key).await)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        frozen::pages(start, end, order, move |start, end, rows| {
            self.read(async |session| frozen::page(session, start, end, order, rows).await)
        })
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        let mut writer = self.writer.lock();
        self.background.wait(writer.apply(group, None))
    }

    fn apply_noting(&self, group: &[Batch], note: Note<'_>) -> Result<Applied, EngineError> {
        let mut writer = self.writer.lock();
        self.background.wait(writer.apply(group, Some(note)))
    }

    fn freeze(&self) -> Option<Arc<dyn Frozen>> {
        Some(Arc::new(Snapshot::new(&self.background, &self.connector)))
    }

    fn hold(&self) -> Option<Duration> {
        Some(self.hold)
    }

    fn abandon(&self) {
        self.writer.lock().abandon();
    }

    fn shared(&self) -> Option<Arc<dyn GroupLog>> {
        let log = Arc::clone(&self.log);
        Some(log)
    }

    fn disk(&self) -> DiskUse {
        DiskUse {
            bytes: self.database_bytes(),
            trouble: self.acknowledged.trouble(),
            filesystem: None,
        }
    }
}
