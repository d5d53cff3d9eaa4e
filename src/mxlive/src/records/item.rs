//! What results from a dump: one item for each record.

use beamlive_storage::ids::{AccessListId, Account, BeamlineId, SessionId};
use beamlive_storage::records::{
    Activity, BeamlineState, Connection, Dataset, Feedback, PendingForward, Report, SecureKey, SecurePath,
    Session, Stretch,
};
use beamlive_storage::Table;

/// What opens the directory of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opens {
    /// A key that is a row of `Table::SecureKey`.
    Given(SecureKey),
    /// The key in the record.
    Own,
    /// Nothing yet: the directory waits for a key.
    Waits(PendingForward),
}

/// A record to be stored. A `key` is that of the record's directory.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub enum Item {
    /// The fields of a declared record that the columns do not say.
    Declared {
        table: Table,
        id: u64,
        said: serde_json::Value,
    },
    /// The last id given in a table, and the ranges that were never given.
    Ids {
        table: Table,
        last: u64,
        skipped: Vec<(u64, u64)>,
    },
    /// A session with all its stretches, by time.
    Session {
        id: u64,
        session: Session,
        stretches: Vec<Stretch>,
        key: Opens,
    },
    /// The newest stretch of a beamline.
    BeamlineState {
        beamline: BeamlineId,
        state: BeamlineState,
    },
    /// An answer to a survey, with its key in the dump.
    Feedback {
        session: SessionId,
        pk: u64,
        feedback: Feedback,
    },
    /// A remote connection.
    Connection {
        list: AccessListId,
        account: Account,
        name: String,
        connection: Connection,
    },
    /// A dataset.
    Dataset {
        id: u64,
        record: Box<Dataset>,
        /// The uuids that it had before.
        older: Vec<String>,
        key: Opens,
    },
    /// A report.
    Report {
        id: u64,
        record: Box<Report>,
        key: Opens,
    },
    /// An entry of the activity log, with its key in the dump.
    Activity { pk: u64, record: Box<Activity> },
    /// The directory that a key opens.
    Path { key: SecureKey, path: SecurePath },
}
