//! A run from beginning to end.

use crate::about::About;
use crate::accounts::{self, Account};
use crate::audit::Audit;
use crate::drive::RunContext;
use crate::facility::Facility;
use crate::hdr::Logs;
use crate::http::Target;
use crate::ledger::Ledger;
use crate::live::Live;
use crate::measure::TimeSeries;
use crate::monitor::Monitor;
use crate::names::Run;
use crate::options::Options;
use crate::plan::Mix;
use crate::prepare::{self, Api, Declaration};
use crate::programs::{self, Programs};
use crate::records::NewestIds;
use crate::report;
use crate::results::{Results, Verdict};
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::admin::Admin;
use beamlive_client::{print, Failure};
use fastrand::Rng;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// Runs the load, prints the results, and writes the files that were asked for. The run ends early,
/// and cleans up, when `stop` becomes true.
///
/// # Errors
/// When the run can't be prepared, when no request succeeds, and when the audit finds something
/// wrong.
pub async fn run(options: Options, stop: watch::Receiver<bool>) -> Result<(), Failure> {
    options.check()?;
    // Each connection is a file descriptor. If the limit can't be raised, it may still suffice.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    // Created first, so that a wrong path fails before the run and not after it.
    let mut json = create(&options.json)?;
    let mut html = create(&options.html)?;
    let target = Arc::new(Target::of(&options.url, &options.trust).await?);
    let api = Api::new(&options.url, &options.trust)?;
    let admin = match options.token_file() {
        Some(file) => Some(Admin::new(&options.url, &file, &options.trust)?),
        None => None,
    };
    let measurement = Measurement {
        options: &options,
        target,
        admin: admin.as_ref(),
        stop,
    };
    let (results, cleaned_up) = match (&options.accounts, &admin) {
        (Some(file), _) => (measurement.with_accounts(file, &api).await?, Ok(())),
        (None, Some(admin)) => measurement.with_facility(admin, &api).await?,
        (None, None) => return Err("--token-file is missing".into()),
    };
    print(report::table(&results).trim_end())?;
    if let Some(file) = &mut json {
        writeln!(file, "{}", serde_json::to_string_pretty(&results)?)?;
    }
    if let Some(file) = &mut html {
        file.write_all(report::page(&results).as_bytes())?;
    }
    cleaned_up?;
    check(&results)
}

fn create(path: &Option<PathBuf>) -> Result<Option<File>, Failure> {
    let create = |path: &PathBuf| {
        File::create(path).map_err(|error| format!("can't make {}: {error}", path.display()))
    };
    Ok(path.as_ref().map(create).transpose()?)
}

/// The part of the results that decides the exit code.
fn check(results: &Results) -> Result<(), Failure> {
    match &results.audit {
        Verdict::Wrong(_) => return Err("the stored records are wrong".into()),
        Verdict::Unchecked { reason } if reason.starts_with(UNREADABLE) => {
            return Err(format!("the stored records are not known to be right: {reason}").into())
        }
        Verdict::Unchecked { .. } | Verdict::Right(_) => {}
    }
    if results.operations.iter().all(|row| row.count == row.failed) && !results.interrupted {
        return Err("no request succeeded".into());
    }
    Ok(())
}

/// How the reason of an audit that failed begins.
const UNREADABLE: &str = "they could not be read";

/// Who takes part in a run.
struct Participants {
    accounts: Vec<Account>,
    hosts: usize,
    /// The newest records before the run.
    newest: NewestIds,
}

struct Measurement<'a> {
    options: &'a Options,
    target: Arc<Target>,
    admin: Option<&'a Admin>,
    stop: watch::Receiver<bool>,
}

