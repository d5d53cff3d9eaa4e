//! Lets programs run: each on a connection of its own, its requests when they are due.

use super::alarm::Alarm;
use super::answer::Answer;
use super::client::{Connection, Target};
use super::ledger::Ledger;
use super::measure::Recorder;
use super::plan::Arrivals;
use super::program::{Operation, Outcome, Program};
use beamlive_actors::clock::{Clock, SystemClock};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{watch, Barrier};

/// How long a program in a closed loop waits when nobody listens.
const PAUSE: Duration = Duration::from_millis(100);

/// A program, and when its requests are due.
pub struct Job {
    /// What asks.
    pub program: Box<dyn Program>,
    /// When.
    pub arrivals: Arrivals,
}

/// What all programs of a run share.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// The service.
    pub target: Arc<Target>,
    /// How long requests are due.
    pub duration: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Becomes true when the run is to end early.
    pub stop: watch::Receiver<bool>,
    /// Where all wait for all others to have opened.
    pub opened: Arc<Barrier>,
}

/// The connection of a program, kept as long as it goes.
struct Line {
    target: Arc<Target>,
    timeout: Duration,
    connection: Option<Connection>,
    answer: Option<Answer>,
}

impl Line {
    async fn ask(&mut self, request: &[u8]) -> Outcome {
        self.answer = None;
        let connection = match self.connection.take().filter(Connection::is_usable) {
            Some(connection) => Ok(connection),
            None => match tokio::time::timeout(self.timeout, Connection::open(self.target.address)).await {
                Ok(Ok(connection)) => Ok(connection),
                Ok(Err(_)) | Err(_) => Err(Outcome::NoConnection),
            },
        };
        let mut connection = match connection {
            Ok(connection) => connection,
            Err(outcome) => return outcome,
        };
        match tokio::time::timeout(self.timeout, connection.exchange(request)).await {
            Ok(Ok(answer)) => {
                let outcome = Outcome::Status(answer.status);
                self.answer = Some(answer);
                self.connection = Some(connection);
                outcome
            }
            Ok(Err(error)) if error.kind() == ErrorKind::InvalidData => Outcome::Garbled,
            Ok(Err(_)) => Outcome::Broken,
            Err(_) => Outcome::TimedOut,
        }
    }

    fn body(&self) -> &[u8] {
        match (&self.connection, &self.answer) {
            (Some(connection), Some(answer)) => connection.body(answer),
            _ => &[],
        }
    }
}

/// One program at work.
struct Worker {
    program: Box<dyn Program>,
    line: Line,
    recorder: Recorder,
    request: Vec<u8>,
}

impl Worker {
    /// Sends what was written into `request`; it was due at `due`.
    async fn send(&mut self, operation: Operation, due: Instant) -> Outcome {
        let outcome = self.line.ask(&self.request).await;
        let took = due.elapsed();
        self.program.heard(outcome, self.line.body());
        self.recorder.with(|tally| tally.enter(operation, outcome, took));
        self.request.clear();
        outcome
    }

    async fn next(&mut self, due: Instant) -> Outcome {
        let operation = self.program.next(SystemClock.now(), &mut self.request);
        self.send(operation, due).await
    }
}

/// Runs one program to its end; what it has to show.
///
/// # Errors
/// When the system gives no timer.
pub async fn run(job: Job, conditions: Conditions, recorder: Recorder) -> std::io::Result<Option<Ledger>> {
    let Job {
        program,
        mut arrivals,
    } = job;
    let mut worker = Worker {
        program,
        line: Line {
            target: conditions.target,
            timeout: conditions.timeout,
            connection: None,
            answer: None,
        },
        recorder,
        request: Vec::new(),
    };
    let mut stop = conditions.stop;
    if let Some(operation) = worker.program.opening(SystemClock.now(), &mut worker.request) {
        worker.send(operation, Instant::now()).await;
    }
    conditions.opened.wait().await;
    let (start, duration) = (Instant::now(), conditions.duration);
    if matches!(arrivals, Arrivals::FlatOut) {
        while start.elapsed() < duration && !*stop.borrow() {
            if worker.next(Instant::now()).await == Outcome::NoConnection {
                tokio::time::sleep(PAUSE).await;
            }
        }
    } else {
        let alarm = Alarm::new()?;
        let mut waiting = None;
        while let Some(offset) = arrivals.due().filter(|offset| *offset < duration) {
            let due = start + offset;
            if Instant::now() < due {
                tokio::select! {
                    rung = alarm.until(due) => rung?,
                    _ = stop.wait_for(|stop| *stop) => {}
                }
                worker.recorder.with(|tally| tally.enter_lateness(due.elapsed()));
            }
            if start.elapsed() >= duration || *stop.borrow() {
                waiting = Some(offset);
                break;
            }
            worker.next(due).await;
        }
        // What was due before the end, and could not be sent because the answers before it took too long.
        let end = start.elapsed().min(duration);
        let unsent = u64::from(waiting.is_some_and(|offset| offset < end))
            + match waiting {
                Some(_) => arrivals.left_until(end),
                None => 0,
            };
        worker.recorder.with(|tally| tally.unsent += unsent);
    }
    if let Some(operation) = worker.program.ending(SystemClock.now(), &mut worker.request) {
        worker.send(operation, Instant::now()).await;
    }
    Ok(worker.program.into_ledger())
}
