//! The tables for people, written in the transaction of each group.

use super::failure::Stop;
use crate::sql::TableChange;
use futures_util::future::try_join_all;
use serde_json::Value;
use std::collections::HashMap;
use tokio_postgres::{Client, Statement};

/// The statements that were prepared on one connection.
#[derive(Default)]
pub(super) struct Prepared(HashMap<&'static str, Statement>);

/// A statement, and its parameter.
pub(super) type Step<'a> = (&'a Statement, &'a Value);

impl Prepared {
    /// Prepares what `changes` need and was not prepared yet.
    pub(super) async fn prepare(&mut self, client: &Client, changes: &[TableChange]) -> Result<(), Stop> {
        for (sql, _) in changes.iter().flat_map(statements) {
            if !self.0.contains_key(sql) {
                self.0.insert(sql, client.prepare(sql).await?);
            }
        }
        Ok(())
    }

    /// The prepared statements of `changes`, in order.
    pub(super) fn steps<'a>(&'a self, changes: &'a [TableChange]) -> Vec<Step<'a>> {
        let steps = changes.iter().flat_map(statements);
        steps
            .filter_map(|(sql, rows)| Some((self.0.get(sql)?, rows)))
            .collect()
    }
}

/// Sends all steps at once, in order.
pub(super) async fn write(client: &Client, steps: Vec<Step<'_>>) -> Result<u64, tokio_postgres::Error> {
    let steps = steps
        .into_iter()
        .map(|(statement, rows)| async move { client.execute(statement, &[rows]).await });
    Ok(try_join_all(steps).await?.into_iter().sum())
}

fn statements(change: &TableChange) -> impl Iterator<Item = (&'static str, &Value)> {
    let removed = change.removed.as_ref().map(|rows| (change.remove, rows));
    let upserted = change.rows.as_ref().map(|rows| (change.upsert, rows));
    removed.into_iter().chain(upserted)
}
