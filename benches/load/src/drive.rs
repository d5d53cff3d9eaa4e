//! Runs one program on its own connection, with its requests when they are due.

use crate::http::{Connection, Response, Target};
use crate::ledger::Ledger;
use crate::measure::Recorder;
use crate::plan::Arrivals;
use crate::program::{Operation, Outcome, Program};
use crate::timer::PreciseTimer;
use beamlive_actors::clock::{Clock, SystemClock};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{watch, Barrier, Semaphore};

/// How long a program of a closed loop waits after a connection was refused.
const PAUSE: Duration = Duration::from_millis(100);
/// Programs that sign in at once before the run. All are at one address, which has a share of what
/// the service checks.
const SIGN_INS: usize = 8;

/// A program, and when its requests are due.
pub(crate) struct Job {
    pub(crate) program: Box<dyn Program>,
    pub(crate) arrivals: Arrivals,
}

/// What all programs of a run share.
#[derive(Debug, Clone)]
pub(crate) struct RunContext {
    pub(crate) target: Arc<Target>,
    /// How long requests are due.
    pub(crate) duration: Duration,
    /// How long a response may take.
    pub(crate) timeout: Duration,
    /// Becomes true when the run is to end early.
    pub(crate) stop: watch::Receiver<bool>,
    /// All programs wait here until all others have made their first requests.
    pub(crate) ready: Arc<Barrier>,
    /// The turn to sign in.
    sign_ins: Arc<Semaphore>,
}

impl RunContext {
    /// A run of `programs` programs at `target`, which ends early when `stop` becomes true.
    pub(crate) fn new(
        target: Arc<Target>,
        programs: usize,
        duration: Duration,
        timeout: Duration,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            target,
            duration,
            timeout,
            stop,
            ready: Arc::new(Barrier::new(programs + 1)),
            sign_ins: Arc::new(Semaphore::new(SIGN_INS)),
        }
    }
}

/// A program at work, on a connection that is kept between requests.
struct Worker {
    program: Box<dyn Program>,
    context: RunContext,
    connection: Option<Connection>,
    recorder: Recorder,
    request: Vec<u8>,
}

impl Worker {
    /// Sends the request, and returns the response with the connection that has its bytes.
    async fn exchange(&mut self) -> Result<(Connection, Response), Outcome> {
        let timeout = self.context.timeout;
        let kept = match self.connection.take() {
            Some(connection) if connection.is_usable().await => Some(connection),
            _ => None,
        };
        let mut connection = match kept {
            Some(connection) => connection,
            None => {
                let opening = Connection::to(&self.context.target);
                let opened = tokio::time::timeout(timeout, opening).await;
                opened
                    .map_err(|_| Outcome::NoConnection)?
                    .map_err(|_| Outcome::NoConnection)?
            }
        };
        match tokio::time::timeout(timeout, connection.exchange(&self.request)).await {
            Ok(Ok(response)) => Ok((connection, response)),
            Ok(Err(error)) if error.kind() == ErrorKind::InvalidData => Err(Outcome::Garbled),
            Ok(Err(_)) => Err(Outcome::Broken),
            Err(_) => Err(Outcome::TimedOut),
        }
    }

    /// Sends the request that was written, which was due at `due`.
    async fn send(&mut self, operation: Operation, due: Instant) -> Outcome {
        let answer = self.exchange().await;
        let took = due.elapsed();
        let outcome = match answer {
            Ok((connection, response)) => {
                let outcome = Outcome::Status(response.status);
                self.program.answered(outcome, connection.body(&response));
                self.connection = Some(connection);
                outcome
            }
            Err(outcome) => {
                self.program.answered(outcome, &[]);
                outcome
            }
        };
        self.recorder.with(|tally| tally.count(operation, outcome, took));
        self.request.clear();
        outcome
    }

    async fn sign_in(&mut self) {
        let turns = Arc::clone(&self.context.sign_ins);
        let turn = turns.acquire().await;
        // Many programs sign in for a while, and a run that ends meanwhile needs them no more.
        if !self.is_stopped() {
            if let Some(operation) = self.program.sign_in(&mut self.request) {
                self.send(operation, Instant::now()).await;
            }
        }
        drop(turn);
    }

    async fn send_next(&mut self, due: Instant) -> Outcome {
        let operation = self.program.next_request(SystemClock.now(), &mut self.request);
        self.send(operation, due).await
    }

    fn is_stopped(&self) -> bool {
        *self.context.stop.borrow()
    }

    async fn closed_loop(&mut self, start: Instant) {
        while start.elapsed() < self.context.duration && !self.is_stopped() {
            if self.send_next(Instant::now()).await == Outcome::NoConnection {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn open_loop(&mut self, mut arrivals: Arrivals, start: Instant) -> std::io::Result<()> {
        let duration = self.context.duration;
        let timer = PreciseTimer::new()?;
        while let Some(offset) = arrivals.due().filter(|offset| *offset < duration) {
            let due = start + offset;
            if Instant::now() < due {
                tokio::select! {
                    expired = timer.until(due) => expired?,
                    _ = self.context.stop.wait_for(|stop| *stop) => {}
                }
                self.recorder.with(|tally| tally.count_lateness(due.elapsed()));
            }
            if start.elapsed() >= duration || self.is_stopped() {
                // Requests that were due and not sent, because the answers before took too long.
                let end = start.elapsed().min(duration);
                let unsent = u64::from(offset < end) + arrivals.count_until(end);
                self.recorder.with(|tally| tally.unsent += unsent);
                break;
            }
            self.send_next(due).await;
        }
        Ok(())
    }
}

/// Runs one program to its end, and returns its ledger.
///
/// # Errors
/// When the system has no timer left.
pub(crate) async fn run(
    job: Job,
    context: RunContext,
    recorder: Recorder,
) -> std::io::Result<Option<Ledger>> {
    let mut worker = Worker {
        program: job.program,
        context,
        connection: None,
        recorder,
        request: Vec::new(),
    };
    worker.sign_in().await;
    if let Some(operation) = worker
        .program
        .first_request(SystemClock.now(), &mut worker.request)
    {
        worker.send(operation, Instant::now()).await;
    }
    worker.context.ready.wait().await;
    let start = Instant::now();
    match job.arrivals {
        Arrivals::Closed => worker.closed_loop(start).await,
        arrivals => worker.open_loop(arrivals, start).await?,
    }
    if let Some(operation) = worker
        .program
        .last_request(SystemClock.now(), &mut worker.request)
    {
        worker.send(operation, Instant::now()).await;
    }
    Ok(worker.program.into_ledger())
}
