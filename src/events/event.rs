//! An event, and how far a client has read.

use beamlive_storage::ids::{BeamlineId, ProjectId};
use beamlive_storage::Timestamp;
use bytes::Bytes;
use std::fmt;
use std::sync::OnceLock;

/// How far the rows of each table were read: the greatest id of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    pub(super) activity: u64,
    pub(super) dataset: u64,
    pub(super) report: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where reading goes on after it.
    pub position: Position,
    /// What happened.
    pub kind: Kind,
    /// The project that it concerns.
    pub project: Option<ProjectId>,
    /// The beamline that it happened at.
    pub beamline: Option<BeamlineId>,
    /// When.
    pub time: Timestamp,
    /// The id of the session, the dataset or the report.
    pub record: Option<u64>,
    /// Its name.
    pub name: String,
    /// What listeners are sent, once it was made.
    pub text: OnceLock<Bytes>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A session was launched.
    Launched,
    /// A session went on.
    Joined,
    /// A session was closed, or ended by another.
    Closed,
    /// A dataset was uploaded.
    Dataset,
    /// A report was uploaded.
    Report,
    /// The history of a remote connection has grown.
    Connection,
    /// A container was put elsewhere, or has another status.
    Moved,
    /// A facility file, a sample sheet or an import has changed what is declared.
    Facility,
    /// The outbox was told to try again.
    Outbox,
    /// The store of this process began or stopped writing, or the Data Proxy began or stopped
    /// working.
    Health,
}

impl Kind {
    /// Its name in the stream.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Launched => "session.launched",
            Self::Joined => "session.joined",
            Self::Closed => "session.closed",
            Self::Dataset => "dataset",
            Self::Report => "report",
            Self::Connection => "connection",
            Self::Moved => "container.moved",
            Self::Facility => "facility",
            Self::Outbox => "outbox",
            Self::Health => "health",
        }
    }
}

impl Position {
    /// Reads the id of an event.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('.').map(str::parse::<u64>);
        let position = Self {
            activity: numbers.next()?.ok()?,
            dataset: numbers.next()?.ok()?,
            report: numbers.next()?.ok()?,
        };
        numbers.next().is_none().then_some(position)
    }

    /// Whether this position is at or after `other` in every table.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.activity >= other.activity && self.dataset >= other.dataset && self.report >= other.report
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.activity, self.dataset, self.report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn the_id_of_an_event_reads_back() {
        let position = Position {
            activity: 5,
            dataset: 0,
            report: u64::MAX,
        };
        assert_eq!(Position::parse(&position.to_string()), Some(position));
    }

    #[rstest]
    #[case("")]
    #[case("5")]
    #[case("1.2.3.4")]
    #[case("1.2.x")]
    #[case("-1.2.3")]
    fn other_ids_are_none(#[case] text: &str) {
        assert_eq!(Position::parse(text), None);
    }
}
