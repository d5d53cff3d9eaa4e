//! `beamlive restore`: makes a data directory from a backup.

use super::progress;
use beamlive_client::{print, Failure};
use beamlive_storage::backup::{self, Restored};
use beamlive_storage::{EngineKind, Table};
use clap::Args;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Bytes read from the file at once.
const READ_BYTES: usize = 1024 * 1024;

/// Make a data directory of a backup. It must be empty, or not exist; `serve` makes a new admin
/// token.
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
}

fn durable(name: &str) -> Result<EngineKind, String> {
    match name.parse::<EngineKind>() {
        Ok(engine) if engine.is_durable() => Ok(engine),
        Ok(engine) => Err(format!(
            "what is restored into {engine} is gone at once: choose sled or fjall"
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
        let (file, data, engine) = (self.file, self.data.clone(), self.store_engine);
        let restored = tokio::task::spawn_blocking(move || restore(&file, &data, engine)).await??;
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
            "{}: {} rows in {engine}, the store as it was at {} ({})",
            self.data.display(),
            restored.rows,
            restored.header.created.to_utc().format("%Y-%m-%dT%H:%M:%SZ"),
            counters.join(", ")
        ))
    }
}

fn restore(file: &Path, data: &Path, engine: EngineKind) -> Result<Restored, Failure> {
    let unreadable = |error| format!("can't read {}: {error}", file.display());
    let source = File::open(file).map_err(unreadable)?;
    let length = source.metadata().map_err(unreadable)?.len();
    let bar = progress::bytes("restore", length);
    let source = BufReader::with_capacity(READ_BYTES, source);
    let restored = backup::restore(source, data, engine, |rows, bytes| {
        bar.set_position(bytes);
        bar.set_message(format!("{rows} rows"));
    });
    bar.finish_and_clear();
    Ok(restored?)
}
