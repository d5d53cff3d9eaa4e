//! Filling an empty database from a backup.
//!
//! The head row says that a restore is going on, until the database is whole. Nodes refuse it until
//! then, so an interrupted restore leaves nothing that could be taken for a store.

use super::background::{unreachable, Background};
use super::failure::Stop;
use super::session::{within, Connector, Messages};
use crate::engine::error::EngineError;
use crate::engine::open_error::OpenError;
use std::time::Duration;
use tokio_postgres::Client;

/// How long one step may take, such as emptying all tables.
const LIMIT: Duration = Duration::from_secs(600);
/// Removes all rows. The schema stays.
const EMPTY: &str = "TRUNCATE beamlive_store.rows, beamlive_store.groups";

/// Whether a restore into the database was interrupted, or is going on.
pub(super) fn is_unfinished(background: &Background, connector: &Connector) -> Result<bool, OpenError> {
    let find = async {
        let (client, _) = connector.client(Messages::default()).await?;
        let row = client
            .query_one("SELECT restoring FROM beamlive_store.head", &[])
            .await?;
        Ok::<_, Stop>(row.get(0))
    };
    background
        .wait(within(LIMIT, "reading the head", find))
        .map_err(|stop| unreachable(connector, &stop))
}

/// Begins a restore. `false` if there are rows that no restore has left.
pub(super) fn begin(background: &Background, connector: &Connector) -> Result<bool, EngineError> {
    step(background, connector, async |client| {
        client.batch_execute("BEGIN").await?;
        let row = client
            .query_one(
                "SELECT restoring OR NOT EXISTS (SELECT FROM beamlive_store.rows) \
                 FROM beamlive_store.head FOR UPDATE",
                &[],
            )
            .await?;
        let possible: bool = row.get(0);
        if possible {
            client.batch_execute(EMPTY).await?;
            let begun = "UPDATE beamlive_store.head SET restoring = true, readable = false, groups = 0";
            client.batch_execute(begun).await?;
        }
        client.batch_execute("COMMIT").await?;
        Ok(possible)
    })
}

/// Ends a restore: nodes may use the database.
pub(super) fn finish(background: &Background, connector: &Connector) -> Result<(), EngineError> {
    step(background, connector, async |client| {
        client
            .batch_execute("UPDATE beamlive_store.head SET restoring = false")
            .await
    })
}

/// Removes what a failed restore has written.
pub(super) fn discard(background: &Background, connector: &Connector) -> Result<(), EngineError> {
    step(background, connector, async |client| {
        client.batch_execute(&format!("BEGIN; {EMPTY}")).await?;
        let done = "UPDATE beamlive_store.head SET restoring = false, groups = 0; COMMIT";
        client.batch_execute(done).await
    })
}

/// Runs one step on a connection of its own.
fn step<T>(
    background: &Background,
    connector: &Connector,
    step: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
) -> Result<T, EngineError> {
    let run = async {
        let (client, _) = connector.client(Messages::default()).await?;
        within(LIMIT, "restoring", step(&client)).await
    };
    background.wait(run).map_err(EngineError::from)
}
