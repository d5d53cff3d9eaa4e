//! Removes expired records of requests that were answered under an `Idempotency-Key`, of refresh
//! tokens that were used, and of browsers that were signed in.
//!
//! It removes a few rows at a time, so that the writer serves others in between. Readers check the
//! age of a record themselves; this actor only frees its space.

use crate::ask::Unavailable;
use crate::clock::Clock;
use crate::pool;
use actix::{Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, WrapFuture};
use beamlive_storage::engine::Order;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::AnsweredRequest;
use beamlive_storage::{Batch, CommitError, ReadError, Store, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// How long an answered request is remembered by its `Idempotency-Key`: 24 h, in microseconds.
pub const KEPT_MICROS: i64 = 24 * 3600 * 1_000_000;
/// Time between two sweeps.
const INTERVAL: Duration = Duration::from_secs(600);
/// Rows that are removed in one batch.
const ROWS: usize = 256;

/// The actor.
pub struct Expiry {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Expiry {
    /// Starts it. The first sweep begins at once.
    pub fn start(store: Store, clock: Arc<dyn Clock>, arbiter: &ArbiterHandle) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |_| Self { store, clock })
    }

    fn sweep(&mut self, context: &mut Context<Self>) {
        let swept = sweep(self.store.clone(), self.clock.now()).into_actor(self);
        context.spawn(swept.map(|swept, _, context| {
            match swept {
                Ok(0) => {}
                Ok(rows) => tracing::debug!(rows, "removed answered requests, refresh tokens and browser sessions that are over"),
                // The next sweep finds the same rows.
                Err(error) => {
                    tracing::warn!(%error, "answered requests, refresh tokens and browser sessions that are over could not be removed")
                }
            }
            context.run_later(INTERVAL, Self::sweep);
        }));
    }
}

impl Actor for Expiry {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.sweep(context);
    }
}

/// Removes everything that is expired at `now`. Returns the number of rows.
///
/// # Errors
/// [`Unavailable`] when the store can't be read or written.
pub async fn sweep(store: Store, now: Timestamp) -> Result<usize, Unavailable> {
    let mut swept = 0;
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    let ended = [
        keys::spent_tokens_before(seconds),
        keys::browser_sessions_before(seconds),
    ];
    for (table, end) in [Table::SpentToken, Table::BrowserSession].into_iter().zip(ended) {
        swept += sweep_ended(&store, table, &end).await?;
    }
    loop {
        let reader = store.clone();
        let expired = pool::read(move || expired(&reader, now, ROWS)).await?;
        let rows = expired.len();
        if rows == 0 {
            return Ok(swept);
        }
        let mut batch = Batch::new();
        for row in expired {
            if let Some((answered, revision)) = row.answered {
                batch.remove(answered, revision);
            }
            batch.clear(row.by_time);
        }
        match store.reserve()?.commit(batch).await {
            Ok(_) => swept += rows,
            // One of the keys has just been used again: read again.
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes the rows of a table whose keys begin with the time of their end, up to `end`. A row that
/// is not there any more has been removed by another process.
async fn sweep_ended(store: &Store, table: Table, end: &Key) -> Result<usize, Unavailable> {
    let mut swept = 0;
    loop {
        let (reader, end) = (store.clone(), end.clone());
        let over = move || {
            let start = Key::of(table);
            let rows = reader.scan_keys(start.as_bytes(), end.as_bytes(), Order::Ascending);
            rows.take(ROWS).collect::<Result<Vec<_>, _>>()
        };
        let over = pool::read(over).await?;
        if over.is_empty() {
            return Ok(swept);
        }
        swept += over.len();
        let mut batch = Batch::new();
        over.iter().for_each(|key| batch.clear(Key::raw(key)));
        pool::commit(store.reserve()?, batch).await?;
    }
}

struct Expired {
    by_time: Key,
    /// The answer, if it is still the one of that time, and its revision.
    answered: Option<(Key, u64)>,
}

fn expired(store: &Store, now: Timestamp, limit: usize) -> Result<Vec<Expired>, ReadError> {
    let start = Key::of(Table::AnsweredRequestByTime);
    let end = keys::answered_requests_before(now.plus_micros(-KEPT_MICROS + 1));
    let mut rows = Vec::new();
    for key in store
        .scan_keys(start.as_bytes(), end.as_bytes(), Order::Ascending)
        .take(limit)
    {
        let by_time = key?;
        let Some((received, answered)) = keys::parse_answered_request_by_time(&by_time) else {
            tracing::warn!("removing a malformed index entry of answered requests");
            rows.push(Expired {
                by_time: Key::raw(&by_time),
                answered: None,
            });
            continue;
        };
        let read = store.get::<AnsweredRequest>(&answered)?;
        rows.push(Expired {
            by_time: Key::raw(&by_time),
            answered: read
                .filter(|read| read.record.received == received)
                .map(|read| (answered, read.revision)),
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
