//! Puts the simulated programs of a run together, and lets them run on threads of their own.

use super::accounts::Account;
use super::bodies::Bodies;
use super::client::Target;
use super::drive::{self, Conditions, Job};
use super::host::{Host, Part};
use super::ledger::{Ledger, Run};
use super::measure::Recorder;
use super::mxdc::{Mxdc, Setup};
use super::options::Options;
use super::plan::{Arrivals, Mix, Rate};
use super::random::Random;
use super::signer::Signer;
use crate::cli::Failure;
use beamlive_storage::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// From one post of a host to the next.
const MINUTE: Duration = Duration::from_secs(60);
/// Logins at a host, a second.
const LOGINS: f64 = 0.2;

/// What a thread hands over at its end.
pub type Shown = Result<Vec<Ledger>, String>;

/// What the programs of a run have in common.
#[derive(Debug)]
pub struct Fleet<'a> {
    /// What was asked for.
    pub options: &'a Options,
    /// The service.
    pub target: Arc<Target>,
    /// Names of the run.
    pub run: Run,
    /// Who signs.
    pub accounts: &'a [Account],
    /// How many hosts take part.
    pub hosts: usize,
    /// The seed of all schedules.
    pub seed: u64,
    /// When it begins.
    pub now: Timestamp,
}

impl Fleet<'_> {
    /// All programs, each with its schedule.
    ///
    /// # Errors
    /// When a body can't be encoded, which would be a mistake of this program.
    pub fn jobs(&self) -> Result<Vec<Job>, Failure> {
        let mut jobs = Vec::new();
        if self.options.mix.has_beamlines() {
            self.beamlines(&mut jobs)?;
        }
        if self.options.mix.has_hosts() {
            self.hosts(&mut jobs)?;
        }
        Ok(jobs)
    }

    /// The seed of program number `number`.
    fn seed_of(&self, number: usize) -> u64 {
        let number = u64::try_from(number).unwrap_or_default();
        Random::new(self.seed).draw() ^ Random::new(number).draw()
    }

    /// The schedule of program number `number`, one of `of` that share the rate.
    fn arrivals(&self, number: usize, of: usize) -> Arrivals {
        match self.options.rate {
            Rate::Max => Arrivals::FlatOut,
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            Rate::PerSecond(rate) => Arrivals::random(rate / of as f64, self.seed_of(number)),
        }
    }

    fn beamlines(&self, jobs: &mut Vec<Job>) -> Result<(), Failure> {
        let places: Vec<_> = self
            .accounts
            .iter()
            .flat_map(|account| account.beamlines.iter().map(move |beamline| (account, beamline)))
            .collect();
        let programs = self.options.connections.unwrap_or(places.len());
        let alone = programs <= places.len();
        for (number, (account, beamline)) in places.iter().cycle().take(programs).enumerate() {
            let mxdc = Mxdc::new(Setup {
                program: u16::try_from(number)?,
                target: self.target.clone(),
                run: self.run,
                mix: self.options.mix,
                username: account.username.clone(),
                signer: Signer::new(&account.username, account.key.clone(), self.options.sign),
                beamline: (*beamline).clone(),
                leads: number < places.len(),
                alone,
                bodies: Bodies::new(&account.username, !account.samples.is_empty())?,
                samples: account.samples.as_slice().into(),
            });
            jobs.push(Job {
                program: Box::new(mxdc),
                arrivals: self.arrivals(number, programs),
            });
        }
        Ok(())
    }

    fn hosts(&self, jobs: &mut Vec<Job>) -> Result<(), Failure> {
        let users: Arc<[String]> = self
            .accounts
            .iter()
            .map(|account| account.username.clone())
            .collect();
        let host = |part, number| Host::new(self.target.clone(), part, number, users.clone(), self.now);
        if self.options.mix == Mix::Access {
            let programs = self.options.connections.unwrap_or(self.hosts);
            for number in 0..programs {
                jobs.push(Job {
                    program: Box::new(host(Part::Everything, number)?),
                    arrivals: self.arrivals(number, programs),
                });
            }
            return Ok(());
        }
        // Beside the beamlines, hosts keep the pace of real ones: a post at every minute, and logins at random.
        for number in 0..self.hosts {
            let seed = self.seed_of(jobs.len());
            jobs.push(Job {
                program: Box::new(host(Part::Cron, number)?),
                arrivals: Arrivals::Every {
                    period: MINUTE,
                    next: Duration::from_secs_f64(Random::new(seed).fraction()),
                },
            });
            jobs.push(Job {
                program: Box::new(host(Part::Sshd, number)?),
                arrivals: Arrivals::random(LOGINS, seed),
            });
        }
        Ok(())
    }
}

/// Lets programs run on `threads` threads, whose recorders are returned. What each thread has to show comes from the
/// channel.
#[must_use]
pub fn launch(
    jobs: Vec<Job>,
    threads: usize,
    conditions: &Conditions,
) -> (Vec<Recorder>, mpsc::UnboundedReceiver<Shown>) {
    let mut shares: Vec<Vec<Job>> = (0..threads).map(|_| Vec::new()).collect();
    for (number, job) in jobs.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(number % threads) {
            share.push(job);
        }
    }
    let (sender, shown) = mpsc::unbounded_channel();
    let recorders = shares.into_iter().map(|share| {
        let recorder = Recorder::default();
        let (conditions, sender, entries) = (conditions.clone(), sender.clone(), recorder.clone());
        std::thread::spawn(move || {
            // Nobody listens any more when the run was broken off.
            let _ = sender.send(work(share, &conditions, &entries));
        });
        recorder
    });
    (recorders.collect(), shown)
}

/// Runs the programs of one thread to their end.
fn work(jobs: Vec<Job>, conditions: &Conditions, recorder: &Recorder) -> Shown {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let tasks: Vec<_> = jobs
            .into_iter()
            .map(|job| tokio::spawn(drive::run(job, conditions.clone(), recorder.clone())))
            .collect();
        let mut ledgers = Vec::new();
        for task in tasks {
            let ledger = task.await.map_err(|error| error.to_string())?;
            ledgers.extend(ledger.map_err(|error| format!("a program ended: {error}"))?);
        }
        Ok(ledgers)
    })
}
