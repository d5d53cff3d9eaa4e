//! Takes what the programs have counted, every second: shows it, logs it, keeps it.

use crate::hdr::Logs;
use crate::ledger::Ledger;
use crate::live::Live;
use crate::measure::{Recorder, Tally, TimeSeries};
use crate::programs::ThreadResult;
use beamlive_client::Failure;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

const SECOND: Duration = Duration::from_secs(1);

/// The observer of a run.
pub(crate) struct Monitor {
    pub(crate) live: Live,
    pub(crate) logs: Option<Logs>,
    pub(crate) recorders: Vec<Recorder>,
    pub(crate) series: TimeSeries,
}

impl Monitor {
    /// Observes the run until all threads have ended. Returns the ledgers of all programs, and how
    /// long requests were sent.
    ///
    /// # Errors
    /// When a thread fails, or a log can't be written.
    pub(crate) async fn watch(
        &mut self,
        mut results: mpsc::UnboundedReceiver<ThreadResult>,
        stop: &mut watch::Receiver<bool>,
        duration: Duration,
    ) -> Result<(Vec<Ledger>, Duration), Failure> {
        let start = Instant::now();
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::from_std(start) + SECOND, SECOND);
        let (mut ledgers, mut length, mut before) = (Vec::new(), None, Duration::ZERO);
        let mut running = self.recorders.len();
        while running > 0 {
            tokio::select! {
                _ = ticks.tick() => {}
                result = results.recv() => {
                    ledgers.extend(result.ok_or("a thread that makes the load has ended")??);
                    running -= 1;
                    if running > 0 {
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
            for recorder in &self.recorders {
                second.merge(&recorder.take());
            }
            self.series.add(&second, at);
            self.live.show(&second, &self.series.total, at);
            if let Some(logs) = &mut self.logs {
                logs.write(&second, at, at.saturating_sub(before))?;
            }
            before = at;
        }
        self.live.finish();
        if let Some(logs) = self.logs.take() {
            logs.finish()?;
        }
        Ok((ledgers, length.unwrap_or(duration)))
    }
}
