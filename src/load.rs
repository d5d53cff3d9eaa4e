//! Simulates a facility, and measures how a service bears it: `beamlive load`.
//!
//! | file | what it holds |
//! |---|---|
//! | `options.rs`, `plan.rs` | what is asked for; rates, mixes, when requests are due |
//! | `facility.rs`, `prepare.rs`, `admin.rs`, `accounts.rs` | what a run declares, registers, and takes back; accounts of a file |
//! | `program.rs`, `mxdc.rs`, `host.rs`, `bodies.rs`, `signer.rs` | simulated programs: what each asks next, with which body, signed by which key |
//! | `fleet.rs`, `drive.rs`, `alarm.rs`, `client.rs`, `answer.rs` | all of them at work, each on a connection of its own |
//! | `measure.rs`, `watching.rs`, `live.rs`, `report.rs`, `report/`, `machine.rs` | what came of it: counted, shown while it goes, told at the end |
//! | `ledger.rs`, `books.rs` | what was acknowledged, and whether the service has it |
//!
//! Invariants: the latency of a request counts from when it was due, so a service that is slow to answer one is
//! charged for all that had to wait; only requests that succeed have a latency; what was acknowledged is looked for, one
//! by one; nothing that the operator has declared is changed.

pub mod accounts;
pub mod admin;
pub mod alarm;
pub mod answer;
pub mod bodies;
pub mod books;
pub mod client;
pub mod drive;
pub mod facility;
pub mod fleet;
pub mod host;
pub mod ledger;
pub mod live;
pub mod machine;
pub mod measure;
pub mod mxdc;
pub mod options;
pub mod plan;
pub mod prepare;
pub mod program;
pub mod random;
pub mod report;
pub mod signer;
mod watching;

pub use options::Options;

use crate::cli::{print, Failure};
use accounts::Account;
use admin::{Admin, Floor};
use beamlive_actors::clock::{Clock, SystemClock};
use books::Books;
use client::Target;
use drive::Conditions;
use facility::Facility;
use fleet::Fleet;
use ledger::{Ledger, Run};
use plan::{KeyType, Mix};
use report::{About, Report, Verdict};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{watch, Barrier};
use watching::Watching;

/// Runs it, prints the results, and writes the files that were asked for. It ends early, and in order, when `stop`
/// becomes true.
///
/// # Errors
/// When it can't be prepared, when no request succeeds, and when the books are wrong.
pub async fn run(options: Options, stop: watch::Receiver<bool>) -> Result<(), Failure> {
    options.check()?;
    // Each connection is a file. If the limit stays as it is, it may do.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let files = Files::create(&options)?;
    let target = Arc::new(Target::of(&options.url).await?);
    let admin = match options.token_file() {
        Some(file) => Some(Admin::new(&options.url, &file)?),
        None => None,
    };
    let (report, result) = match (&options.accounts, &admin) {
        (Some(file), _) => {
            let mut accounts = accounts::read(file)?;
            let mut connection = prepare::connect(&target).await?;
            prepare::read_samples(&mut connection, &target, &mut accounts).await?;
            let floor = match &admin {
                Some(admin) => admin.floor().await?,
                None => Floor::default(),
            };
            let site = Site {
                accounts,
                floor,
                hosts: options.hosts(),
            };
            (
                measure(&options, &target, admin.as_ref(), site, stop).await?,
                Ok(()),
            )
        }
        (None, Some(admin)) => on_own_facility(&options, &target, admin, stop).await?,
        (None, None) => return Err("--token-file is missing".into()),
    };
    print(report::table(&report).trim_end())?;
    files.write(&report)?;
    result?;
    verdict(&report)
}

/// Who takes part.
struct Site {
    accounts: Vec<Account>,
    floor: Floor,
    hosts: usize,
}

