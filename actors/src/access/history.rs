//! The history of a remote connection, as the hosts report it again and again, late, and out of order.
//!
//! A record keeps every distinct entry seen, by date, and a reader is shown the changes of status among them
//! ([`changes`]). Keeping changes only would not do: an entry dropped because it repeats the status before it becomes
//! a change as soon as a late entry comes between the two, and nothing would then tell its next repetition from news.
//! Kept this way, a history is a function of the set of entries seen, whatever their order, so that posting any of
//! them again changes nothing.

use crate::facility::catalog::Catalog;
use crate::session::dataset::SHOWABLE;
use crate::zone::{self, Reading};
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{Connection, ConnectionStatus};
use beamlive_storage::Timestamp;
use chrono_tz::Tz;
use std::collections::HashMap;
use thiserror::Error;

/// Entries that one connection keeps.
const MAX_ENTRIES: usize = 1000;
/// Characters that a connection's name may have.
const MAX_NAME: usize = 255;
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
/// `created` is the start of the first entry seen and never changes; `end` is the date of the newest change to Finished
/// or Failed, or else the newest end that was told.
#[must_use]
pub fn observe(connection: Option<&Connection>, entry: &Entry) -> Observed {
    let date = entry.date(connection.map_or(&[], |known| &known.history));
    if connection.is_some_and(|known| has(&known.history, entry.status, date) && entry.ended <= known.end) {
        return Observed::Known;
    }
    let mut history = connection.map_or_else(Vec::new, |known| known.history.clone());
    let created = connection.map_or(entry.began.unwrap_or(date), |known| known.created);
    let told = connection.and_then(|known| known.end).max(entry.ended);
    let item = (entry.status, date);
    if let Err(mut place) = history.binary_search_by_key(&rank(&item), rank) {
        if history.len() >= MAX_ENTRIES {
            history = changes(&history);
            if history.len() >= MAX_ENTRIES {
                return Observed::Full;
            }
            place = history.partition_point(|other| rank(other) < rank(&item));
        }
        history.insert(place, item);
    }
    let now = Connection {
        created,
        end: end(&history).or(told),
        history,
    };
    match connection {
        Some(known) if *known == now => Observed::Known,
        _ => Observed::Changed(now),
    }
}

fn has(history: &[(ConnectionStatus, Timestamp)], status: ConnectionStatus, date: Timestamp) -> bool {
    history.binary_search_by_key(&rank(&(status, date)), rank).is_ok()
}

/// When a history ended last.
fn end(history: &[(ConnectionStatus, Timestamp)]) -> Option<Timestamp> {
    let changes = changes(history);
    let last = changes.iter().rev().find(|(status, _)| is_end(*status));
    last.map(|(_, date)| *date)
}

fn is_end(status: ConnectionStatus) -> bool {
    matches!(status, ConnectionStatus::Finished | ConnectionStatus::Failed)
}

/// The changes of status in a history: the entries whose status is not that of the entry before.
#[must_use]
pub fn changes(history: &[(ConnectionStatus, Timestamp)]) -> Vec<(ConnectionStatus, Timestamp)> {
    let mut changes = history.to_vec();
    changes.dedup_by_key(|(status, _)| *status);
    changes
}

/// Entries sort by date; at one instant a connection begins before it ends.
fn rank((status, date): &(ConnectionStatus, Timestamp)) -> (Timestamp, u8) {
    let step = match status {
        ConnectionStatus::Connected => 0,
        ConnectionStatus::Disconnected => 1,
        ConnectionStatus::Failed => 2,
        ConnectionStatus::Finished => 3,
    };
    (*date, step)
}

/// One connection as a host reports it, unchecked: with `date`, or, since 2026, with `start_time` and `end_time`.
/// Absent fields are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawEntry {
    /// A username.
    pub project: String,
    /// What the host calls the connection.
    pub name: String,
    /// Connected, Disconnected, Failed or Finished.
    pub status: String,
    /// Since when it has this status: ISO-8601, in the facility's zone without an offset.
    pub date: String,
    /// When the connection began, written in the same way.
    pub start_time: String,
    /// When it ended.
    pub end_time: String,
}

/// One connection as a host reports it, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub project: ProjectId,
    /// What the host calls it.
    pub name: String,
    /// What it is.
    pub status: ConnectionStatus,
    /// Since when: two instants if a clock showed the time twice, the earlier one first; otherwise one, twice.
    pub dates: [Timestamp; 2],
    /// When the connection began, if that was told besides.
    pub began: Option<Timestamp>,
    /// When it ended, if that was told besides.
    pub ended: Option<Timestamp>,
}

