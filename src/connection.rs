//! Connections: counted, cut off by deadlines, and told when the service stops.
//!
//! | file | what it holds |
//! |---|---|
//! | `listen.rs` | [`listen::Listening`]: accepts, serves, stops |
//! | `stream.rs` | a connection's bytes, and its one timer |
//! | `attend.rs` | [`attend::Attend`]: the middleware that says when a request is being worked on |
//! | `refusal.rs` | answers to those who get no further |
//! | `upgrade.rs` | requests that ask for another protocol, which there is none of |
//!
//! A connection has one deadline at a time: for the head of a request while it waits for one, for progress while an
//! answer can't be written, none while a handler works, whose body has a deadline of its own.

pub mod attend;
pub mod listen;
mod refusal;
mod stream;
mod upgrade;

use std::cell::{Cell, RefCell};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use stream::Stream;

/// How many connections there may be, how many there are, and whether the service stops.
#[derive(Debug)]
pub struct Gate {
    limit: usize,
    open: AtomicUsize,
    refusing: AtomicUsize,
    stopping: AtomicBool,
}

/// Refusals that may be said at once; whoever comes on top of them is cut off without a word.
const REFUSALS: usize = 256;

impl Gate {
    /// Lets `limit` connections in.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            open: AtomicUsize::new(0),
            refusing: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        }
    }

    /// Connections that are served now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether connections end with the answer that is being given.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn enter(self: &Arc<Self>) -> Option<Place> {
        Place::take(self, self.limit, |gate| &gate.open)
    }

    fn refuse(self: &Arc<Self>) -> Option<Place> {
        Place::take(self, REFUSALS, |gate| &gate.refusing)
    }
}

/// One of a bounded number of connections, as long as it lives.
struct Place {
    gate: Arc<Gate>,
    counter: fn(&Gate) -> &AtomicUsize,
}

impl Place {
    fn take(gate: &Arc<Gate>, limit: usize, counter: fn(&Gate) -> &AtomicUsize) -> Option<Self> {
        let before = counter(gate).fetch_add(1, Ordering::Relaxed);
        let place = Self {
            gate: gate.clone(),
            counter,
        };
        (before < limit).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        (self.counter)(&self.gate).fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a connection's stream, the requests on it and the service know of one another.
#[derive(Debug, Default)]
struct Line {
    working: Cell<bool>,
    /// The connection once more, to be served from here on.
    again: RefCell<Option<Stream>>,
    /// The socket of a connection whose last answer was held back, as it looks like the parser's own.
    held_back: RefCell<Option<TcpStream>>,
}

/// A request that is being worked on, until the last of its answer has been made.
#[derive(Debug)]
struct Working(Rc<Line>);

impl Working {
    fn begin(line: &Rc<Line>) -> Self {
        line.working.set(true);
        Self(line.clone())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.set(false);
    }
}
