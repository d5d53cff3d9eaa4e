//! The history of a remote connection, as the hosts report it again and again, late, and out of order.
//!
//! A record keeps every distinct entry seen, by date, and a reader is shown the changes of status among them
//! ([`changes`]). Keeping changes only would not do: an entry dropped because it repeats the status before it becomes
//! a change as soon as a late entry comes between the two, and nothing would then tell its next repetition from news.
//! Kept this way, a history is a function of the set of entries seen, whatever their order, so that posting any of
//! them again changes nothing.

use crate::facility::catalog::Catalog;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{Connection, ConnectionStatus};
use beamlive_storage::Timestamp;
use chrono::{Days, MappedLocalTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use thiserror::Error;

/// Entries that one connection keeps.
const MAX_ENTRIES: usize = 1000;
/// Characters that a connection's name may have.
const MAX_NAME: usize = 255;
/// Characters of a date of the format: years have four digits.
const MAX_DATE: usize = 19;
/// As much of a bad value as a report shows.
const SHOWN: usize = 32;

/// What an entry does to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// It says nothing new.
    Known,
    /// The connection is this now.
    Changed(Connection),
    /// The connection has had more changes than are kept: the entry is to be skipped.
    Full,
}

/// Takes an entry into a connection; `None` is one that was never seen.
///
/// `created` is the date of the first entry seen and never changes; `end` is the date of the newest change to Finished
/// or Failed.
#[must_use]
pub fn observe(connection: Option<&Connection>, status: ConnectionStatus, date: Timestamp) -> Observed {
    let entry = (status, date);
    let (created, mut history) = match connection {
        None => (date, Vec::new()),
        Some(known) if known.history.binary_search_by_key(&rank(&entry), rank).is_ok() => {
            return Observed::Known
        }
        Some(known) => (known.created, known.history.clone()),
    };
    let room = |history: &Vec<_>| history.len() < MAX_ENTRIES;
    if !room(&history) {
        history = changes(&history);
        if !room(&history) {
            return Observed::Full;
        }
    }
    if let Err(place) = history.binary_search_by_key(&rank(&entry), rank) {
        history.insert(place, entry);
    }
    let ends = |(status, _): &&_| matches!(status, ConnectionStatus::Finished | ConnectionStatus::Failed);
    Observed::Changed(Connection {
        created,
        end: changes(&history).iter().rev().find(ends).map(|(_, date)| *date),
        history,
    })
}

/// The changes of status in a history: the entries whose status is not that of the entry before.
#[must_use]
pub fn changes(history: &[(ConnectionStatus, Timestamp)]) -> Vec<(ConnectionStatus, Timestamp)> {
    let mut changes = history.to_vec();
    changes.dedup_by_key(|(status, _)| *status);
    changes
}

/// Entries sort by date; dates have whole seconds, and within one a connection begins before it ends.
fn rank((status, date): &(ConnectionStatus, Timestamp)) -> (Timestamp, u8) {
    let step = match status {
        ConnectionStatus::Connected => 0,
        ConnectionStatus::Disconnected => 1,
        ConnectionStatus::Failed => 2,
        ConnectionStatus::Finished => 3,
    };
    (*date, step)
}

/// One connection as a host reports it, unchecked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawEntry {
    /// A username.
    pub project: String,
    /// What the host calls the connection.
    pub name: String,
    /// Connected, Disconnected, Failed or Finished.
    pub status: String,
    /// `%Y-%m-%d %H:%M:%S` in the facility's zone.
    pub date: String,
}

/// Why an entry is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SkippedEntry {
    /// No such account.
    #[error("there is no project {0:?}")]
    UnknownProject(String),
    /// No such status.
    #[error("{0:?} is no status of a connection")]
    UnknownStatus(String),
    /// Not a date.
    #[error("{0:?} is no date of the form 2026-11-23 08:00:00")]
    BadDate(String),
    /// Empty or too long.
    #[error("{0:?} is no name of a connection: it needs 1 to {MAX_NAME} characters")]
    BadName(String),
}

/// Checks an entry: whose connection, its name, its status, and since when.
///
/// # Errors
/// [`SkippedEntry`] names the first thing that is wrong with it.
pub fn parse_entry(
    project: &str,
    name: &str,
    status: &str,
    date: &str,
    catalog: &Catalog,
    zone: Tz,
) -> Result<(ProjectId, String, ConnectionStatus, Timestamp), SkippedEntry> {
    let shown = |text: &str| text.chars().take(SHOWN).collect::<String>();
    if name.is_empty() || name.chars().nth(MAX_NAME).is_some() {
        return Err(SkippedEntry::BadName(shown(name)));
    }
    let (id, _) = catalog
        .project(project)
        .ok_or_else(|| SkippedEntry::UnknownProject(shown(project)))?;
    let known = match status {
        "Connected" => ConnectionStatus::Connected,
        "Disconnected" => ConnectionStatus::Disconnected,
        "Failed" => ConnectionStatus::Failed,
        "Finished" => ConnectionStatus::Finished,
        _ => return Err(SkippedEntry::UnknownStatus(shown(status))),
    };
    let date = parse_date(date, zone).ok_or_else(|| SkippedEntry::BadDate(shown(date)))?;
    Ok((id, name.to_owned(), known, date))
}

/// A local time that a clock change makes ambiguous is the earlier instant; one that it leaves out is what a clock
/// shows that was not changed.
fn parse_date(text: &str, zone: Tz) -> Option<Timestamp> {
    if text.len() > MAX_DATE {
        return None;
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
    let utc = match zone.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => {
            local.checked_sub_offset(offset.fix())?
        }
        MappedLocalTime::None => {
            let before = zone.offset_from_utc_datetime(&local.checked_sub_days(Days::new(1))?);
            local.checked_sub_offset(before.fix())?
        }
    };
    Some(utc.and_utc().into())
}

#[cfg(test)]
mod tests;