impl Entry {
    /// Which of its dates is meant. One that is in the history has been decided; otherwise it is the one that is not
    /// before what was last reported, the earlier one if there is a choice.
    fn date(&self, history: &[(ConnectionStatus, Timestamp)]) -> Timestamp {
        let [earlier, later] = self.dates;
        let is_known = |date| has(history, self.status, date);
        if earlier == later || is_known(earlier) {
            return earlier;
        }
        match history.last() {
            Some((_, last)) if earlier < *last && *last <= later => later,
            _ if is_known(later) => later,
            _ => earlier,
        }
    }

    fn is_ambiguous(&self) -> bool {
        let [earlier, later] = self.dates;
        earlier != later
    }
}

/// Puts the entries of a post into the order in which they are observed: by date. Those of the hour that a clock repeats
/// stay as the host has listed them, which is all there is to tell their order; but a connection whose end is listed
/// first is one of a list with the newest first.
pub fn sort(entries: &mut [Entry]) {
    const HOUR: i64 = 3_600_000_000;
    let mut ends_first = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.is_ambiguous()) {
        let first = ends_first.entry((entry.project, entry.name.clone()));
        first.or_insert(is_end(entry.status));
    }
    let is_late = |entry: &Entry| {
        is_end(entry.status) && ends_first.get(&(entry.project, entry.name.clone())) == Some(&true)
    };
    entries.sort_by_cached_key(|entry| {
        let [Timestamp(date), _] = entry.dates;
        match entry.is_ambiguous() {
            true => (date - date.rem_euclid(HOUR), is_late(entry)),
            false => (date, false),
        }
    });
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
    #[error("{0:?} is no date of the form 2026-11-23 08:00:00 or 2026-11-23T08:00:00+00:00")]
    BadDate(String),
    /// Empty or too long.
    #[error("{0:?} is no name of a connection: it needs 1 to {MAX_NAME} characters")]
    BadName(String),
}

/// Checks an entry. Times without an offset are of a clock in `zone`.
///
/// # Errors
/// [`SkippedEntry`] names the first thing that is wrong with it.
pub fn parse_entry(raw: &RawEntry, catalog: &Catalog, zone: Tz) -> Result<Entry, SkippedEntry> {
    let shown = |text: &str| text.chars().take(SHOWN).collect::<String>();
    let RawEntry {
        project,
        name,
        status,
        ..
    } = raw;
    if name.is_empty() || name.chars().nth(MAX_NAME).is_some() {
        return Err(SkippedEntry::BadName(shown(name)));
    }
    let (project, _) = catalog
        .project(project)
        .ok_or_else(|| SkippedEntry::UnknownProject(shown(project)))?;
    let status = match status.as_str() {
        "Connected" => ConnectionStatus::Connected,
        "Disconnected" => ConnectionStatus::Disconnected,
        "Failed" => ConnectionStatus::Failed,
        "Finished" => ConnectionStatus::Finished,
        _ => return Err(SkippedEntry::UnknownStatus(shown(status))),
    };
    let time = |text: &str| match text {
        "" => Ok(None),
        text => Reading::parse(text)
            .filter(|reading| SHOWABLE.contains(&reading.instant(zone)))
            .map(Some)
            .ok_or_else(|| SkippedEntry::BadDate(shown(text))),
    };
    let (date, start, end) = (time(&raw.date)?, time(&raw.start_time)?, time(&raw.end_time)?);
    let (began, ended) = match (start, end) {
        (Some(start), Some(end)) => {
            let (start, end) = zone::span(start, end, zone);
            (Some(start), Some(end))
        }
        // The instants of a start alone are decided with the history.
        (_, end) => (None, end.map(|end| end.instant(zone))),
    };
    let dates = match (date, status, began, ended) {
        (Some(date), ..) => date.instants(zone),
        (None, ConnectionStatus::Connected, Some(began), _) => [began; 2],
        (None, _, _, Some(ended)) if start.is_some() => [ended; 2],
        (None, ..) => start
            .or(end)
            .map(|time| time.instants(zone))
            .ok_or_else(|| SkippedEntry::BadDate(String::new()))?,
    };
    Ok(Entry {
        project,
        name: name.clone(),
        status,
        dates,
        began,
        ended,
    })
}

#[cfg(test)]
mod tests;
