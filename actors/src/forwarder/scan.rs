//! Pure: when the outbox is read again, and from where.
//!
//! A pass reads the whole table in pages, as the window has room for them. Rows may be added behind
//! the place where a pass is, so a further pass is wanted after each addition.

use super::backoff::{is_due, later};
use super::outbox::Page;
use beamlive_storage::Timestamp;
use std::time::Duration;

/// A pass starts at least this often: other nodes add rows without asking for one.
pub(crate) const SWEEP: Duration = Duration::from_secs(60);
/// Rest after a pass for every thousand rows: it keeps reading a small part of the work.
const REST: Duration = Duration::from_millis(10);
const LONGEST_REST: Duration = Duration::from_secs(10);
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Scan {
    /// Rows may have been added since the last pass began.
    pub(crate) wanted: bool,
    /// The running pass: the key at which its next page starts, and how many rows it has read. The
    /// key is empty for the first page.
    pass: Option<(Vec<u8>, usize)>,
    /// Whether its rows are due now, even if they have failed before.
    pub(crate) eager: bool,
    rest_until: Timestamp,
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

    /// Whether there may be rows in the outbox that were not read yet.
    pub(crate) fn is_behind(&self) -> bool {
        self.wanted || self.pass.is_some()
    }

    /// The key at which the page to read now starts; `None` when there is nothing to read.
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        if self.pass.is_none() {
            if !is_due(self.pass_at(), now, SWEEP + LONGEST_REST) {
                return None;
            }
            self.wanted = false;
        }
        Some(self.pass.get_or_insert_default().0.clone())
    }

    /// The page that was to be read next was read. If it could not be, the pass starts again.
    pub(crate) fn page_read(&mut self, page: Option<&Page>, now: Timestamp) {
        let (_, before) = self.pass.take().unwrap_or_default();
        let Some(page) = page else {
            self.wanted = true;
            self.rest_until = later(now, REST_AFTER_FAILURE);
            return;
        };
        let rows = before + page.rows.len();
        if let Some(next) = &page.next {
            self.pass = Some((next.clone(), rows));
            return;
        }
        let thousands = u32::try_from(rows / 1000).unwrap_or(u32::MAX);
        self.rest_until = later(now, REST.saturating_mul(thousands).min(LONGEST_REST));
        self.eager = false;
    }

    /// When the next pass may start, if that is in the future.
    pub(crate) fn next_at(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.pass_at()).filter(|at| self.pass.is_none() && *at > now)
    }

    fn pass_at(&self) -> Timestamp {
        match self.wanted {
            true => self.rest_until,
            false => later(self.rest_until, SWEEP),
        }
    }
}

#[cfg(test)]
mod tests;
