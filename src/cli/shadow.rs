//! `beamlive shadow`: the rehearsal on real traffic.

use super::serve::StopSignals;
use crate::shadow::{Report, Running, Settings, Target};
use beamlive_client::tls::Trust;
use beamlive_client::{print, Failure};
use clap::Args;
use humantime::Duration;
use reqwest::Url;
use std::net::SocketAddr;
use tokio::signal::unix::{signal, SignalKind};

/// Stand before a running MxLIVE, pass its traffic on unchanged, play a copy of each request of the
/// API to beamlive, and report every answer that differs. Runs until SIGTERM or SIGINT.
#[derive(Debug, Args)]
pub struct Shadow {
    /// The real server, as http://HOST:PORT.
    #[arg(long, value_name = "URL")]
    upstream: Url,
    /// The address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The beamlive that gets the copies. Its records are those of the rehearsal, so use one of its
    /// own.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    service: Url,
    #[command(flatten)]
    trust: Trust,
    /// Where the report is written: *.html, *.json or *.txt [default: text on standard output, at
    /// the end].
    #[arg(long, value_name = "FILE")]
    report: Option<Target>,
    /// How often the counts are printed and the report is written.
    #[arg(long, value_name = "TIME", default_value = "1min")]
    every: Duration,
    /// Longest body that is copied, in MiB; longer ones are only passed on.
    #[arg(long, value_name = "MIB", default_value_t = 16)]
    max_body: usize,
    /// Memory for all bodies that wait to be copied, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    max_memory: usize,
    /// Most copies that wait; more are dropped.
    #[arg(long, value_name = "NUMBER", default_value_t = 1024)]
    queue: usize,
    /// Most copies that are played at once.
    #[arg(long, value_name = "NUMBER", default_value_t = 16)]
    workers: usize,
    /// How long beamlive may take to answer a copy.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    timeout: Duration,
}

impl Shadow {
    /// Passes on and compares until a signal stops it. SIGHUP writes the report.
    ///
    /// # Errors
    /// When it can't start. The message says what to do.
    pub async fn run(self) -> Result<(), Failure> {
        let report = self.report.clone();
        let mut stop = StopSignals::new()?;
        let mut write = signal(SignalKind::hangup())?;
        // Each connection takes two file descriptors. If the limit can't be raised, the present one
        // bounds the connections.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let running = Running::start(self.settings()).await?;
        print(format_args!("listening on http://{}", running.address()))?;
        loop {
            tokio::select! {
                () = stop.next() => break,
                _ = write.recv() => running.write(),
            }
        }
        eprintln!("stopping: no new connections; a second signal stops at once, without a report");
        let ended: Report = tokio::select! {
            ended = running.stop() => ended?,
            () = stop.next() => return Err("stopped at once by a second signal".into()),
        };
        match report {
            None => print(ended.text().trim_end()),
            Some(report) => {
                eprintln!("{}", ended.line());
                print(format_args!("the report is in {}", report.path().display()))
            }
        }
    }

    fn settings(self) -> Settings {
        let mebibytes = |number: usize| number.saturating_mul(1 << 20);
        Settings {
            listen: self.listen,
            report: self.report,
            every: self.every.into(),
            max_body: mebibytes(self.max_body),
            max_memory: mebibytes(self.max_memory),
            queue: self.queue,
            workers: self.workers,
            timeout: self.timeout.into(),
            trust: self.trust,
            ..Settings::new(self.upstream, self.service)
        }
    }
}
