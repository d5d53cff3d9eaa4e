//! How the actors stand: what waits for them, and how often one was lost.

use super::Directory;
use crate::ask::{Keeper, Kind};
use actix::{Actor, Context};
use std::sync::PoisonError;

/// The actors of one kind, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorsStatus {
    /// The kind.
    pub kind: &'static str,
    /// How many there are.
    pub running: usize,
    /// Commands they were given and have not answered. Those of a beamline include what its sessions are at.
    pub waiting: usize,
    /// Such commands of the actor that has most of them.
    pub longest: usize,
    /// Commands that were refused because a mailbox was full.
    pub refused: u64,
    /// Actors that were lost and brought back.
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

    fn of_one<A: Actor<Context = Context<A>>>(keeper: &Keeper<A>) -> Self {
        Self::of(keeper.kind(), std::iter::once(keeper.waiting()))
    }
}

impl Directory {
    /// How the actors of each kind stand. Asks none of them; looks at a number for each beamline that has an actor.
    #[must_use]
    pub fn actors(&self) -> [ActorsStatus; 4] {
        let beamlines = {
            let running = self.beamlines.read().unwrap_or_else(PoisonError::into_inner);
            ActorsStatus::of(
                &self.beamline_kind,
                running.values().map(|keeper| keeper.waiting()),
            )
        };
        [
            beamlines,
            ActorsStatus::of_one(&self.facility),
            ActorsStatus::of_one(&self.access),
            ActorsStatus::of_one(&*self.forwarder),
        ]
    }

    /// How many actors had to be brought back.
    #[must_use]
    pub fn respawns(&self) -> u64 {
        self.actors().iter().map(|actors| actors.respawns).sum()
    }

    /// Messages that wait for one actor, at most.
    #[must_use]
    pub fn mailbox_capacity(&self) -> usize {
        self.mailbox
    }
}
