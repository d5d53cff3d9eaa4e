//! How a caller asks an actor: a bounded number at once, an answer that can't hang, and an actor that can be lost.
//!
//! A panicking actix actor is gone for good. [`Keeper`] notices the closed mailbox or the answer that never comes,
//! starts a successor, which reads its state from the store, and tries the command once more.

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Context, Handler, Message};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use tokio::sync::{oneshot, OwnedSemaphorePermit, Semaphore};

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
    pub reply: Waiting<C::Reply>,
}

/// A caller who waits for an answer, and has one of the actor's places as long as it has not been given.
#[derive(Debug)]
pub struct Waiting<R> {
    answer: oneshot::Sender<R>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<R> Waiting<R> {
    /// Gives the answer.
    ///
    /// # Errors
    /// The answer, when nobody waits for it any more.
    pub fn send(self, answer: R) -> Result<(), R> {
        self.answer.send(answer)
    }
}

impl<R> From<oneshot::Sender<R>> for Waiting<R> {
    /// A caller outside of the actor's places.
    fn from(answer: oneshot::Sender<R>) -> Self {
        Self { answer, _place: None }
    }
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
    name: &'static str,
    start: Box<dyn Fn() -> Addr<A> + Send + Sync>,
    current: Mutex<Addr<A>>,
    /// A mailbox alone bounds nothing: it takes one message more of each clone of its address.
    places: Arc<Semaphore>,
    respawns: Arc<AtomicU64>,
}

impl<A: Actor<Context = Context<A>>> Keeper<A> {
    /// Starts the actor, which has at most `places` callers at once; `start` is called again whenever it is lost.
    /// `respawns` counts these.
    pub fn new(
        name: &'static str,
        places: usize,
        respawns: Arc<AtomicU64>,
        start: impl Fn() -> Addr<A> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            places: Arc::new(Semaphore::new(places)),
            current: Mutex::new(start()),
            start: Box::new(start),
            respawns,
        }
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
    /// [`Unavailable::Busy`] at once when all places are taken; [`Unavailable::Lost`] when the actor was lost on this
    /// command twice.
    pub async fn ask<C>(&self, command: C) -> Result<C::Reply, Unavailable>
    where
        C: Command + Clone,
        A: Handler<Ask<C>>,
        Context<A>: ToEnvelope<A, Ask<C>>,
    {
        for _ in 0..2 {
            let place = self.places.clone().try_acquire_owned();
            let place = place.map_err(|_| Unavailable::Busy)?;
            let address = self.address();
            let (reply, answer) = oneshot::channel();
            match address.try_send(Ask {
                command: command.clone(),
                reply: Waiting {
                    answer: reply,
                    _place: Some(place),
                },
            }) {
                Ok(()) => {
                    if let Ok(answer) = answer.await {
                        return Ok(answer);
                    }
                }
                Err(actix::prelude::SendError::Full(_)) => return Err(Unavailable::Busy),
                Err(actix::prelude::SendError::Closed(_)) => {}
            }
            self.replace(&address);
        }
        Err(Unavailable::Lost(self.name))
    }

    /// Starts a successor, unless another caller already has.
    fn replace(&self, lost: &Addr<A>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == *lost {
            tracing::error!(
                actor = self.name,
                "actor lost; starting a successor from the store"
            );
            self.respawns.fetch_add(1, Ordering::Relaxed);
            *current = (self.start)();
        }
    }
}
