//! `beamlive sql`: the tables for people in PostgreSQL.

use super::flags::Database;
use super::progress;
use beamlive_client::{print, Failure};
use beamlive_storage::rebuild_tables;
use clap::{Args, Subcommand};

/// The tables for people in PostgreSQL.
#[derive(Debug, Args)]
pub struct Sql {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill all tables for people again. Nodes may run meanwhile; until it ends, the tables are
    /// incomplete.
    Rebuild(Rebuild),
}

/// `beamlive sql rebuild`
#[derive(Debug, Args)]
struct Rebuild {
    #[command(flatten)]
    database: Database,
}

impl Sql {
    /// Runs the command.
    ///
    /// # Errors
    /// When the database can't be used.
    pub async fn run(self) -> Result<(), Failure> {
        let Command::Rebuild(rebuild) = self.command;
        let settings = rebuild.database.settings()?;
        let settings = settings.ok_or("name the database by --store-url")?;
        let name = settings.name();
        let rows = tokio::task::spawn_blocking(move || {
            let bar = progress::counting("rebuild");
            let rows = rebuild_tables(&settings, |rows, table| {
                bar.set_position(rows);
                bar.set_message(format!("in {table:?}"));
            });
            bar.finish_and_clear();
            rows
        });
        let rows = rows.await??;
        print(format_args!("{name}: {rows} rows are shown"))
    }
}