impl Measurement<'_> {
    /// Measures with the accounts of a file.
    async fn with_accounts(self, file: &Path, api: &Api) -> Result<Results, Failure> {
        let mut accounts = accounts::read(file, self.options.api)?;
        prepare::connect(&self.target).await?;
        api.read_samples(&mut accounts).await?;
        let newest = match self.admin {
            Some(admin) => NewestIds::read(admin).await?,
            None => NewestIds::default(),
        };
        let hosts = self.options.hosts();
        self.measure(Participants {
            accounts,
            hosts,
            newest,
        })
        .await
    }

    /// Declares a facility, measures, and takes the facility back, also after a failure. The second
    /// result is that of the cleaning up.
    async fn with_facility(
        self,
        admin: &Admin,
        api: &Api,
    ) -> Result<(Results, Result<(), Failure>), Failure> {
        let (options, target, mut stop) = (self.options, self.target.clone(), self.stop.clone());
        let mut declaration = Declaration {
            admin,
            api,
            target: &target,
            facility: Facility {
                prefix: options.prefix.clone(),
                beamlines: options.beamlines,
                samples: options.samples.into(),
                address: options.address.clone().filter(|_| options.hosts() > 0),
                ssh_keys: vec![prepare::login_key()?],
                keys: Vec::new(),
            },
            is_declared: false,
        };
        let prepared = tokio::select! {
            prepared = declaration.declare(options, options.hosts() > 0) => prepared,
            _ = stop.wait_for(|stop| *stop) => Err("stopped while it was prepared".into()),
        };
        let measured = match prepared {
            Ok(prepared) => self.measure_prepared(prepared).await,
            Err(failure) => Err(failure),
        };
        if !declaration.is_declared {
            return measured.map(|results| (results, Ok(())));
        }
        let cleaned_up = declaration.clean_up().await;
        let mut results = measured?;
        let cleaned_up = cleaned_up
            .map(|remains| results.notes.push(remains))
            .map_err(|failure| format!("it was not cleaned up: {failure}").into());
        Ok((results, cleaned_up))
    }

    async fn measure_prepared(self, prepared: prepare::Prepared) -> Result<Results, Failure> {
        let hosts = match (&prepared.no_hosts, self.options.mix) {
            (Some(why), Mix::Access) => return Err(format!("no hosts can take part: {why}").into()),
            (Some(_), _) => 0,
            (None, _) => self.options.hosts(),
        };
        let participants = Participants {
            accounts: prepared.accounts,
            hosts,
            newest: prepared.newest,
        };
        let mut results = self.measure(participants).await?;
        let note = prepared.no_hosts.map(|why| format!("without hosts: {why}"));
        results.notes.extend(note);
        Ok(results)
    }

    /// Runs the programs, and audits the service.
    async fn measure(mut self, participants: Participants) -> Result<Results, Failure> {
        let options = self.options;
        let now = SystemClock.now();
        let no_randomness = |error| format!("the system gives no random bytes: {error}");
        let run = Run {
            id: getrandom::u32().map_err(no_randomness)?,
            secret: getrandom::u64().map_err(no_randomness)?,
        };
        let seed = match options.seed {
            Some(seed) => seed,
            None => getrandom::u32().map_err(no_randomness)?.into(),
        };
        let programs = Programs {
            options,
            target: self.target.clone(),
            run,
            accounts: &participants.accounts,
            hosts: participants.hosts,
            random: Rng::with_seed(seed),
            now,
        };
        let jobs = programs.jobs()?;
        let context = RunContext::new(
            self.target,
            jobs.len(),
            options.duration,
            options.timeout,
            self.stop.clone(),
        );
        let logs = options.hdr.as_deref().map(|directory| Logs::new(directory, now));
        let logs = logs.transpose()?;
        let live = Live::new(options.duration);
        live.print(&format!("{} simulated programs at {}", jobs.len(), options.url));
        let (recorders, threads) = programs::start(jobs, options.threads.into(), &context);
        let mut monitor = Monitor {
            live,
            logs,
            recorders,
            series: TimeSeries::default(),
        };
        context.ready.wait().await;
        let (ledgers, length) = monitor.watch(threads, &mut self.stop, options.duration).await?;
        let interrupted = *self.stop.borrow();
        let audit = match self.admin {
            Some(admin) => {
                monitor.live.print("reading the records");
                audit(admin, &participants, run, &ledgers).await
            }
            None => Verdict::Unchecked {
                reason: "they are read through the admin API: name its --token-file".to_owned(),
            },
        };
        let about = About::of(options, seed, participants.hosts, now);
        Ok(Results::new(about, &monitor.series, length, interrupted, audit))
    }
}

/// Compares what was acknowledged with what the service has.
async fn audit(admin: &Admin, participants: &Participants, run: Run, ledgers: &[Ledger]) -> Verdict {
    let mut audit = Audit::new(run, ledgers);
    for account in &participants.accounts {
        let read = participants
            .newest
            .audit(admin, &account.username, &mut audit)
            .await;
        if let Err(failure) = read {
            return Verdict::Unchecked {
                reason: format!("{UNREADABLE}: {failure}"),
            };
        }
    }
    Verdict::of(audit.finish())
}