/// Declares a facility, measures, and takes it back, whatever comes in between.
async fn on_own_facility(
    options: &Options,
    target: &Arc<Target>,
    admin: &Admin,
    mut stop: watch::Receiver<bool>,
) -> Result<(Report, Result<(), Failure>), Failure> {
    let mut facility = Facility {
        prefix: options.prefix.clone(),
        beamlines: options.beamlines,
        samples: usize::from(options.samples),
        address: options.address.clone().filter(|_| options.hosts() > 0),
        ssh_key: signer::Maker::new(KeyType::Ed25519).make().public_line()?,
        is_declared: false,
    };
    let kept = stop.clone();
    let prepared = tokio::select! {
        prepared = prepare::declare(admin, target, &mut facility, options.key_type, options.hosts() > 0) => prepared,
        _ = stop.wait_for(|stop| *stop) => Err("stopped while it was prepared".into()),
    };
    let measured = match prepared {
        Ok(ready) => {
            let hosts = match (&ready.no_hosts, options.mix) {
                (Some(why), Mix::Access) => Err(format!("no hosts can take part: {why}").into()),
                (Some(_), _) => Ok(0),
                (None, _) => Ok(options.hosts()),
            };
            match hosts {
                Ok(hosts) => {
                    let site = Site {
                        accounts: ready.accounts,
                        floor: ready.floor,
                        hosts,
                    };
                    let measured = measure(options, target, Some(admin), site, kept).await;
                    measured.map(|mut report| {
                        report
                            .notes
                            .extend(ready.no_hosts.map(|why| format!("without hosts: {why}")));
                        report
                    })
                }
                Err(failure) => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    };
    if !facility.is_declared {
        return Err(match measured {
            Err(failure) => failure,
            Ok(_) => "nothing was declared".into(),
        });
    }
    let cleaned = prepare::clean_up(admin, &facility).await;
    let mut report = measured?;
    match cleaned {
        Ok(stays) => {
            report.notes.push(stays);
            Ok((report, Ok(())))
        }
        Err(failure) => Ok((report, Err(format!("it was not cleaned up: {failure}").into()))),
    }
}

/// Lets the programs run, and looks at the books.
async fn measure(
    options: &Options,
    target: &Arc<Target>,
    admin: Option<&Admin>,
    site: Site,
    mut stop: watch::Receiver<bool>,
) -> Result<Report, Failure> {
    let now = SystemClock.now();
    let (run, seed) = (random_run()?, options.seed.map_or_else(random_seed, Ok)?);
    let fleet = Fleet {
        options,
        target: target.clone(),
        run,
        accounts: &site.accounts,
        hosts: site.hosts,
        seed,
        now,
    };
    let jobs = fleet.jobs()?;
    let conditions = Conditions {
        target: target.clone(),
        duration: options.duration,
        timeout: options.timeout,
        stop: stop.clone(),
        opened: Arc::new(Barrier::new(jobs.len() + 1)),
    };
    let mut watching = Watching::new(options, now)?;
    watching
        .live
        .tell(&format!("{} simulated programs at {}", jobs.len(), options.url));
    let threads = usize::from(options.threads);
    let (recorders, shown) = fleet::launch(jobs, threads, &conditions);
    watching.recorders = recorders;
    conditions.opened.wait().await;
    let (ledgers, length) = watching
        .watch(threads, shown, &mut stop, options.duration)
        .await?;
    let interrupted = *stop.borrow();
    let books = match admin {
        Some(admin) => {
            watching.live.tell("reading the books");
            audit(admin, &site, run, &ledgers).await
        }
        None => Verdict::Unchecked {
            reason: "they are read through the admin API: name its --token-file".to_owned(),
        },
    };
    let about = About::of(options, seed, site.hosts, now);
    Ok(Report::new(about, &watching.course, length, interrupted, books))
}

/// Compares what was acknowledged with what the service has.
async fn audit(admin: &Admin, site: &Site, run: Run, ledgers: &[Ledger]) -> Verdict {
    let mut books = Books::new(run, ledgers);
    for account in &site.accounts {
        if let Err(failure) = admin.audit(&account.username, site.floor, &mut books).await {
            return Verdict::Unchecked {
                reason: format!("they could not be read: {failure}"),
            };
        }
    }
    Verdict::of(books.close())
}

/// What becomes of the exit code.
fn verdict(report: &Report) -> Result<(), Failure> {
    match &report.books {
        Verdict::Wrong(_) => return Err("the books are wrong".into()),
        Verdict::Unchecked { reason } if reason.starts_with("they could not be read") => {
            return Err(format!("the books are not known to be right: {reason}").into())
        }
        Verdict::Unchecked { .. } | Verdict::Right(_) => {}
    }
    if report.operations.iter().all(|row| row.count == row.failed) && !report.interrupted {
        return Err("no request succeeded".into());
    }
    Ok(())
}

fn no_randomness(error: getrandom::Error) -> String {
    format!("the system gives no random bytes: {error}")
}

fn random_run() -> Result<Run, Failure> {
    Ok(Run {
        id: getrandom::u32().map_err(no_randomness)?,
        secret: getrandom::u64().map_err(no_randomness)?,
    })
}

fn random_seed() -> Result<u64, Failure> {
    Ok(u64::from(getrandom::u32().map_err(no_randomness)?))
}

/// The files that results go to. They are made first, so that a long run does not end at a path that is wrong.
struct Files {
    json: Option<File>,
    html: Option<File>,
}

impl Files {
    fn create(options: &Options) -> Result<Self, Failure> {
        let create = |path: &Option<std::path::PathBuf>| {
            let create = |path: &Path| {
                File::create(path).map_err(|error| format!("can't make {}: {error}", path.display()))
            };
            path.as_deref().map(create).transpose()
        };
        Ok(Self {
            json: create(&options.json)?,
            html: create(&options.html)?,
        })
    }

    fn write(self, report: &Report) -> Result<(), Failure> {
        if let Some(mut file) = self.json {
            writeln!(file, "{}", report.to_json()?)?;
        }
        if let Some(mut file) = self.html {
            file.write_all(report::page(report).as_bytes())?;
        }
        Ok(())
    }
}
