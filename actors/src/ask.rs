//! Asking an actor: its mailbox is bounded, an answer always comes, and a lost actor is replaced.
//!
//! An actix actor that panics does not come back. [`Supervisor`] notices the closed mailbox or the
//! dropped answer, starts a successor, which reads its state from the store, and sends the command
//! once more.

mod kind;

pub use kind::{Answer, Kind};

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Context, Handler, Message};
use beamlive_storage::{CommitError, EngineError};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use tokio::sync::{oneshot, Semaphore};

/// What an actor can be asked.
pub trait Command: Send + 'static {
    /// The answer.
    type Reply: Send + 'static;
}

/// The message of a command, with the place for its answer.
#[derive(Debug)]
pub struct Ask<C: Command> {
    /// What to do.
    pub command: C,
    /// The place for the answer. Dropping it tells the caller that the actor was lost.
    pub reply: Answer<C::Reply>,
}

impl<C: Command> Message for Ask<C> {
    type Result = ();
}

/// Why nothing was done. The caller may try again: each cause passes, or an operator must act.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// A mailbox or the writer's queue is full.
    #[error("the service is busy: try again in a moment")]
    Busy,
    /// The store has stopped writing.
    #[error("writes are off: {0}")]
    WritesOff(Arc<str>),
    /// The database was away for longer than it is waited for.
    #[error("the database was away for too long: {0}; try again later")]
    Away(Arc<str>),
    /// The actor was lost twice on the same command.
    #[error("the {0} actor was lost twice on this request")]
    Lost(&'static str),
    /// Other writers changed the same record first, each time.
    #[error("too many others changed the same record: try again in a moment")]
    Contended,
    /// The store could not be read.
    #[error("the store can't be read: {0}")]
    Unreadable(Arc<str>),
    /// The users' files could not be read.
    #[error("the disk can't be read: {0}")]
    Disk(Arc<str>),
}

impl From<beamlive_storage::Unavailable> for Unavailable {
    fn from(error: beamlive_storage::Unavailable) -> Self {
        match error {
            beamlive_storage::Unavailable::QueueFull => Self::Busy,
            beamlive_storage::Unavailable::WritesOff(reason) => Self::WritesOff(reason),
        }
    }
}

impl From<beamlive_storage::ReadError> for Unavailable {
    fn from(error: beamlive_storage::ReadError) -> Self {
        if let beamlive_storage::ReadError::Engine(EngineError::Away(reason)) = error {
            return Self::Away(reason.into());
        }
        Self::Unreadable(error.to_string().into())
    }
}

/// A conflict counts as one that further tries did not solve.
impl From<CommitError> for Unavailable {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict(_) => Self::Contended,
            CommitError::WritesOff(reason) => Self::WritesOff(reason),
            CommitError::Away(reason) => Self::Away(reason),
        }
    }
}

/// Keeps one actor running: replaces it when it is lost.
pub struct Supervisor<A: Actor> {
    kind: Arc<Kind>,
    start: Box<dyn Fn() -> Addr<A> + Send + Sync>,
    current: Mutex<Addr<A>>,
    /// One permit for each command that may wait for the actor.
    places: Arc<Semaphore>,
}

impl<A: Actor<Context = Context<A>>> Supervisor<A> {
    /// Starts an actor of `kind`; `start` is called again whenever it is lost.
    pub fn new(kind: Arc<Kind>, start: impl Fn() -> Addr<A> + Send + Sync + 'static) -> Self {
        Self {
            current: Mutex::new(start()),
            start: Box::new(start),
            places: Arc::new(Semaphore::new(kind.capacity())),
            kind,
        }
    }

    /// The kind of the actor.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Commands that the actor has not answered yet.
    pub fn waiting(&self) -> usize {
        self.kind
            .capacity()
            .saturating_sub(self.places.available_permits())
    }

    /// The actor's present address.
    pub fn address(&self) -> Addr<A> {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Sends `command` and waits for the answer.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] at once when the mailbox is full; [`Unavailable::Lost`] when the actor
    /// was lost on this command twice.
    pub async fn ask<C>(&self, command: C) -> Result<C::Reply, Unavailable>
    where
        C: Command + Clone,
        A: Handler<Ask<C>>,
        Context<A>: ToEnvelope<A, Ask<C>>,
    {
        for _ in 0..2 {
            // actix lets every clone of an address send once into a full mailbox, so the bound is
            // here.
            let Ok(place) = self.places.clone().try_acquire_owned() else {
                self.kind.refuse();
                return Err(Unavailable::Busy);
            };
            let address = self.address();
            let (reply, answer) = oneshot::channel();
            match address.try_send(Ask {
                command: command.clone(),
                reply: Answer::counted(reply, place),
            }) {
                Ok(()) => {
                    if let Ok(answer) = answer.await {
                        return Ok(answer);
                    }
                }
                Err(actix::prelude::SendError::Full(_)) => {
                    self.kind.refuse();
                    return Err(Unavailable::Busy);
                }
                Err(actix::prelude::SendError::Closed(_)) => {}
            }
            self.replace(&address);
        }
        Err(Unavailable::Lost(self.kind.name()))
    }

    /// Starts a successor, unless another caller already has.
    fn replace(&self, lost: &Addr<A>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == *lost {
            tracing::error!(
                actor = self.kind.name(),
                "actor lost; starting a successor from the store"
            );
            self.kind.respawn();
            *current = (self.start)();
        }
    }
}

#[cfg(test)]
mod tests;
