//! Copies of bodies, within a bound for each and one for all together.

use bytes::Bytes;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// Memory that all copies share, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<AtomicUsize>);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Why a body was not copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is longer than one body may be.
    TooLarge,
    /// All copies together have no room for it.
    NoRoom,
}

/// The copy of a body, as it grows. Its share of the budget is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Capture {
    bytes: Vec<u8>,
    most: usize,
    budget: Budget,
    taken: usize,
    refused: Option<Refused>,
}

impl Capture {
    /// An empty copy of at most `most` bytes.
    pub(super) fn new(most: usize, budget: &Budget) -> Self {
        Self {
            bytes: Vec::new(),
            most,
            budget: budget.clone(),
            taken: 0,
            refused: None,
        }
    }

    /// Adds a piece, unless the body has been given up.
    pub(super) fn add(&mut self, piece: &[u8]) {
        if self.refused.is_some() {
            return;
        }
        if piece.len() > self.most - self.bytes.len() {
            self.give_up(Refused::TooLarge);
        } else if self.budget.take(piece.len()) {
            self.taken += piece.len();
            self.bytes.extend_from_slice(piece);
        } else {
            self.give_up(Refused::NoRoom);
        }
    }

    fn give_up(&mut self, why: Refused) {
        self.refused = Some(why);
        self.bytes = Vec::new();
        self.budget.give_back(std::mem::take(&mut self.taken));
    }

    /// Why it was given up, if it was.
    pub(super) fn refused(&self) -> Option<Refused> {
        self.refused
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A copy of the bytes.
    pub(super) fn to_bytes(&self) -> Bytes {
        Bytes::copy_from_slice(&self.bytes)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_within_both_bounds_is_copied() {
        let budget = Budget::new(10);
        let mut capture = Capture::new(6, &budget);
        capture.add(b"abc");
        capture.add(b"def");
        assert_eq!((capture.bytes(), capture.refused()), (&b"abcdef"[..], None));
    }

    #[test]
    fn a_long_body_is_given_up_and_its_room_is_free_again() {
        let budget = Budget::new(10);
        let mut long = Capture::new(6, &budget);
        long.add(b"abcdef");
        long.add(b"g");
        assert_eq!(
            (long.bytes(), long.refused()),
            (&b""[..], Some(Refused::TooLarge))
        );
        let mut other = Capture::new(10, &budget);
        other.add(b"0123456789");
        assert_eq!(other.refused(), None);
    }

    #[test]
    fn all_bodies_together_have_a_bound() {
        let budget = Budget::new(10);
        let mut first = Capture::new(8, &budget);
        first.add(b"01234567");
        let mut second = Capture::new(8, &budget);
        second.add(b"012");
        assert_eq!(second.refused(), Some(Refused::NoRoom));
        drop(first);
        let mut third = Capture::new(8, &budget);
        third.add(b"01234567");
        assert_eq!(third.refused(), None);
    }
}
