//! Counters of the actors: commands that wait, commands that were refused, actors that were lost.

use super::requests::Directory;
use crate::ask::{Kind, Supervisor};
use actix::{Actor, Context};
use std::sync::PoisonError;

/// The counters of all actors of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorsStatus {
    /// The kind.
    pub kind: &'static str,
    /// Number of actors.
    pub running: usize,
    /// Commands that they have not answered yet. A beamline's include those that it passed on to
    /// its sessions.
    pub waiting: usize,
    /// The largest number of such commands for one actor.
    pub longest: usize,
    /// Commands that were refused because a mailbox was full.
    pub refused: u64,
    /// Actors that were lost and replaced.
    pub respawns: u64,
}

impl ActorsStatus {
    fn of(kind: &Kind, waiting: impl Iterator<Item = usize>) -> Self {
        let none = Self {
            kind: kind.name(),
            running: 0,
            waiting: 0,
            longest: 0,
            refused: kind.refused(),
            respawns: kind.respawns(),
        };
        waiting.fold(none, |sum, one| Self {
            running: sum.running + 1,
            waiting: sum.waiting + one,
            longest: sum.longest.max(one),
            ..sum
        })
    }

    fn of_one<A: Actor<Context = Context<A>>>(supervisor: &Supervisor<A>) -> Self {
        Self::of(supervisor.kind(), std::iter::once(supervisor.waiting()))
    }
}

impl Directory {
    /// The counters of each kind of actors. Sends them no message.
    #[must_use]
    pub fn actors(&self) -> [ActorsStatus; 4] {
        let beamlines = {
            let running = self.beamlines.read().unwrap_or_else(PoisonError::into_inner);
            ActorsStatus::of(
                &self.beamline_kind,
                running.values().map(|supervisor| supervisor.waiting()),
            )
        };
        [
            beamlines,
            ActorsStatus::of_one(&*self.facility),
            ActorsStatus::of_one(&self.access),
            ActorsStatus::of_one(&*self.forwarder),
        ]
    }

    /// Number of actors that were lost and replaced.
    #[must_use]
    pub fn respawns(&self) -> u64 {
        self.actors().iter().map(|actors| actors.respawns).sum()
    }

    /// Most commands that wait for one actor.
    #[must_use]
    pub fn mailbox_capacity(&self) -> usize {
        self.mailbox
    }
}
