//! The schema in the database: created and upgraded under a lock, while other nodes run.
//!
//! A migration is additive, so nodes of the version before it keep running on it. `compatible` is
//! the oldest schema version whose nodes can still run.

use super::background::unreachable;
use super::failure::Stop;
use super::session::{within, Connector, Messages};
use crate::engine::open_error::OpenError;
use crate::sql;
use std::time::Duration;
use tokio_postgres::Client;

/// Locks upgrades: "beamlive" in ASCII.
const LOCK: i64 = 0x6265_616d_6c69_7665;
/// How long an upgrade may take. Another node may be upgrading.
const LIMIT: Duration = Duration::from_secs(60);

/// One step of the schema.
pub(super) struct Migration {
    /// The version that it leads to.
    pub(super) version: i32,
    /// The oldest version whose nodes can run afterwards.
    pub(super) compatible: i32,
    pub(super) sql: &'static str,
}

/// All steps, in order.
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    compatible: 1,
    sql: include_str!("schema.sql"),
}];

/// What can be wrong with a schema.
#[derive(Debug)]
pub(super) enum SchemaError {
    /// It was upgraded by a build whose schema this one can't use.
    Newer {
        found: i32,
        compatible: i32,
    },
    /// The database has no Unicode.
    Encoding(String),
    Stop(Stop),
}

impl SchemaError {
    /// The error of opening the database.
    pub(super) fn into_open_error(self, connector: &Connector) -> OpenError {
        match self {
            Self::Newer { found, compatible } => OpenError::NewerSchema { found, compatible },
            Self::Encoding(found) => OpenError::Encoding(found),
            Self::Stop(stop) => unreachable(connector, &stop),
        }
    }
}

impl<E: Into<Stop>> From<E> for SchemaError {
    fn from(error: E) -> Self {
        Self::Stop(error.into())
    }
}

/// Creates or upgrades the schema to the last of `migrations`.
pub(super) async fn upgrade(connector: &Connector, migrations: &[Migration]) -> Result<(), SchemaError> {
    let (client, _) = connector.client(Messages::default()).await?;
    let outcome = tokio::time::timeout(LIMIT, run(&client, migrations)).await;
    outcome.unwrap_or_else(|_| Err(Stop::timeout("upgrading the schema").into()))
}

async fn run(client: &Client, migrations: &[Migration]) -> Result<(), SchemaError> {
    client.batch_execute("SET lock_timeout = 0; BEGIN").await?;
    let encoding: String = client.query_one("SHOW server_encoding", &[]).await?.get(0);
    if encoding != "UTF8" {
        return Err(SchemaError::Encoding(encoding));
    }
    let fsync: String = client.query_one("SHOW fsync", &[]).await?.get(0);
    if fsync != "on" {
        tracing::warn!("PostgreSQL does not wait for its disk (fsync is {fsync}): a power cut loses changes");
    }
    client.query("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    client
        .batch_execute(
            "CREATE SCHEMA IF NOT EXISTS beamlive_store; \
             CREATE TABLE IF NOT EXISTS beamlive_store.version ( \
                 one boolean PRIMARY KEY DEFAULT true CHECK (one), \
                 version integer NOT NULL, compatible integer NOT NULL)",
        )
        .await?;
    let found = version(client).await?;
    let known = migrations.last().map_or(0, |last| last.version);
    if let Some((found, compatible)) = found {
        if compatible > known {
            return Err(SchemaError::Newer { found, compatible });
        }
    }
    let present = found.map_or(0, |(version, _)| version);
    for migration in migrations.iter().filter(|step| step.version > present) {
        tracing::info!(version = migration.version, "upgrading the database's schema");
        client.batch_execute(migration.sql).await?;
        client
            .execute(
                "INSERT INTO beamlive_store.version (version, compatible) VALUES ($1, $2) \
                 ON CONFLICT (one) DO UPDATE \
                 SET version = excluded.version, compatible = excluded.compatible",
                &[&migration.version, &migration.compatible],
            )
            .await?;
    }
    let current: bool = client.query_one(sql::IS_CURRENT, &[]).await?.get(0);
    if !current {
        client.batch_execute(sql::SCHEMA).await?;
        let incomplete =
            "UPDATE beamlive_store.head SET readable = NOT EXISTS (SELECT FROM beamlive_store.rows)";
        client.batch_execute(incomplete).await?;
    }
    client.batch_execute("COMMIT").await?;
    Ok(())
}

/// The schema's version, and the oldest whose nodes can use it.
async fn version(client: &Client) -> Result<Option<(i32, i32)>, SchemaError> {
    let row = client
        .query_opt("SELECT version, compatible FROM beamlive_store.version", &[])
        .await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// Whether the database has a store's table of rows, and not only the schema.
pub(super) async fn exists(connector: &Connector) -> Result<bool, Stop> {
    let (client, _) = connector.client(Messages::default()).await?;
    let found = client.query_one("SELECT to_regclass('beamlive_store.rows') IS NOT NULL", &[]);
    Ok(within(LIMIT, "looking for the store", found).await?.get(0))
}

#[cfg(test)]
mod tests;
