//! Pure: which rows of the outbox are due, how many calls may run, and what an outcome changes. No clock, no I/O.
//!
//! It knows a window of the outbox, not all of it: the rows that are due soonest. The rest stays in the store.

use super::backoff::Backoff;
use super::proxy::Blame;
use super::standing::{plus, Standing};
use beamlive_storage::records::Subject;
use beamlive_storage::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Which record a row of the outbox is about.
pub(crate) type Place = (Subject, u64);

/// A row as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) place: Place,
    pub(crate) revision: u64,
    pub(crate) attempts: u32,
    pub(crate) created: Timestamp,
}

/// A call that is to be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) place: Place,
    /// Whether it is to find out if the proxy is back.
    pub(crate) probe: bool,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The key is recorded and the row is gone.
    Delivered,
    /// There is no such row any more; the proxy was not asked.
    Gone,
    /// The proxy gave a key, but the row changed faster than it could be recorded.
    Contended,
    /// The row could not be read, or nothing could be written; the proxy was not asked or its answer says nothing.
    Void,
    /// No key. `revision` is the row's once the failure was noted in it.
    Failed { blame: Blame, revision: Option<u64> },
}

/// The window, and what is believed of the proxy.
#[derive(Debug)]
pub(crate) struct State {
    concurrency: usize,
    capacity: usize,
    backoff: Backoff,
    standing: Standing,
    entries: HashMap<Place, Entry>,
    /// The entries that are not in flight, soonest due first.
    waiting: BTreeSet<(Timestamp, Place)>,
    in_flight: usize,
    /// What has left since the page that is being read was ordered: it may still be on it.
    left: Option<HashSet<Place>>,
    seen: Timestamp,
}

#[derive(Debug)]
struct Entry {
    due: Timestamp,
    created: Timestamp,
    revision: u64,
    /// Failures that count for its own backoff: those of probes are the proxy's.
    failures: u32,
    tried: Option<Timestamp>,
    flight: Flight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flight {
    None,
    Call,
    Probe,
}

impl State {
    /// At most `concurrency` calls at a time and `capacity` rows in memory, both at least one.
    pub(crate) fn new(concurrency: usize, capacity: usize, backoff: Backoff, now: Timestamp) -> Self {
        let concurrency = concurrency.max(1);
        Self {
            concurrency,
            capacity: capacity.max(concurrency),
            backoff,
            standing: Standing::new(now),
            entries: HashMap::new(),
            waiting: BTreeSet::new(),
            in_flight: 0,
            left: None,
            seen: now,
        }
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many rows the window holds.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many more rows there is work for: resting ones make way.
    pub(crate) fn room(&self, now: Timestamp) -> usize {
        let due = self.waiting.iter().take_while(|(due, _)| *due <= now).count();
        self.capacity.saturating_sub(self.in_flight + due)
    }

    /// Since when the oldest row of the window waits.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        self.entries.values().map(|entry| entry.created).min()
    }

    /// A page of rows is about to be read.
    pub(crate) fn page_ordered(&mut self) {
        self.left = Some(HashSet::new());
    }

    /// Takes the rows of the page that was ordered last in.
    pub(crate) fn page_read(&mut self, rows: Vec<Row>, now: Timestamp, eager: bool) {
        let left = self.left.take().unwrap_or_default();
        for row in rows {
            // If it is there again, it was added after the page was ordered, and that asks for another round.
            if !left.contains(&row.place) {
                self.offer(row, now, eager);
            }
        }
    }

    /// Takes a row in, if it is new, or was changed by somebody else. `eager`: due now, whatever it has been through.
    fn offer(&mut self, row: Row, now: Timestamp, eager: bool) {
        if let Some(entry) = self.entries.get_mut(&row.place) {
            // Uploaded again with another directory: what the old one went through does not count.
            if entry.flight == Flight::None && row.revision > entry.revision {
                entry.revision = row.revision;
                entry.created = row.created;
                entry.failures = 0;
                self.waiting.remove(&(entry.due, row.place));
                entry.due = now;
                self.waiting.insert((now, row.place));
            }
            return;
        }
        let fresh = eager || row.attempts == 0;
        let due = if fresh {
            now
        } else {
            self.backoff.after(row.attempts, now)
        };
        if self.entries.len() >= self.capacity {
            match self.waiting.last().copied() {
                Some((latest, place)) if latest > due => {
                    self.waiting.remove(&(latest, place));
                    self.entries.remove(&place);
                }
                _ => return,
            }
        }
        self.waiting.insert((due, row.place));
        self.entries.insert(
            row.place,
            Entry {
                due,
                created: row.created,
                revision: row.revision,
                failures: if fresh { 0 } else { row.attempts },
                tried: None,
                flight: Flight::None,
            },
        );
    }

