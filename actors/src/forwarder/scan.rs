//! Pure: when the outbox is read again, and from where.
//!
//! A pass reads the whole table in pages, as the window has room for them. Rows may be added behind
//! the place where a pass is, so whoever adds rows asks for a further pass.

use super::backoff::{is_due, later};
use super::outbox::Page;
use beamlive_storage::Timestamp;
use std::time::Duration;

/// Rest after a pass, for each of its rows above [`FREE_ROWS`]: it keeps reading a small part of
/// the work.
const REST_PER_ROW: Duration = Duration::from_micros(10);
const FREE_ROWS: usize = 1000;
const LONGEST_REST: Duration = Duration::from_secs(10);
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Scan {
    /// Rows may have been added since the last pass began.
    wanted: bool,
    /// The pass that is running.
    pass: Option<Pass>,
    /// Whether its rows are due now, even if they have failed before.
    eager: bool,
    rest_until: Timestamp,
}

#[derive(Debug, Default)]
struct Pass {
    /// The key at which the next page starts; empty for the first page.
    start: Vec<u8>,
    rows: usize,
}

impl Scan {
    /// Wants an eager pass at once.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            wanted: true,
            pass: None,
            eager: true,
            rest_until: now,
        }
    }

    /// Asks for a pass, because rows may have been added.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether there may be rows in the outbox that were not read yet.
    pub(crate) fn is_behind(&self) -> bool {
        self.wanted || self.pass.is_some()
    }

    pub(crate) fn is_eager(&self) -> bool {
        self.eager
    }

    /// The key at which the page to read now starts; none when there is nothing to read.
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        if self.pass.is_none() {
            if !self.wanted || !is_due(self.rest_until, now, LONGEST_REST) {
                return None;
            }
            self.wanted = false;
        }
        Some(self.pass.get_or_insert_default().start.clone())
    }

    pub(crate) fn page_read(&mut self, page: &Page, now: Timestamp) {
        let pass = self.pass.get_or_insert_default();
        pass.rows += page.rows.len();
        if let Some(next) = &page.next {
            pass.start.clone_from(next);
            return;
        }
        let rows = u32::try_from(pass.rows.saturating_sub(FREE_ROWS)).unwrap_or(u32::MAX);
        self.rest_until = later(now, REST_PER_ROW.saturating_mul(rows).min(LONGEST_REST));
        self.pass = None;
        self.eager = false;
    }

    /// A page could not be read: the pass starts again.
    pub(crate) fn page_failed(&mut self, now: Timestamp) {
        self.pass = None;
        self.wanted = true;
        self.rest_until = later(now, REST_AFTER_FAILURE);
    }

    /// When the next pass may start, if that is in the future.
    pub(crate) fn next_at(&self, now: Timestamp) -> Option<Timestamp> {
        (self.wanted && self.pass.is_none() && self.rest_until > now).then_some(self.rest_until)
    }
}

#[cfg(test)]
mod tests;
