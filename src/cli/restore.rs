//! `beamlive restore`: makes a data directory from a backup.

use super::flags::Database;
use super::progress;
use beamlive_client::{print, Failure};
use beamlive_storage::backup::{self, Restored};
use beamlive_storage::{EngineKind, PostgresSettings, Table};
use clap::Args;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Bytes read from the file at once.
const READ_BYTES: usize = 1024 * 1024;

/// Make a data directory of a backup, or fill an empty database in PostgreSQL. The directory must
/// be empty, or not exist; `serve` makes a new admin token.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    file: PathBuf,
    /// The data directory to make.
    #[arg(long, env = "BEAMLIVE_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// The database to restore into: sled or fjall. A backup of one may be restored into the other.
    #[arg(long, env = "BEAMLIVE_STORE__ENGINE", value_name = "ENGINE", default_value = "sled", value_parser = durable)]
    store_engine: EngineKind,
    #[command(flatten)]
    database: Database,
}

fn durable(name: &str) -> Result<EngineKind, String> {
    match name.parse::<EngineKind>() {
        Ok(engine) if engine.is_durable() => Ok(engine),
        Ok(engine) => Err(format!(
            "{engine} keeps nothing after the process ends: choose sled or fjall"
        )),
        Err(error) => Err(error.to_string()),
    }
}

impl Restore {
    /// Restores, and prints what was restored.
    ///
    /// # Errors
    /// When the backup is incomplete or too new, the directory is not empty, or it can't be
    /// written. Nothing is left in it then.
    pub async fn run(self) -> Result<(), Failure> {
        let target = match (self.database.settings()?, self.store_engine) {
            (Some(settings), _) => Target::Database(settings),
            (None, EngineKind::Postgres) => return Err("name the database by --store-url".into()),
            (None, engine) => Target::Directory(self.data, engine),
        };
        let (name, engine) = (target.to_string(), target.engine());
        let file = self.file;
        let restored = tokio::task::spawn_blocking(move || restore(&file, &target)).await??;
        let last = |(table, id): &(Table, u64)| format!("{table:?} up to {id}");
        let counters = restored
            .counters
            .iter()
            .filter(|(table, _)| {
                matches!(
                    table,
                    Table::Session | Table::Dataset | Table::Report | Table::Activity
                )
            })
            .map(last)
            .collect::<Vec<_>>();
        print(format_args!(
            "{name}: {} rows in {engine}, the store as it was at {} ({})",
            restored.rows,
            restored.header.created.to_utc().format("%Y-%m-%dT%H:%M:%SZ"),
            counters.join(", ")
        ))
    }
}

/// What is filled from the backup.
enum Target {
    Directory(PathBuf, EngineKind),
    Database(PostgresSettings),
}

impl Target {
    fn engine(&self) -> EngineKind {
        match self {
            Self::Directory(_, engine) => *engine,
            Self::Database(_) => EngineKind::Postgres,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(data, _) => data.display().fmt(f),
            Self::Database(settings) => write!(f, "{}", settings.name()),
        }
    }
}

fn restore(file: &Path, target: &Target) -> Result<Restored, Failure> {
    let unreadable = |error| format!("can't read {}: {error}", file.display());
    let source = File::open(file).map_err(unreadable)?;
    let length = source.metadata().map_err(unreadable)?.len();
    let bar = progress::bytes("restore", length);
    let source = BufReader::with_capacity(READ_BYTES, source);
    let watch = |rows, bytes| {
        bar.set_position(bytes);
        bar.set_message(format!("{rows} rows"));
    };
    let restored = match target {
        Target::Directory(data, engine) => backup::restore(source, data, *engine, watch),
        Target::Database(settings) => backup::restore_into(source, settings, watch),
    };
    bar.finish_and_clear();
    Ok(restored?)
}
