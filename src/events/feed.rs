//! Reads new rows, and sends them as events to all listeners.

use super::event::{Event, Kind, Position};
use super::row::{after, newest};
use beamlive_actors::ask::Unavailable;
use beamlive_actors::clock::Clock;
use beamlive_actors::pool;
use beamlive_storage::records::{Activity, Dataset, Report};
use beamlive_storage::{ReadError, Store, Timestamp};
use itertools::Itertools;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::{self, Receiver, Sender};

/// Time between two reads while someone listens.
const INTERVAL: Duration = Duration::from_millis(200);
/// Rows of each table that are read at a time.
const ROWS: usize = 256;
/// Events that wait for a slow listener. One that falls behind further misses some.
const WAITING: usize = 1024;

/// The events of this process.
#[derive(Debug)]
pub struct Events {
    /// `None` when the service stops.
    listeners: Mutex<Option<Sender<Arc<Event>>>>,
    /// How far rows were read. `None` while nobody listens.
    position: Mutex<Option<Position>>,
}

/// What an operator has to know at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether the store writes.
    pub writes: bool,
    /// Whether the Data Proxy works.
    pub proxy: bool,
}

/// That a listener was too slow, or has been away for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

impl Default for Events {
    fn default() -> Self {
        Self {
            listeners: Mutex::new(Some(broadcast::channel(WAITING).0)),
            position: Mutex::default(),
        }
    }
}

impl Events {
    /// The events from now on, and the present position. `None` when the service stops.
    ///
    /// # Errors
    /// [`Unavailable`] when the store can't be read.
    pub async fn listen(
        &self,
        store: &Store,
    ) -> Result<Option<(Receiver<Arc<Event>>, Position)>, Unavailable> {
        let Some(listener) = lock(&self.listeners).as_ref().map(Sender::subscribe) else {
            return Ok(None);
        };
        let reader = store.clone();
        let here = pool::read(move || here(&reader)).await?;
        lock(&self.position).get_or_insert(here);
        Ok(Some((listener, here)))
    }

    /// Sends listeners of this process an event that has no row of its own.
    pub fn announce(&self, kind: Kind, now: Timestamp) {
        if let Some(listeners) = lock(&self.listeners).as_ref() {
            // It fails when nobody listens.
            let _ = listeners.send(Arc::new(Event {
                position: Position::default(),
                kind,
                project: None,
                beamline: None,
                time: now,
                record: None,
                name: String::new(),
                text: OnceLock::new(),
            }));
        }
    }

    /// Ends all streams.
    pub fn close(&self) {
        lock(&self.listeners).take();
    }

    /// Reads new rows, and looks at what `health` says, until the service stops.
    pub async fn follow(self: Arc<Self>, store: Store, clock: Arc<dyn Clock>, health: impl Fn() -> Health) {
        let mut last = health();
        loop {
            tokio::time::sleep(INTERVAL).await;
            let now = health();
            if now != last {
                last = now;
                self.announce(Kind::Health, clock.now());
            }
            match lock(&self.listeners).as_ref() {
                Some(listeners) if listeners.receiver_count() == 0 => {
                    lock(&self.position).take();
                }
                Some(_) => {}
                None => return,
            }
            let Some(position) = *lock(&self.position) else {
                continue;
            };
            let reader = store.clone();
            match pool::read(move || step(&reader, position)).await {
                Ok((reached, events)) => {
                    *lock(&self.position) = Some(reached);
                    if let Some(listeners) = lock(&self.listeners).as_ref() {
                        for event in events {
                            let _ = listeners.send(Arc::new(event));
                        }
                    }
                }
                // They are read at the next try.
                Err(error) => tracing::debug!(%error, "new events could not be read"),
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The position after the newest row of each table.
fn here(store: &Store) -> Result<Position, ReadError> {
    Ok(Position {
        activity: newest::<Activity>(store)?,
        dataset: newest::<Dataset>(store)?,
        report: newest::<Report>(store)?,
    })
}

/// The next events after `position`, and the position after them. The rows of a table are in the
/// order of their ids, and those of different tables in the order of their times.
fn step(store: &Store, position: Position) -> Result<(Position, Vec<Event>), ReadError> {
    let (activity, logged) = after::<Activity>(store, position, ROWS)?;
    let (dataset, datasets) = after::<Dataset>(store, position, ROWS)?;
    let (report, reports) = after::<Report>(store, position, ROWS)?;
    let mut events = logged
        .into_iter()
        .merge_by(datasets, |one, other| one.time <= other.time)
        .merge_by(reports, |one, other| one.time <= other.time)
        .collect::<Vec<_>>();
    let mut reached = position;
    for event in &mut events {
        reached = reached.and(event.position);
        event.position = reached;
    }
    let end = Position {
        activity,
        dataset,
        report,
    };
    Ok((end, events))
}

/// The events after `position` up to now, at most `most`; after that, [`Missed`].
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn read_after(
    store: &Store,
    mut position: Position,
    most: usize,
) -> Result<(Vec<Event>, Option<Missed>), ReadError> {
    let mut all = Vec::new();
    loop {
        let (reached, events) = step(store, position)?;
        all.extend(events);
        if reached == position {
            return Ok((all, None));
        }
        if all.len() > most {
            return Ok((all, Some(Missed)));
        }
        position = reached;
    }
}

impl Position {
    /// What both have read.
    fn and(self, other: Self) -> Self {
        Self {
            activity: self.activity.max(other.activity),
            dataset: self.dataset.max(other.dataset),
            report: self.report.max(other.report),
        }
    }
}

#[cfg(test)]
mod tests;
