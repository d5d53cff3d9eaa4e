//! Rows of the store as events.

use super::event::{Event, Kind, Position};
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{Activity, Dataset, Record, Report, Session, Subject};
use beamlive_storage::{Order, ReadError, Store};
use std::sync::OnceLock;

/// A record whose new rows are events.
pub(super) trait Source: Record {
    const TABLE: Table;

    /// How far the table was read.
    fn read(position: &mut Position) -> &mut u64;
    /// The event of a row; `None` if it is none.
    fn event(self, store: &Store, id: u64) -> Result<Option<Event>, ReadError>;
}

/// The events of at most `limit` rows of a table with ids above those read. Each has the id of its
/// row as its position.
pub(super) fn after<S: Source>(
    store: &Store,
    mut position: Position,
    limit: usize,
) -> Result<(u64, Vec<Event>), ReadError> {
    let read = *S::read(&mut position);
    let start = keys::record(S::TABLE, IdRef::Known(read.saturating_add(1)));
    let end = keys::below(&keys::Key::of(S::TABLE), None).1;
    let (mut last, mut events) = (read, Vec::new());
    for row in store
        .scan::<S>(start.as_bytes(), &end, Order::Ascending)
        .take(limit)
    {
        let (key, row) = row?;
        let Some(id) = keys::last_id(&key) else {
            continue;
        };
        last = id;
        if let Some(mut event) = row.record.event(store, id)? {
            *S::read(&mut event.position) = id;
            events.push(event);
        }
    }
    Ok((last, events))
}

/// The greatest id of a table; 0 if it is empty.
pub(super) fn newest<S: Source>(store: &Store) -> Result<u64, ReadError> {
    let (start, end) = keys::below(&keys::Key::of(S::TABLE), None);
    let last = store
        .scan_keys(&start, &end, Order::Descending)
        .next()
        .transpose()?;
    Ok(last.and_then(|key| keys::last_id(&key)).unwrap_or(0))
}

impl Source for Activity {
    const TABLE: Table = Table::Activity;

    fn read(position: &mut Position) -> &mut u64 {
        &mut position.activity
    }

    fn event(self, store: &Store, _: u64) -> Result<Option<Event>, ReadError> {
        let kind = match (self.subject, self.action.as_str()) {
            (Subject::Session, "session launched") => Kind::Launched,
            (Subject::Session, "session continued" | "session joined") => Kind::Joined,
            (Subject::Session, "session closed" | "session ended") => Kind::Closed,
            (Subject::Container, "container moved") => Kind::Moved,
            (Subject::Facility, _) => Kind::Facility,
            (Subject::Outbox, _) => Kind::Outbox,
            _ => return Ok(None),
        };
        let record = self.record.get();
        let session = match (self.subject, record) {
            (Subject::Session, Some(id)) => store.get::<Session>(&keys::session(IdRef::Known(id)))?,
            _ => None,
        };
        let session = session.map(|found| found.record);
        Ok(Some(Event {
            position: Position::default(),
            kind,
            project: self.project,
            beamline: session.as_ref().map(|session| session.beamline),
            time: self.time,
            record,
            name: session.map_or(self.note, |session| session.name),
            text: OnceLock::new(),
        }))
    }
}

impl Source for Dataset {
    const TABLE: Table = Table::Dataset;

    fn read(position: &mut Position) -> &mut u64 {
        &mut position.dataset
    }

    fn event(self, _: &Store, id: u64) -> Result<Option<Event>, ReadError> {
        Ok(Some(Event {
            position: Position::default(),
            kind: Kind::Dataset,
            project: Some(self.project),
            beamline: Some(self.beamline),
            time: self.created,
            record: Some(id),
            name: self.name,
            text: OnceLock::new(),
        }))
    }
}

impl Source for Report {
    const TABLE: Table = Table::Report;

    fn read(position: &mut Position) -> &mut u64 {
        &mut position.report
    }

    fn event(self, _: &Store, id: u64) -> Result<Option<Event>, ReadError> {
        Ok(Some(Event {
            position: Position::default(),
            kind: Kind::Report,
            project: Some(self.project),
            beamline: Some(self.beamline),
            time: self.created,
            record: Some(id),
            name: self.name,
            text: OnceLock::new(),
        }))
    }
}
