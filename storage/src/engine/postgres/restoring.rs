//! Filling an empty database from a backup.
//!
//! The head row says that a restore is going on, until the database is whole. Nodes refuse it until
//! then, so an interrupted restore leaves nothing that could be taken for a store.

use super::failure::Stop;
use super::session::{within, Connector, Messages};
use super::{unreachable, Background, PostgresEngine};
use crate::engine::error::EngineError;
use crate::engine::open_error::OpenError;
use std::time::Duration;

/// How long one step may take, such as emptying all tables.
const LIMIT: Duration = Duration::from_secs(600);
/// Removes all rows. The schema stays.
const EMPTY: &str = "TRUNCATE beamlive.store_row, beamlive.store_group";

/// Whether a restore into the database was interrupted, or is going on.
pub(super) fn is_unfinished(background: &Background, connector: &Connector) -> Result<bool, OpenError> {
    let find = async {
        let (client, _) = connector.client(Messages::default()).await?;
        let row = client
            .query_one("SELECT restoring FROM beamlive.store_head", &[])
            .await?;
        Ok::<_, Stop>(row.get(0))
    };
    background
        .wait(within(LIMIT, "reading the head", find))
        .map_err(|stop| unreachable(connector, &stop))
}

impl PostgresEngine {
    /// Begins a restore. `false` if there are rows that no restore has left.
    pub(crate) fn begin_restore(&self) -> Result<bool, EngineError> {
        self.step(async |client| {
            client.batch_execute("BEGIN").await?;
            let row = client
                .query_one(
                    "SELECT restoring OR NOT EXISTS (SELECT FROM beamlive.store_row) \
                     FROM beamlive.store_head FOR UPDATE",
                    &[],
                )
                .await?;
            let possible: bool = row.get(0);
            if possible {
                client.batch_execute(EMPTY).await?;
                let begun = "UPDATE beamlive.store_head SET restoring = true, readable = false, groups = 0";
                client.batch_execute(begun).await?;
            }
            client.batch_execute("COMMIT").await?;
            Ok(possible)
        })
    }

    /// Ends a restore: nodes may use the database.
    pub(crate) fn finish_restore(&self) -> Result<(), EngineError> {
        self.step(async |client| {
            client
                .batch_execute("UPDATE beamlive.store_head SET restoring = false")
                .await
        })
    }

    /// Removes what a failed restore has written.
    pub(crate) fn discard_restore(&self) -> Result<(), EngineError> {
        self.step(async |client| {
            client.batch_execute(&format!("BEGIN; {EMPTY}")).await?;
            let done = "UPDATE beamlive.store_head SET restoring = false, groups = 0; COMMIT";
            client.batch_execute(done).await
        })
    }

    /// Runs one step on a connection of its own.
    fn step<T>(
        &self,
        step: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, EngineError> {
        let run = async {
            let (client, _) = self.connector.client(Messages::default()).await?;
            within(LIMIT, "restoring", step(&client)).await
        };
        self.background.wait(run).map_err(EngineError::from)
    }
}
