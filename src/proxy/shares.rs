//! Who may have a body made: so many at once, so many of one address and of one project. Who takes almost nothing gives up its
//! place when somebody else wants it.

use super::disk::Operation;
use super::pace::Pace;
use crate::limits::rate::whole;
use beamlive_storage::ids::ProjectId;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Places of all.
    pub all: usize,
    /// Of one address; of one network of 64 bits, where addresses are that long.
    pub per_address: usize,
    /// Of the directories of one project.
    pub per_project: usize,
    /// Bytes a second below which a place is given up for others.
    pub slowest: u64,
    /// For how long it is measured.
    pub window: Duration,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Full {
    /// All are taken, and all who have them read.
    #[error("too many archives are being sent")]
    All,
    /// The address has its share.
    #[error("{0} archives are being sent to your address already: try again when one has ended")]
    Address(usize),
    /// The project has its share.
    #[error("{0} archives of this project are being sent already: try again when one has ended")]
    Project(usize),
}

/// The places.
#[derive(Debug, Clone)]
pub struct Shares {
    bounds: Bounds,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    readers: HashMap<u64, Reader>,
    next: u64,
}

/// Who has a place.
struct Reader {
    address: IpAddr,
    project: Option<ProjectId>,
    pace: Pace,
    thread: Option<(Arc<Operation>, Duration)>,
    end: Option<Box<dyn FnOnce() + Send>>,
}

/// A place. It is free again when this is dropped, or given up.
#[derive(Debug)]
pub struct Place {
    taken: Arc<Mutex<Taken>>,
    number: u64,
}

impl Shares {
    /// Nobody has a place yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            taken: Arc::default(),
        }
    }

    /// A place for a body that goes to `address`, of a directory of `project`. Where there is none, the slowest of those in question
    /// who take almost nothing gives up theirs.
    ///
    /// # Errors
    /// [`Full`].
    pub fn enter(&self, address: IpAddr, project: Option<ProjectId>, now: Instant) -> Result<Place, Full> {
        let address = whole(address);
        let Bounds {
            all,
            per_address,
            per_project,
            ..
        } = self.bounds;
        let mut taken = lock(&self.taken);
        let mut ended = Vec::new();
        let of_project = |reader: &Reader| project.is_some() && reader.project == project;
        let made = self
            .room(
                &mut taken,
                per_address,
                now,
                |reader| reader.address == address,
                &mut ended,
            )
            .ok_or(Full::Address(per_address))
            .and_then(|()| {
                self.room(&mut taken, per_project, now, of_project, &mut ended)
                    .ok_or(Full::Project(per_project))
            })
            .and_then(|()| {
                self.room(&mut taken, all, now, |_| true, &mut ended)
                    .ok_or(Full::All)
            });
        let entered = made.map(|()| {
            taken.next += 1;
            let number = taken.next;
            let reader = Reader {
                address,
                project,
                pace: Pace::new(self.bounds.window, now),
                thread: None,
                end: None,
            };
            taken.readers.insert(number, reader);
            Place {
                taken: self.taken.clone(),
                number,
            }
        });
        drop(taken);
        for end in ended {
            end();
        }
        entered
    }

    /// Makes room for one more among those that `counts` counts: none when they are too many, and all of them read.
    fn room(
        &self,
        taken: &mut Taken,
        most: usize,
        now: Instant,
        counts: impl Fn(&Reader) -> bool,
        ended: &mut Vec<Box<dyn FnOnce() + Send>>,
    ) -> Option<()> {
        let counted = || taken.readers.iter().filter(|(_, reader)| counts(reader));
        if counted().count() < most {
            return Some(());
        }
        // Nothing more comes of it when its disk does not answer, however fast its client is.
        let is_stuck = |reader: &Reader| {
            let thread = reader.thread.as_ref();
            thread.is_some_and(|(operation, deadline)| operation.is_stuck(now, *deadline))
        };
        let slow = counted().filter_map(|(number, reader)| {
            let pace = match is_stuck(reader) {
                true => 0,
                false => reader
                    .pace
                    .per_second(now)
                    .filter(|pace| *pace < self.bounds.slowest)?,
            };
            Some((pace, *number))
        });
        let (pace, number) = slow.min()?;
        let reader = taken.readers.remove(&number)?;
        tracing::warn!(address = %reader.address, bytes_per_second = pace, "a slow reader of an archive gives up its place");
        ended.extend(reader.end);
        Some(())
    }
}

impl Place {
    /// Says who works for it, and how that is ended when the place is given up.
    pub fn occupied(
        &self,
        operation: Arc<Operation>,
        deadline: Duration,
        end: impl FnOnce() + Send + 'static,
    ) {
        self.change(|reader| {
            reader.thread = Some((operation, deadline));
            reader.end = Some(Box::new(end));
        });
    }

    /// The client took something.
    pub fn took(&self, bytes: usize, now: Instant) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.change(|reader| reader.pace.took(bytes, now));
    }

    /// The client waits for us.
    pub fn starves(&self, now: Instant) {
        self.change(|reader| reader.pace.starves(now));
    }

    /// Lets others have it, though this lives on.
    pub fn give_up(&self) {
        lock(&self.taken).readers.remove(&self.number);
    }

    fn change(&self, change: impl FnOnce(&mut Reader)) {
        if let Some(reader) = lock(&self.taken).readers.get_mut(&self.number) {
            change(reader);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("address", &self.address)
            .field("project", &self.project)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
