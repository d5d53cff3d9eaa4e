//! How the beamlines are used: datasets, frames, reports and hours, by month, beamline, project and
//! type.
//!
//! Nothing is written for it. Datasets and reports have ids that only grow, so what was counted
//! once is kept in memory, and only new rows are read. A dataset counts in the month in which it
//! ended, as it was when it was counted; a later upload of the same dataset changes nothing here.
//!
//! | file | what it holds |
//! |---|---|
//! | `counts.rs` | pure: the counts, and their sums |
//! | `details.rs` | pure: the counts as the details of a report |

mod counts;
mod details;

pub use counts::{Asked, Counts};
pub use details::details;

use beamlive_actors::ask::Unavailable;
use beamlive_actors::pool;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{Dataset, Record, Report, Session};
use beamlive_storage::{Order, ReadError, Store, Timestamp};
use chrono_tz::Tz;
use counts::Span;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// Rows that are read at a time. Between two of these, other readers have their turn.
const ROWS: usize = 5_000;
/// How long a page waits for new rows to be counted.
const PATIENCE: Duration = Duration::from_millis(60);

/// The counts of this process.
#[derive(Debug)]
pub struct Usage {
    zone: Tz,
    counted: Mutex<Arc<Counts>>,
    /// Held by the task that counts.
    counting: Arc<tokio::sync::Mutex<()>>,
}

impl Usage {
    /// Nothing is counted yet. Months are those of `zone`.
    #[must_use]
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            counted: Mutex::default(),
            counting: Arc::default(),
        }
    }

    /// The counts so far. A task goes on counting what was not counted in time.
    pub async fn now(self: &Arc<Self>, store: &Store) -> Arc<Counts> {
        if let Ok(place) = Arc::clone(&self.counting).try_lock_owned() {
            let (usage, store) = (Arc::clone(self), store.clone());
            let task = tokio::spawn(async move {
                let counted = usage.catch_up(&store).await;
                drop(place);
                if let Err(error) = counted {
                    tracing::warn!(%error, "the use of the beamlines could not be counted");
                }
            });
            // What it has counted is there, whether it has ended or not.
            let _ = tokio::time::timeout(PATIENCE, task).await;
        }
        Arc::clone(&self.counted.lock())
    }

    async fn catch_up(&self, store: &Store) -> Result<(), Unavailable> {
        loop {
            let (counted, zone, reader) = (Arc::clone(&self.counted.lock()), self.zone, store.clone());
            let read = pool::read(move || step(&reader, Counts::clone(&counted), zone));
            let (counted, more) = read.await?;
            *self.counted.lock() = Arc::new(counted);
            if !more {
                return Ok(());
            }
        }
    }
}

/// Counts the next rows. Returns whether there are more.
fn step(store: &Store, mut counts: Counts, zone: Tz) -> Result<(Counts, bool), ReadError> {
    let mut more = false;
    let span = |project, beamline, time: Timestamp| Span::of(project, beamline, time, zone);
    let last = counts.dataset;
    let read = after::<Dataset>(store, Table::Dataset, last, |id, row| {
        let span = span(row.project, row.beamline, row.end_time);
        counts.add_dataset(span, &row.kind, row.num_frames, row.exposure);
        counts.dataset = id;
    })?;
    more |= read == ROWS;
    let last = counts.report;
    let read = after::<Report>(store, Table::Report, last, |id, row| {
        counts.add_report(span(row.project, row.beamline, row.created));
        counts.report = id;
    })?;
    more |= read == ROWS;
    if !more {
        // Sessions go on, so they are counted anew.
        counts.clear_sessions();
        let (start, end) = keys::below(&Key::of(Table::Session), None);
        for row in store.scan::<Session>(start.as_slice(), &end, Order::Ascending) {
            let session = row?.1.record;
            let open = session.latest.end.is_none();
            let span = span(session.project, session.beamline, session.created);
            counts.add_session(span, session.ended_micros, open);
        }
        counts.complete = true;
    }
    Ok((counts, more))
}

/// Reads the rows of a table with ids above `last`, at most [`ROWS`].
fn after<R: Record>(
    store: &Store,
    table: Table,
    last: u64,
    mut take: impl FnMut(u64, R),
) -> Result<usize, ReadError> {
    let start = keys::record(table, IdRef::Known(last.saturating_add(1)));
    let end = keys::below(&Key::of(table), None).1;
    let mut read = 0;
    for row in store
        .scan::<R>(start.as_bytes(), &end, Order::Ascending)
        .take(ROWS)
    {
        let (key, row) = row?;
        read += 1;
        if let Some(id) = keys::last_id(&key) {
            take(id, row.record);
        }
    }
    Ok(read)
}
