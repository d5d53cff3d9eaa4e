//! Pure: when to read the outbox again, and from where.
//!
//! A round reads the whole table, in pages, as the window has room for it. Whoever adds rows asks for a round; one that
//! began earlier may have passed their places, so it does not count.

use super::standing::plus;
use beamlive_storage::Timestamp;
use std::time::Duration;

/// A round over more rows than these is followed by a rest of so much per row, so that reading stays a small part of the
/// work.
const FREE_ROWS: u32 = 1000;
const REST_PER_ROW: Duration = Duration::from_micros(10);
const LONGEST_REST: Duration = Duration::from_secs(10);
/// After a failed read.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A page that is to be read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) round: u64,
    /// The last key of the page before; none for a round's first page.
    pub(crate) after: Option<Vec<u8>>,
    /// Rows at most.
    pub(crate) limit: usize,
    /// Whether its rows are due now, whatever they have been through.
    pub(crate) eager: bool,
}

#[derive(Debug)]
pub(crate) struct Rounds {
    round: u64,
    running: bool,
    reading: bool,
    wanted: bool,
    /// Whether this round is eager, and the next.
    eager: bool,
    eager_next: bool,
    after: Option<Vec<u8>>,
    rows: u32,
    not_before: Timestamp,
}

impl Rounds {
    /// The first round is wanted at once, and eager: how long the rows have waited is unknown after a start.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            round: 0,
            running: false,
            reading: false,
            wanted: true,
            eager: false,
            eager_next: true,
            after: None,
            rows: 0,
            not_before: now,
        }
    }

    /// There may be new rows.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// Starts over, eagerly, and at once.
    pub(crate) fn start_over(&mut self, now: Timestamp) {
        self.round += 1;
        self.running = false;
        self.reading = false;
        self.wanted = true;
        self.eager_next = true;
        self.not_before = now;
    }

    /// Whether there may be rows that the window has not seen.
    pub(crate) fn is_behind(&self) -> bool {
        self.running || self.wanted
    }

    /// The page to read now, if any; one at a time, and only when at least half of `capacity` is room.
    pub(crate) fn next(&mut self, room: usize, capacity: usize, now: Timestamp) -> Option<Order> {
        // A clock that was set back must not stop the reading.
        self.not_before = self.not_before.min(plus(now, LONGEST_REST));
        if self.reading || room == 0 || room < capacity / 2 {
            return None;
        }
        if !self.running {
            if !self.wanted || now < self.not_before {
                return None;
            }
            self.round += 1;
            self.running = true;
            self.wanted = false;
            self.eager = std::mem::take(&mut self.eager_next);
            self.after = None;
            self.rows = 0;
        }
        self.reading = true;
        Some(Order {
            round: self.round,
            after: self.after.clone(),
            limit: room,
            eager: self.eager,
        })
    }

    /// A page of `rows` was read, up to the key `last`; `ended` when it was the last one. Returns whether it counts:
    /// not when the round was given up meanwhile.
    pub(crate) fn read(
        &mut self,
        round: u64,
        rows: usize,
        last: Option<Vec<u8>>,
        ended: bool,
        now: Timestamp,
    ) -> bool {
        if round != self.round {
            return false;
        }
        self.reading = false;
        self.rows = self.rows.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
        if ended || last.is_none() {
            self.running = false;
            self.not_before = plus(
                now,
                REST_PER_ROW
                    .saturating_mul(self.rows.saturating_sub(FREE_ROWS))
                    .min(LONGEST_REST),
            );
        } else {
            self.after = last;
        }
        true
    }

    /// A page could not be read.
    pub(crate) fn failed(&mut self, round: u64, now: Timestamp) {
        if round == self.round {
            self.reading = false;
            self.running = false;
            self.wanted = true;
            self.eager_next |= self.eager;
            self.not_before = plus(now, REST_AFTER_FAILURE);
        }
    }

    /// When a rest ends that a wanted round waits for.
    pub(crate) fn next_at(&self, now: Timestamp) -> Option<Timestamp> {
        (self.wanted && !self.running && self.not_before > now).then_some(self.not_before)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn key(byte: u8) -> Option<Vec<u8>> {
        Some(vec![byte])
    }

    #[test]
    fn a_round_goes_on_where_its_last_page_ended_and_stops_at_the_end() {
        let mut rounds = Rounds::new(NOW);
        let first = rounds.next(10, 10, NOW).unwrap();
        assert_eq!((first.after, first.limit, first.eager), (None, 10, true));
        assert_eq!(rounds.next(10, 10, NOW), None, "one page at a time");
        assert!(rounds.read(first.round, 10, key(7), false, NOW));
        assert_eq!(rounds.next(4, 10, NOW), None, "no room");
        let second = rounds.next(5, 10, NOW).unwrap();
        assert_eq!((second.after, second.limit, second.eager), (key(7), 5, true));
        assert!(rounds.read(second.round, 3, key(9), true, NOW));
        assert!(!rounds.is_behind());
        assert_eq!(rounds.next(10, 10, Timestamp(i64::MAX)), None);
    }

    #[test]
    fn rows_added_during_a_round_are_looked_for_in_the_next() {
        let mut rounds = Rounds::new(NOW);
        let first = rounds.next(10, 10, NOW).unwrap();
        rounds.want();
        assert!(rounds.read(first.round, 1, key(7), true, NOW));
        assert!(rounds.is_behind());
        let second = rounds.next(10, 10, NOW).unwrap();
        assert_eq!((second.after, second.eager), (None, false));
    }

    #[test]
    fn a_long_outbox_is_read_seldom() {
        let mut rounds = Rounds::new(NOW);
        let first = rounds.next(10, 10, NOW).unwrap();
        rounds.want();
        rounds.read(first.round, 501_000, key(7), true, NOW);
        let later = plus(NOW, Duration::from_secs(5));
        assert_eq!(rounds.next(10, 10, NOW), None);
        assert_eq!(rounds.next_at(NOW), Some(later));
        assert!(rounds.next(10, 10, later).is_some());
    }

    #[test]
    fn a_page_of_a_round_that_was_given_up_does_not_count() {
        let mut rounds = Rounds::new(NOW);
        let old = rounds.next(10, 10, NOW).unwrap();
        rounds.start_over(NOW);
        let new = rounds.next(10, 10, NOW).unwrap();
        assert!(new.eager);
        assert!(!rounds.read(old.round, 3, key(7), false, NOW));
        rounds.failed(old.round, NOW);
        assert!(rounds.read(new.round, 3, key(7), false, NOW));
        assert_eq!(rounds.next(10, 10, NOW).unwrap().after, key(7));
    }

    #[test]
    fn a_failed_read_is_done_again_after_a_rest() {
        let mut rounds = Rounds::new(NOW);
        let first = rounds.next(10, 10, NOW).unwrap();
        rounds.failed(first.round, NOW);
        let later = plus(NOW, REST_AFTER_FAILURE);
        assert_eq!(rounds.next_at(NOW), Some(later));
        assert!(rounds.next(10, 10, later).unwrap().eager);
    }

    #[test]
    fn a_clock_set_back_stops_nothing_for_long() {
        let mut rounds = Rounds::new(NOW);
        let first = rounds.next(10, 10, NOW).unwrap();
        rounds.failed(first.round, NOW);
        let back = Timestamp(NOW.0 - 3_600_000_000);
        assert_eq!(rounds.next(10, 10, back), None);
        assert!(rounds.next(10, 10, plus(back, LONGEST_REST)).is_some());
    }
}
