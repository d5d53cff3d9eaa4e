//! `beamlive load`: a simulated facility, and how a service bears it.

use super::serve::StopSignals;
use super::Failure;
use crate::load::{self, Options};
use clap::Args;
use tokio::sync::watch;

/// Simulate a facility and measure how a service bears it. Then compare what was acknowledged with what it has; the exit
/// code is 1 if that differs.
#[derive(Debug, Args)]
pub struct Load {
    #[command(flatten)]
    options: Options,
}

impl Load {
    /// Runs it to its end; a first signal brings that forward, a second one is the end.
    ///
    /// # Errors
    /// When it can't be prepared, when no request succeeds, and when the books are wrong.
    pub async fn run(self) -> Result<(), Failure> {
        let mut signals = StopSignals::new()?;
        let (sender, stop) = watch::channel(false);
        let twice = async {
            signals.next().await;
            eprintln!("ending; once more to leave everything as it is");
            // Nobody listens any more when the run is over.
            let _ = sender.send(true);
            signals.next().await;
        };
        tokio::select! {
            done = load::run(self.options, stop) => done,
            () = twice => Err("stopped at once by a second signal; nothing was cleaned up".into()),
        }
    }
}
