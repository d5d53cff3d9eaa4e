//! The history of a remote connection. Hosts report entries repeatedly, late, and out of order.
//!
//! A record keeps every distinct entry, by date; readers see the changes of status ([`changes`]).
//! Keeping only the changes is not enough. An entry that repeats the status before it becomes a
//! change when a late entry comes between the two. If it had been dropped, its next repetition
//! would look new. As it is, a history depends only on the set of its entries, not on their order,
//! and posting one again changes nothing.

use crate::facility::catalog::Catalog;
use crate::session::dataset::SHOWABLE;
use crate::zone::{self, Reading};
use beamlive_storage::ids::Account;
use beamlive_storage::records::{Connection, ConnectionStatus};
use beamlive_storage::Timestamp;
use chrono_tz::Tz;
use std::collections::HashMap;
use thiserror::Error;

/// Entries that one connection keeps.
const MAX_ENTRIES: usize = 1000;
/// Characters that a connection's name may have.
const MAX_NAME: usize = 255;
/// Characters of a bad value that a message shows.
const SHOWN: usize = 32;

/// The effect of an entry on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// Nothing is new.
    Known,
    /// The connection afterwards.
    Changed(Connection),
    /// The connection has as many changes as are kept: skip the entry.
    Full,
}

/// Adds an entry to a connection; `connection` is none when the entry is its first.
///
/// `created` is the start of the first entry and never changes. `end` is the date of the newest
/// change to Finished or Failed, or else the newest `end_time` that was reported.
#[must_use]
pub fn observe(connection: Option<&Connection>, entry: &Entry) -> Observed {
    let date = entry.date(connection.map_or(&[], |known| &known.history));
    if connection.is_some_and(|known| has(&known.history, entry.status, date) && entry.ended <= known.end) {
        return Observed::Known;
    }
    let mut history = connection.map_or_else(Vec::new, |known| known.history.clone());
    let created = connection.map_or(entry.began.unwrap_or(date), |known| known.created);
    let reported_end = connection.and_then(|known| known.end).max(entry.ended);
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
        end: end(&history).or(reported_end),
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

/// The date of the newest change to Finished or Failed.
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

/// Sorts entries by date. At one instant a connection begins before it ends.
fn rank((status, date): &(ConnectionStatus, Timestamp)) -> (Timestamp, u8) {
    let step = match status {
        ConnectionStatus::Connected => 0,
        ConnectionStatus::Disconnected => 1,
        ConnectionStatus::Failed => 2,
        ConnectionStatus::Finished => 3,
    };
    (*date, step)
}

/// An entry as a host reports it, unchecked. It has a `date`, or `start_time` and `end_time`;
/// absent fields are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawEntry {
    /// A username.
    pub project: String,
    /// The connection's name at the host.
    pub name: String,
    /// Connected, Disconnected, Failed or Finished.
    pub status: String,
    /// Since when it has this status: ISO-8601, in the facility's zone without an offset.
    pub date: String,
    /// When the connection began, in the same form.
    pub start_time: String,
    /// When it ended.
    pub end_time: String,
}

/// An entry, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub account: Account,
    /// The connection's name at the host.
    pub name: String,
    /// The status it reports.
    pub status: ConnectionStatus,
    /// Since when it has this status. A local time may have two instants, when clocks are set back:
    /// the earlier one is first. Otherwise both are the same.
    pub dates: [Timestamp; 2],
    /// When the connection began, if that was reported.
    pub began: Option<Timestamp>,
    /// When it ended, if that was reported.
    pub ended: Option<Timestamp>,
}

impl Entry {
    /// Chooses between the two dates. A date that is in the history was chosen before. Otherwise it
    /// is the earlier one, unless that is before the last entry of the history and the later one is
    /// not.
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

/// Sorts the entries of a post by date. Ambiguous dates, of the hour that clocks repeat, stay in
/// the order in which the host has listed them. But if the end of a connection is listed first, the
/// host lists the newest entries first.
pub fn sort(entries: &mut [Entry]) {
    const HOUR: i64 = 3_600_000_000;
    let mut ends_first = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.is_ambiguous()) {
        let first = ends_first.entry((entry.account, entry.name.clone()));
        first.or_insert(is_end(entry.status));
    }
    let is_late = |entry: &Entry| {
        is_end(entry.status) && ends_first.get(&(entry.account, entry.name.clone())) == Some(&true)
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
    /// There is no such account.
    #[error("there is no project and no person {0:?}")]
    UnknownAccount(String),
    /// There is no such status.
    #[error("{0:?} is no status of a connection")]
    UnknownStatus(String),
    /// A date can't be parsed or is out of range.
    #[error("{0:?} is no date of the form 2026-11-23 08:00:00 or 2026-11-23T08:00:00+00:00")]
    BadDate(String),
    /// The name is empty or too long.
    #[error("{0:?} is no name of a connection: it needs 1 to {MAX_NAME} characters")]
    BadName(String),
}

/// Checks an entry. Times without an offset are local times in `zone`.
///
/// # Errors
/// [`SkippedEntry`] tells the first mistake.
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
    let account = catalog
        .account(project)
        .ok_or_else(|| SkippedEntry::UnknownAccount(shown(project)))?;
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
        // A start alone is resolved with the history.
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
        account,
        name: name.clone(),
        status,
        dates,
        began,
        ended,
    })
}

#[cfg(test)]
mod tests;
