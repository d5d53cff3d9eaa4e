//! The command line: one file per command.

pub mod admin_client;
pub mod apply;
pub mod backup;
pub mod check;
pub mod client;
pub mod load;
mod progress;
pub mod proxy;
pub mod restore;
pub mod serve;
pub mod verify;

use clap::{Parser, Subcommand};
use std::io::{ErrorKind, Write};

/// The service between the beamlines of a synchrotron and the records of what was measured there.
#[derive(Debug, Parser)]
#[command(name = "beamlive", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service.
    Serve(Box<serve::Serve>),
    /// Run the Data Proxy alone.
    Proxy(Box<proxy::Proxy>),
    /// Apply a facility file to a running service.
    Apply(apply::Apply),
    /// Check a facility file: name its mistakes, print what it would change, change nothing.
    Check(check::Check),
    /// Speak to a service as a beamline does: sign, launch, upload.
    Client(client::Client),
    /// Back up a running service into one file.
    Backup(backup::Backup),
    /// Make a data directory of a backup.
    Restore(restore::Restore),
    /// Check a data directory, offline: every record, every index, every promise.
    Verify(verify::Verify),
    /// Simulate a facility, and measure how a service bears it.
    Load(Box<load::Load>),
}

/// Why a command failed, in words for a person.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Prints a line; whoever stops reading, such as `head`, has seen enough.
///
/// # Errors
/// When it can't be written for another reason.
pub fn print(line: impl std::fmt::Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// [`Failure`], to be printed; the exit code is 1 then.
    pub async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::Proxy(proxy) => proxy.run().await,
            Command::Apply(apply) => apply.run().await,
            Command::Check(check) => check.run().await,
            Command::Client(client) => client.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
            Command::Verify(verify) => verify.run().await,
            Command::Load(load) => load.run().await,
        }
    }
}