    /// The next call to make now, if any; to be asked until there is none.
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<Call> {
        self.heed(now);
        let probe = !self.standing.is_up();
        let (due, place) = if probe {
            self.probe(now)?
        } else {
            let &(due, place) = self.waiting.first()?;
            if self.in_flight >= self.concurrency || due > now {
                return None;
            }
            (due, place)
        };
        self.waiting.remove(&(due, place));
        let entry = self.entries.get_mut(&place)?;
        entry.tried = Some(now);
        entry.flight = if probe { Flight::Probe } else { Flight::Call };
        self.in_flight += 1;
        if probe {
            self.standing.probe_started(place);
        }
        Some(Call { place, probe })
    }

    /// When [`Self::next`] may have something to give, if nothing else happens until then.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        if self.standing.is_up() {
            let &(due, _) = self.waiting.first()?;
            return (self.in_flight < self.concurrency).then_some(due);
        }
        if self.in_flight > 0 {
            return None;
        }
        let first = self.backoff.first();
        let instants = self
            .waiting
            .iter()
            .filter_map(|(_, place)| self.standing.probe_at(*place, first));
        instants.min()
    }

    /// What came of a call that [`Self::next`] gave.
    pub(crate) fn finished(&mut self, place: Place, outcome: Outcome, now: Timestamp) {
        let in_flight = |entry: &&mut Entry| entry.flight != Flight::None;
        let Some(entry) = self.entries.get_mut(&place).filter(in_flight) else {
            return;
        };
        let was_probe = std::mem::replace(&mut entry.flight, Flight::None) == Flight::Probe;
        self.in_flight = self.in_flight.saturating_sub(1);
        match outcome {
            Outcome::Delivered => {
                self.standing.succeeded(now);
                self.leave(place);
                return;
            }
            Outcome::Gone => {
                self.standing.probe_void(place);
                self.leave(place);
                return;
            }
            Outcome::Contended => {
                self.standing.succeeded(now);
                entry.due = now;
            }
            Outcome::Void => {
                entry.failures = entry.failures.saturating_add(1);
                entry.due = self.backoff.after(entry.failures, now);
                self.standing.probe_failed_here(place, entry.due);
            }
            Outcome::Failed { blame, revision } => {
                if !(was_probe && blame == Blame::Proxy) {
                    entry.failures = entry.failures.saturating_add(1);
                }
                entry.due = self.backoff.after(entry.failures, now);
                entry.revision = revision.unwrap_or(entry.revision);
                self.standing.failed(place, blame, &mut self.backoff, now);
            }
        }
        self.waiting.insert((entry.due, place));
    }

    /// Makes everything due now, and the proxy worth a look.
    pub(crate) fn retry(&mut self, now: Timestamp) {
        for (place, entry) in &mut self.entries {
            if entry.flight == Flight::None {
                self.waiting.remove(&(entry.due, *place));
                entry.due = now;
                entry.failures = 0;
                self.waiting.insert((now, *place));
            }
        }
        self.standing.probe_now(now);
    }

    fn leave(&mut self, place: Place) {
        self.entries.remove(&place);
        if let Some(left) = &mut self.left {
            left.insert(place);
        }
    }

    /// The entry that has waited longest for a try, if the proxy may be looked at now: one at a time, and only once
    /// the calls from before the outage have ended.
    fn probe(&self, now: Timestamp) -> Option<(Timestamp, Place)> {
        if self.in_flight > 0 || self.standing.is_probing() {
            return None;
        }
        let first = self.backoff.first();
        let may = |place: Place| self.standing.probe_at(place, first).is_some_and(|at| at <= now);
        let candidates = self.waiting.iter().filter(|(_, place)| may(*place));
        candidates
            .min_by_key(|(due, place)| {
                (
                    self.entries.get(place).and_then(|entry| entry.tried),
                    *due,
                    *place,
                )
            })
            .copied()
    }

    /// A clock that was set back must not keep anything waiting for longer than the longest backoff.
    fn heed(&mut self, now: Timestamp) {
        if now < self.seen {
            let limit = plus(now, self.backoff.longest());
            let late: Vec<_> = self
                .waiting
                .iter()
                .rev()
                .take_while(|(due, _)| *due > limit)
                .copied()
                .collect();
            for (due, place) in late {
                self.waiting.remove(&(due, place));
                self.waiting.insert((now, place));
                if let Some(entry) = self.entries.get_mut(&place) {
                    entry.due = now;
                }
            }
            self.standing.probe_now(now);
        }
        self.seen = now;
    }
}

#[cfg(test)]
mod tests;
