//! What results from a dump: one item for each record.

use beamlive_storage::ids::{AccessListId, Account, BeamlineId, SessionId};
use beamlive_storage::records::{
    Activity, BeamlineState, Connection, Dataset, Feedback, Report, SecureKey, SecurePath, Session, Stretch,
};

/// A record to be stored. A `key` is that of the record's directory: a row of `Table::SecureKey`.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub enum Item {
    /// A session with all its stretches, by time.
    Session {
        id: u64,
        session: Session,
        stretches: Vec<Stretch>,
        key: SecureKey,
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
        key: SecureKey,
    },
    /// A report.
    Report {
        id: u64,
        record: Box<Report>,
        key: SecureKey,
    },
    /// An entry of the activity log, with its key in the dump.
    Activity { pk: u64, record: Box<Activity> },
    /// The directory that a key opens.
    Path { key: SecureKey, path: SecurePath },
}
