//! `beamlive load`: simulates a facility, and measures a service under its load.

use super::serve::StopSignals;
use beamlive_client::Failure;
use beamlive_load::Options;
use clap::Args;
use tokio::sync::watch;

/// Simulate a facility and measure a service under its load. Then compare what was acknowledged
/// with what it has; the exit code is 1 if that differs.
#[derive(Debug, Args)]
pub struct Load {
    #[command(flatten)]
    options: Options,
}

impl Load {
    /// Runs the simulation to its end. The first signal ends the run early, and the second one at
    /// once.
    ///
    /// # Errors
    /// When it can't be prepared, when no request succeeds, and when the audit finds something
    /// wrong.
    pub async fn run(self) -> Result<(), Failure> {
        let mut signals = StopSignals::new()?;
        let (sender, stop) = watch::channel(false);
        let twice = async {
            signals.next().await;
            eprintln!(
                "stopping and cleaning up; a second signal stops at once and leaves everything as it is"
            );
            // The receiver is gone when the run has ended.
            let _ = sender.send(true);
            signals.next().await;
        };
        tokio::select! {
            done = beamlive_load::run(self.options, stop) => done,
            () = twice => Err("stopped at once by a second signal; nothing was cleaned up".into()),
        }
    }
}
