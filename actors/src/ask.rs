//! How a caller asks an actor: a bounded mailbox, an answer that can't hang, and an actor that can be lost.
//!
//! A panicking actix actor is gone for good. [`Keeper`] notices the closed mailbox or the answer that never comes,
//! starts a successor, which reads its state from the store, and tries the command once more.

mod kind;

pub use kind::{Answer, Kind};

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Context, Handler, Message};
use kind::Waiting;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use tokio::sync::oneshot;

/// Something an actor does, and what it answers.
pub trait Command: Send + 'static {
    /// The answer.
    type Reply: Send + 'static;
}

/// A command on its way, with the place for its answer.
#[derive(Debug)]
pub struct Ask<C: Command> {
    /// What to do.
    pub command: C,
    /// Where the answer goes. Dropping it tells the caller that the actor was lost.
    pub reply: Answer<C::Reply>,
}

impl<C: Command> Message for Ask<C> {
    type Result = ();
}

/// Why nothing was done. All of these pass, or an operator must act: the caller may try again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// A mailbox or the writer's queue is full.
    #[error("the service is busy: try again in a moment")]
    Busy,
    /// The store has stopped writing.
    #[error("writes are off: {0}")]
    WritesOff(Arc<str>),
    /// The actor was lost twice on the same command.
    #[error("the {0} actor was lost twice on this request")]
    Lost(&'static str),
    /// Other writers were faster every time.
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
        Self::Unreadable(error.to_string().into())
    }
}

/// Keeps one actor running.
pub struct Keeper<A: Actor> {
    kind: Arc<Kind>,
    start: Box<dyn Fn() -> Addr<A> + Send + Sync>,
    current: Mutex<Addr<A>>,
    waiting: Waiting,
}

impl<A: Actor<Context = Context<A>>> Keeper<A> {
    /// Starts an actor of `kind`; `start` is called again whenever it is lost.
    pub fn new(kind: Arc<Kind>, start: impl Fn() -> Addr<A> + Send + Sync + 'static) -> Self {
        Self {
            kind,
            current: Mutex::new(start()),
            start: Box::new(start),
            waiting: Waiting::default(),
        }
    }

    /// What is counted of actors of its kind.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Commands that the actor was given and has not answered: those in its mailbox, and those it is at.
    pub fn waiting(&self) -> usize {
        self.waiting.count()
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
    /// [`Unavailable::Busy`] at once when the mailbox is full; [`Unavailable::Lost`] when the actor was lost on this
    /// command twice.
    pub async fn ask<C>(&self, command: C) -> Result<C::Reply, Unavailable>
    where
        C: Command + Clone,
        A: Handler<Ask<C>>,
        Context<A>: ToEnvelope<A, Ask<C>>,
    {
        for _ in 0..2 {
            // actix lets every clone of an address send once into a full mailbox, so the bound is kept here.
            let Some(place) = self.waiting.place(self.kind.capacity()) else {
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
