//! Which table shows which rows of the keyspace.

use super::statements::{statements, Statements};
use super::values::{self, Object};
use super::{facility, measured};
use crate::codec::{decode, DecodeError};
use crate::ids::Account;
use crate::keys::{self, Table};
use serde_json::Value;

/// How the rows of one table of the keyspace are shown.
pub(super) struct Shown {
    pub(super) statements: Statements,
    /// The columns of a row's key; `None` if it is not one of the table.
    pub(super) key: fn(&[u8]) -> Option<Object>,
    /// The other columns.
    pub(super) columns: fn(&[u8]) -> Result<Object, DecodeError>,
}

/// How rows are shown: by which statements, from which key, with which columns.
macro_rules! shown {
    ($table:literal [$($key:literal),*] [$($column:literal),* $(,)?] $parse:ident $columns:path) => {{
        static SHOWN: Shown = Shown {
            statements: statements!($table [$($key),*] [$($column),*]),
            key: $parse,
            columns: |value| decode(value).map(|it| $columns(it.record)),
        };
        Some(&SHOWN)
    }};
}

/// How the rows of `table` are shown, if they are. A new table does not compile until this says so.
pub(super) fn shown(table: Table) -> Option<&'static Shown> {
    match table {
        Table::Project => shown!("project" ["id"]
            ["username", "name", "can_sign", "created", "modified"]
            record facility::project),
        Table::Person => shown!("person" ["id"]
            ["username", "name", "email", "active", "staff", "project_ids", "created", "modified"]
            record facility::person),
        Table::Beamline => shown!("beamline" ["id"]
            ["acronym", "name", "active", "simulated", "energy_low", "energy_high", "contact"]
            record facility::beamline),
        Table::DataType => shown!("data_type" ["id"]
            ["acronym", "name", "aliases", "metadata"]
            record facility::data_type),
        Table::ContainerType => shown!("container_type" ["id"]
            ["name", "locations"]
            record facility::container_type),
        Table::Container => shown!("container" ["id"]
            ["project_id", "name", "container_type_id", "status", "parent_id", "location"]
            record facility::container),
        Table::Automounter => shown!("automounter" ["id"]
            ["beamline_id", "container_id", "active"]
            record facility::automounter),
        Table::Group => shown!("sample_group" ["id"]
            ["project_id", "name", "priority"]
            record facility::sample_group),
        Table::Sample => shown!("sample" ["id"]
            ["project_id", "container_id", "location", "name", "barcode", "comments",
             "sample_group_id", "priority"]
            record facility::sample),
        Table::AccessList => shown!("access_list" ["id"]
            ["name", "address", "project_ids", "person_ids", "beamline_ids", "active"]
            record facility::access_list),
        Table::Beamtime => shown!("beamtime" ["id"]
            ["project_id", "beamline_id", "start_time", "end_time", "remote", "cancelled"]
            record facility::beamtime),
        Table::Session => shown!("session" ["id"]
            ["project_id", "beamline_id", "name", "created", "stretches", "latest_start",
             "latest_end", "ended_seconds"]
            record measured::session),
        Table::Stretch => shown!("stretch" ["session_id", "number"]
            ["start_time", "end_time"]
            stretch measured::stretch),
        Table::Dataset => shown!("dataset" ["id"]
            ["project_id", "beamline_id", "session_id", "sample_id", "sample_group", "name",
             "type", "filename", "frames", "num_frames", "energy", "exposure", "attenuation",
             "beam_size", "start_time", "end_time", "uuid", "address", "meta", "created", "modified"]
            record measured::dataset),
        Table::Report => shown!("report" ["id"]
            ["project_id", "beamline_id", "name", "kind", "score", "dataset_ids", "session_ids",
             "address", "details", "created", "modified"]
            record measured::report),
        Table::Connection => shown!("connection" ["access_list_id", "account", "account_id", "name"]
            ["status", "created", "end_time", "history"]
            connection measured::connection),
        Table::Activity => shown!("activity" ["id"]
            ["time", "project_id", "subject", "record_id", "who", "address", "action", "note"]
            record measured::activity),
        // Of the store itself; other ways to find the same records; a copy of the newest stretch.
        Table::Meta
        | Table::Counter
        | Table::Tally
        | Table::SkippedIds
        | Table::RemovedIds
        | Table::BeamlineState
        | Table::SessionByName
        | Table::SessionByProject
        | Table::SessionByBeamline
        | Table::FacilityRevision
        | Table::OutboxLease
        | Table::Importing
        | Table::DatasetByProject
        | Table::DatasetBySession
        | Table::DatasetByIdentity
        | Table::ReportByProject
        | Table::ReportBySession
        | Table::ActivityByProject
        | Table::ActivityByContainer
        | Table::Chunk => None,
        // Secrets, and directories that wait for one.
        Table::SessionBySurvey
        | Table::AnsweredRequest
        | Table::AnsweredRequestByTime
        | Table::SecureKey
        | Table::SecurePath
        | Table::SpentToken
        | Table::BrowserSession
        | Table::Outbox => None,
        // What users said in confidence.
        Table::Feedback | Table::FeedbackCount => None,
    }
}

fn record(key: &[u8]) -> Option<Object> {
    let id = keys::parse_record(key)?;
    Some(object([("id", values::id(id))]))
}

fn stretch(key: &[u8]) -> Option<Object> {
    let (session, number) = keys::parse_stretch(key)?;
    Some(object([
        ("session_id", values::id(session.0)),
        ("number", number.into()),
    ]))
}

fn connection(key: &[u8]) -> Option<Object> {
    let (list, account, name) = keys::parse_connection(key)?;
    let (kind, id) = match account {
        Account::Project(id) => ("project", id.0),
        Account::Person(id) => ("person", id.0),
    };
    Some(object([
        ("access_list_id", values::id(list.0)),
        ("account", kind.into()),
        ("account_id", values::id(id)),
        ("name", values::key_text(&name)),
    ]))
}

fn object<const N: usize>(columns: [(&str, Value); N]) -> Object {
    columns
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The tables of the keyspace that are shown, in the order of their keys.
pub(crate) fn shown_tables() -> impl Iterator<Item = Table> {
    (0..=u8::MAX)
        .filter_map(Table::from_repr)
        .filter(|table| shown(*table).is_some())
}
