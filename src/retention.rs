//! Removes entries of the activity log and remote connections that are older than the settings
//! say. Sessions, datasets and reports are never removed.
//!
//! Of several processes that share a database, the one that sends the outbox does it.

use crate::app::App;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::pool;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{Activity, Connection};
use beamlive_storage::{Batch, CommitError, Order, ReadError, Store, Timestamp};
use chrono::TimeDelta;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(3600);
/// Rows that are read, or removed, at a time.
const ROWS: usize = 500;

/// Removes what is old now, and every hour, while the returned task runs. The service does not wait
/// for it: the first time there may be much. `None` if all is kept.
pub fn begin(app: Arc<App>) -> Option<JoinHandle<()>> {
    let settings = &app.settings.retention;
    if settings.activity_days.is_none() && settings.connection_days.is_none() {
        return None;
    }
    Some(tokio::spawn(async move {
        loop {
            remove(&app).await;
            tokio::time::sleep(INTERVAL).await;
        }
    }))
}

async fn remove(app: &App) {
    if app.directory.forwarder_health().status().elsewhere.is_some() {
        return;
    }
    let services = app.directory.services();
    let before = |days: u32| services.clock.now().plus(-TimeDelta::days(days.into()));
    let settings = &app.settings.retention;
    let removed = async {
        let mut removed = (0, 0);
        if let Some(days) = settings.activity_days {
            removed.0 = activity(&services.store, before(days)).await?;
        }
        if let Some(days) = settings.connection_days {
            removed.1 = connections(&services.store, before(days)).await?;
        }
        Ok::<_, Unavailable>(removed)
    };
    match removed.await {
        Ok((0, 0)) => {}
        Ok((entries, connections)) => {
            tracing::info!(entries, connections, "old entries and connections were removed");
        }
        Err(error) => tracing::error!(%error, "old entries can't be removed; tried again in an hour"),
    }
}

/// Removes the oldest entries of the activity log, up to the first that is younger.
async fn activity(store: &Store, before: Timestamp) -> Result<usize, Unavailable> {
    let mut removed = 0;
    loop {
        let reader = store.clone();
        let old = pool::read(move || oldest(&reader, before)).await?;
        let Some((last, _)) = old.last() else {
            return Ok(removed);
        };
        let mut batch = Batch::new();
        batch.set(keys::removed_ids(Table::Activity), &last.to_be_bytes());
        for (id, entry) in &old {
            clear(&mut batch, *id, entry);
        }
        removed += old.len();
        store.reserve()?.commit(batch).await?;
    }
}

fn oldest(store: &Store, before: Timestamp) -> Result<Vec<(u64, Activity)>, ReadError> {
    let (start, end) = keys::below(&Key::of(Table::Activity), None);
    let mut old = Vec::new();
    for row in store.scan::<Activity>(&start, &end, Order::Ascending).take(ROWS) {
        let (key, row) = row?;
        if row.record.time >= before {
            break;
        }
        if let Some(id) = keys::last_id(&key) {
            old.push((id, row.record));
        }
    }
    Ok(old)
}

/// Removes an entry, and where it is found.
fn clear(batch: &mut Batch, id: u64, entry: &Activity) {
    let id = IdRef::Known(id);
    batch.clear(keys::activity(id));
    let record = entry.record.get().map(IdRef::Known);
    for (table, owner) in keys::activity_indexes(entry.subject, record, entry.project) {
        batch.clear(keys::index(table, owner, id));
    }
}

/// Removes the connections that ended before.
async fn connections(store: &Store, before: Timestamp) -> Result<usize, Unavailable> {
    let mut removed = 0;
    let mut from = keys::below(&Key::of(Table::Connection), None).0;
    loop {
        let (reader, start) = (store.clone(), from.clone());
        let read = pool::read(move || ended(&reader, &start, before)).await?;
        let Some(last) = read.last else {
            return Ok(removed);
        };
        from = keys::successor(&last);
        for (key, revision) in read.ended {
            let mut batch = Batch::new();
            batch.remove(Key::raw(&key), revision);
            match store.reserve()?.commit(batch).await {
                Ok(_) => removed += 1,
                // A host has reported it again meanwhile.
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Rows that were read.
struct Read {
    /// The keys and revisions of those that ended before.
    ended: Vec<(Vec<u8>, u64)>,
    /// The last key; none when there are no more rows.
    last: Option<Vec<u8>>,
}

fn ended(store: &Store, start: &[u8], before: Timestamp) -> Result<Read, ReadError> {
    let end = keys::below(&Key::of(Table::Connection), None).1;
    let mut read = Read {
        ended: Vec::new(),
        last: None,
    };
    for row in store.scan::<Connection>(start, &end, Order::Ascending).take(ROWS) {
        let (key, row) = row?;
        if row.record.end.is_some_and(|end| end < before) {
            read.ended.push((key.to_vec(), row.revision));
        }
        read.last = Some(key.to_vec());
    }
    Ok(read)
}
