//! The command line: one file per command.

pub mod apply;
mod atomic_file;
pub mod backup;
pub mod check;
pub mod client;
pub mod doctor;
pub mod export;
mod flags;
pub mod import;
pub mod init;
pub mod load;
pub mod manual;
pub mod passwd;
mod password;
mod progress;
pub mod proxy;
pub mod restore;
pub mod samples;
pub mod serve;
pub mod shadow;
pub mod sql;
pub mod status;
mod systemd;
pub mod verify;

use beamlive_client::Failure;
use clap::{CommandFactory, Parser, Subcommand};

/// The service between the beamlines of a synchrotron and the records of what was measured there.
#[derive(Debug, Parser)]
#[command(name = "beamlive", version, about, max_term_width = 100)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a configuration, a first facility file and the units of systemd.
    Init(Box<init::Init>),
    /// Run the service.
    Serve(Box<serve::Serve>),
    /// Run the Data Proxy alone.
    Proxy(Box<proxy::Proxy>),
    /// Apply a facility file to a running service.
    Apply(apply::Apply),
    /// Check a facility file: print its mistakes and what it would change. Changes nothing.
    Check(check::Check),
    /// Check the configuration and the machine, and say what to do.
    Doctor(Box<doctor::Doctor>),
    /// Show what is going on at a running service.
    Status(status::Status),
    /// Set, reset or expire the password of a project or a person.
    Passwd(passwd::Passwd),
    /// Import and export the samples of a project as a sheet, without a facility file.
    Samples(samples::Samples),
    /// Move a facility in from another server.
    Import(import::Import),
    /// Write all records for another server.
    Export(export::Export),
    /// Talk to a service as a beamline does: sign, launch, upload.
    Client(client::Client),
    /// Back up a running service into one file.
    Backup(backup::Backup),
    /// Make a data directory from a backup.
    Restore(restore::Restore),
    /// Check a data directory, offline: every record, every index, every invariant.
    Verify(verify::Verify),
    /// Rebuild the tables for people in PostgreSQL.
    Sql(sql::Sql),
    /// Rehearse on real traffic: pass it on to MxLIVE, play a copy to beamlive, and compare.
    Shadow(shadow::Shadow),
    /// Simulate a facility, and measure a service under its load.
    Load(Box<load::Load>),
    /// Write the manual pages and the completions of shells.
    #[command(hide = true)]
    Manual(manual::Manual),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// [`Failure`], to be printed; the exit code is 1 then.
    pub async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Init(init) => init.run(),
            Command::Serve(serve) => serve.run().await,
            Command::Proxy(proxy) => proxy.run().await,
            Command::Apply(apply) => apply.run().await,
            Command::Check(check) => check.run().await,
            Command::Doctor(doctor) => doctor.run().await,
            Command::Status(status) => status.run().await,
            Command::Passwd(passwd) => passwd.run().await,
            Command::Samples(samples) => samples.run().await,
            Command::Import(import) => import.run().await,
            Command::Export(export) => export.run().await,
            Command::Client(client) => client.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
            Command::Verify(verify) => verify.run().await,
            Command::Sql(sql) => sql.run().await,
            Command::Shadow(shadow) => shadow.run().await,
            Command::Load(load) => load.run().await,
            Command::Manual(manual) => manual.run(Self::command()),
        }
    }
}
