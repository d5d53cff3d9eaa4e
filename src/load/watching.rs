//! Looks every second at what programs count: shows it, logs it, keeps it.

use super::fleet;
use super::ledger::Ledger;
use super::live::Live;
use super::measure::{Course, Recorder, Tally};
use super::options::Options;
use super::report::hdr::Logs;
use crate::cli::Failure;
use beamlive_storage::Timestamp;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How often.
const SECOND: Duration = Duration::from_secs(1);

/// What is looked at while programs run.
pub(super) struct Watching {
    logs: Option<Logs>,
    /// What is shown.
    pub(super) live: Live,
    /// What was counted.
    pub(super) course: Course,
    /// Where programs count.
    pub(super) recorders: Vec<Recorder>,
}

impl Watching {
    /// For a run that begins at `now`.
    ///
    /// # Errors
    /// When the logs can't be made.
    pub(super) fn new(options: &Options, now: Timestamp) -> Result<Self, Failure> {
        let logs = options.hdr.as_deref().map(|directory| Logs::new(directory, now));
        Ok(Self {
            logs: logs.transpose()?,
            live: Live::new(options.duration),
            course: Course::default(),
            recorders: Vec::new(),
        })
    }

    /// Looks at what was counted every second until all threads have ended; what they have to show, and how long requests
    /// came.
    ///
    /// # Errors
    /// When a thread ends badly, or a log can't be written.
    pub(super) async fn watch(
        &mut self,
        threads: usize,
        mut shown: mpsc::UnboundedReceiver<fleet::Shown>,
        stop: &mut watch::Receiver<bool>,
        duration: Duration,
    ) -> Result<(Vec<Ledger>, Duration), Failure> {
        let start = Instant::now();
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::from_std(start) + SECOND, SECOND);
        let (mut ledgers, mut ended, mut before) = (Vec::new(), 0, Duration::ZERO);
        let mut length = None;
        while ended < threads {
            tokio::select! {
                _ = ticks.tick() => {}
                more = shown.recv() => {
                    ledgers.extend(more.ok_or("a thread that makes the load has ended")??);
                    ended += 1;
                    if ended < threads {
                        continue;
                    }
                }
                _ = stop.wait_for(|stop| *stop), if length.is_none() => {
                    length = Some(start.elapsed().min(duration));
                    continue;
                }
            }
            let at = start.elapsed();
            let mut second = Tally::default();
            self.recorders
                .iter()
                .for_each(|recorder| second.merge(&recorder.take()));
            self.course.enter(&second, at);
            self.live.show(&second, &self.course.total, at);
            if let Some(logs) = &mut self.logs {
                logs.write(&second, at, at.saturating_sub(before))?;
            }
            before = at;
        }
        if let Some(logs) = self.logs.take() {
            logs.finish()?;
        }
        Ok((ledgers, length.unwrap_or(duration)))
    }
}
