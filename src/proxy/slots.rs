//! Limits on the bodies that are made at once: in total, for each address and for each project.
//! When a limit is reached, the slowest client below the minimum rate loses its slot.
//!
//! The counts overlap and slots can be taken away, which a semaphore can't express.

use super::disk::Operation;
use super::read_rate::ReadRate;
use crate::limits::network::whole;
use beamlive_storage::ids::ProjectId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotLimits {
    /// All slots.
    pub all: usize,
    /// Slots for one IPv4 address or one IPv6 network of 64 bits.
    pub per_address: usize,
    /// Slots for the directories of one project.
    pub per_project: usize,
    /// A client that reads fewer bytes a second may lose its slot.
    pub slowest: u64,
    /// The time over which the rate is measured.
    pub window: Duration,
}

/// Why there is no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoSlot {
    /// All are in use.
    #[error("too many archives are being sent")]
    All,
    /// The limit for the address is reached.
    #[error("{0} archives are being sent to your address already: try again when one has ended")]
    Address(usize),
    /// The limit for the project is reached.
    #[error("{0} archives of this project are being sent already: try again when one has ended")]
    Project(usize),
}

/// All slots.
#[derive(Debug, Clone)]
pub struct Slots {
    limits: SlotLimits,
    holders: Arc<Mutex<Holders>>,
}

#[derive(Debug, Default)]
struct Holders {
    by_number: HashMap<u64, Holder>,
    next: u64,
}

/// The holder of a slot.
struct Holder {
    address: IpAddr,
    project: Option<ProjectId>,
    rate: ReadRate,
    producer: Option<(Arc<Operation>, Duration)>,
    end: Option<Box<dyn FnOnce() + Send>>,
}

/// Selects the holders that a limit counts.
type Selects<'a> = &'a dyn Fn(&Holder) -> bool;

/// A slot. It is released when this is dropped, unless the holder has lost it before.
#[derive(Debug)]
pub struct Slot {
    holders: Arc<Mutex<Holders>>,
    number: u64,
}

impl Slots {
    /// No slot is in use yet.
    #[must_use]
    pub fn new(limits: SlotLimits) -> Self {
        Self {
            limits,
            holders: Arc::default(),
        }
    }

    /// A slot for a body that is sent to `address`, made from a directory of `project`.
    ///
    /// # Errors
    /// [`NoSlot`] if a limit is reached and no client is slow.
    pub fn acquire(&self, address: IpAddr, project: Option<ProjectId>, now: Instant) -> Result<Slot, NoSlot> {
        let address = whole(address);
        let (per_address, per_project) = (self.limits.per_address, self.limits.per_project);
        let of_address = |holder: &Holder| holder.address == address;
        let of_project = |holder: &Holder| project.is_some() && holder.project == project;
        let limits: [(usize, Selects<'_>, NoSlot); 3] = [
            (per_address, &of_address, NoSlot::Address(per_address)),
            (per_project, &of_project, NoSlot::Project(per_project)),
            (self.limits.all, &|_| true, NoSlot::All),
        ];
        let mut holders = self.holders.lock();
        let mut evicted = Vec::new();
        let reached = limits.into_iter().find_map(|(limit, counts, error)| {
            let fits = self.make_room(&mut holders, limit, counts, now, &mut evicted);
            (!fits).then_some(error)
        });
        let slot = match reached {
            Some(error) => Err(error),
            None => Ok(self.insert(&mut holders, address, project, now)),
        };
        drop(holders);
        for end in evicted {
            end();
        }
        slot
    }

    /// Whether there are fewer than `limit` holders that `counts` selects. If not, the slowest of
    /// them below the minimum rate loses its slot.
    fn make_room(
        &self,
        holders: &mut Holders,
        limit: usize,
        counts: impl Fn(&Holder) -> bool,
        now: Instant,
        evicted: &mut Vec<Box<dyn FnOnce() + Send>>,
    ) -> bool {
        let counted = || holders.by_number.iter().filter(|(_, holder)| counts(holder));
        if counted().count() < limit {
            return true;
        }
        let slow = counted().filter_map(|(number, holder)| {
            let rate = holder.rate(now).filter(|rate| *rate < self.limits.slowest)?;
            Some((rate, *number))
        });
        let Some((rate, number)) = slow.min() else {
            return false;
        };
        if let Some(holder) = holders.by_number.remove(&number) {
            tracing::warn!(address = %holder.address, bytes_per_second = rate, "a slow reader of an archive loses its slot");
            evicted.extend(holder.end);
        }
        true
    }

    fn insert(
        &self,
        holders: &mut Holders,
        address: IpAddr,
        project: Option<ProjectId>,
        now: Instant,
    ) -> Slot {
        holders.next += 1;
        let holder = Holder {
            address,
            project,
            rate: ReadRate::new(self.limits.window, now),
            producer: None,
            end: None,
        };
        holders.by_number.insert(holders.next, holder);
        Slot {
            holders: self.holders.clone(),
            number: holders.next,
        }
    }
}

impl Holder {
    /// Bytes a second, if known. Nothing more is sent if the thread is stuck, whatever the client
    /// reads.
    fn rate(&self, now: Instant) -> Option<u64> {
        let is_stuck = self
            .producer
            .as_ref()
            .is_some_and(|(operation, deadline)| operation.is_stuck(now, *deadline));
        match is_stuck {
            true => Some(0),
            false => self.rate.per_second(now),
        }
    }
}

impl Slot {
    /// Sets the operation that makes the body, and how to end it when the slot is lost.
    pub fn set_producer(
        &self,
        operation: Arc<Operation>,
        deadline: Duration,
        end: impl FnOnce() + Send + 'static,
    ) {
        self.change(|holder| {
            holder.producer = Some((operation, deadline));
            holder.end = Some(Box::new(end));
        });
    }

    /// The client has received `bytes`.
    pub fn received(&self, bytes: usize, now: Instant) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.change(|holder| holder.rate.received(bytes, now));
    }

    /// The client waits for the service.
    pub fn waits(&self, now: Instant) {
        self.change(|holder| holder.rate.waits(now));
    }

    /// Releases the slot before it is dropped.
    pub fn release(&self) {
        self.holders.lock().by_number.remove(&self.number);
    }

    fn change(&self, change: impl FnOnce(&mut Holder)) {
        if let Some(holder) = self.holders.lock().by_number.get_mut(&self.number) {
            change(holder);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.release();
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder")
            .field("address", &self.address)
            .field("project", &self.project)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
