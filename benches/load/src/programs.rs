//! The simulated programs of a run, and the threads that run them.

use crate::accounts::Account;
use crate::bodies::Bodies;
use crate::credentials::Caller;
use crate::drive::{self, Job, RunContext};
use crate::host::{Host, Role};
use crate::http::Target;
use crate::ledger::Ledger;
use crate::measure::Recorder;
use crate::mxdc::{Mxdc, Setup};
use crate::names::Run;
use crate::options::Options;
use crate::plan::{Arrivals, Mix, Rate, Signing};
use beamlive_client::Failure;
use beamlive_storage::Timestamp;
use fastrand::Rng;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Between two posts of a host.
const POST_PERIOD: Duration = Duration::from_secs(60);
/// Logins at a host, a second.
const LOGINS: f64 = 0.2;

/// The ledgers of a thread's programs, or why it ended.
pub(crate) type ThreadResult = Result<Vec<Ledger>, String>;

/// What the programs of a run are made of.
#[derive(Debug)]
pub(crate) struct Programs<'a> {
    pub(crate) options: &'a Options,
    pub(crate) target: Arc<Target>,
    pub(crate) run: Run,
    pub(crate) accounts: &'a [Account],
    /// How many hosts take part.
    pub(crate) hosts: usize,
    /// The source of all schedules.
    pub(crate) random: Rng,
    /// When the run begins.
    pub(crate) now: Timestamp,
}

impl Programs<'_> {
    /// All programs, each with its schedule.
    pub(crate) fn jobs(mut self) -> Result<Vec<Job>, Failure> {
        let mut jobs = Vec::new();
        if self.options.mix.has_beamlines() {
            self.beamlines(&mut jobs)?;
        }
        if self.options.mix.has_hosts() {
            self.hosts(&mut jobs)?;
        }
        Ok(jobs)
    }

    /// The schedule of one of `count` programs that share the rate.
    fn arrivals(&mut self, count: usize) -> Arrivals {
        match self.options.rate {
            Rate::Max => Arrivals::Closed,
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            Rate::PerSecond(rate) => Arrivals::poisson(rate / count as f64, self.random.u64(..)),
        }
    }

    fn beamlines(&mut self, jobs: &mut Vec<Job>) -> Result<(), Failure> {
        let places: Vec<_> = self
            .accounts
            .iter()
            .flat_map(|account| account.beamlines.iter().map(move |beamline| (account, beamline)))
            .collect();
        let count = self.options.connections.unwrap_or(places.len());
        for (number, (account, beamline)) in places.iter().cycle().take(count).enumerate() {
            let signs_each = self.options.sign == Signing::Each;
            let mxdc = Mxdc::new(Setup {
                program: u16::try_from(number)?,
                target: self.target.clone(),
                run: self.run,
                mix: self.options.mix,
                username: account.username.clone(),
                caller: Caller::new(&account.username, &account.credentials, signs_each),
                beamline: (*beamline).clone(),
                owns_session: number < places.len(),
                is_alone: count <= places.len(),
                bodies: Bodies::new(&account.username, !account.samples.is_empty())?,
                samples: account.samples.as_slice().into(),
            });
            jobs.push(Job {
                program: Box::new(mxdc),
                arrivals: self.arrivals(count),
            });
        }
        Ok(())
    }

    fn hosts(&mut self, jobs: &mut Vec<Job>) -> Result<(), Failure> {
        let users: Arc<[String]> = self
            .accounts
            .iter()
            .map(|account| account.username.clone())
            .collect();
        let (target, api, now) = (self.target.clone(), self.options.api, self.now);
        let mut add = |role, number, arrivals| -> Result<(), Failure> {
            let host = Host::new(target.clone(), api, role, number, users.clone(), now)?;
            jobs.push(Job {
                program: Box::new(host),
                arrivals,
            });
            Ok(())
        };
        if self.options.mix == Mix::Access {
            let count = self.options.connections.unwrap_or(self.hosts);
            for number in 0..count {
                add(Role::Everything, number, self.arrivals(count))?;
            }
            return Ok(());
        }
        // Beside beamlines, hosts have the pace of real ones: a post each minute, logins at random.
        for number in 0..self.hosts {
            let posts = Arrivals::Every {
                period: POST_PERIOD,
                next: Duration::from_secs_f64(self.random.f64()),
            };
            add(Role::Cron, number, posts)?;
            let logins = Arrivals::poisson(LOGINS, self.random.u64(..));
            add(Role::Sshd, number, logins)?;
        }
        Ok(())
    }
}

/// Runs programs on `threads` threads. Each thread has a recorder, and sends its result on the
/// channel when it ends.
pub(crate) fn start(
    jobs: Vec<Job>,
    threads: usize,
    context: &RunContext,
) -> (Vec<Recorder>, mpsc::UnboundedReceiver<ThreadResult>) {
    let mut shares: Vec<Vec<Job>> = (0..threads).map(|_| Vec::new()).collect();
    for (number, job) in jobs.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(number % threads) {
            share.push(job);
        }
    }
    let (sender, results) = mpsc::unbounded_channel();
    let recorders = shares.into_iter().map(|share| {
        let recorder = Recorder::default();
        let (context, sender, counted) = (context.clone(), sender.clone(), recorder.clone());
        std::thread::spawn(move || {
            // The receiver is gone when the run was aborted.
            let _ = sender.send(run_thread(share, &context, &counted));
        });
        recorder
    });
    (recorders.collect(), results)
}

/// Runs the programs of one thread to their end.
fn run_thread(jobs: Vec<Job>, context: &RunContext, recorder: &Recorder) -> ThreadResult {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let tasks: Vec<_> = jobs
            .into_iter()
            .map(|job| tokio::spawn(drive::run(job, context.clone(), recorder.clone())))
            .collect();
        let mut ledgers = Vec::new();
        for task in tasks {
            let ledger = task.await.map_err(|error| error.to_string())?;
            ledgers.extend(ledger.map_err(|error| format!("a program ended: {error}"))?);
        }
        Ok(ledgers)
    })
}
