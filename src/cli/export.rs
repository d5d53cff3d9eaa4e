//! `beamlive export mxlive`: writes all records for another server.

use super::atomic_file::AtomicFile;
use super::flags::Database;
use super::progress;
use crate::offline_store::{in_use, open_to_read};
use beamlive_client::{print, Failure};
use beamlive_mxlive::export::{export, paths, Dump, ExportError, Exported};
use beamlive_storage::{PostgresSettings, Store};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes that are written at once.
const WRITE_BYTES: usize = 1024 * 1024;

/// Write all records for another server.
#[derive(Debug, Args)]
pub struct Export {
    #[command(subcommand)]
    server: Server,
}

#[derive(Debug, Subcommand)]
enum Server {
    /// A dump for MxLIVE or BasicLIVE, of a store that no service uses, or of one moment of a store
    /// on PostgreSQL. `beamlive import mxlive` makes the same records of it.
    Mxlive(MxLive),
}

#[derive(Debug, Args)]
struct MxLive {
    /// The dump, which must not exist yet [default: standard output]. It holds hashes of passwords
    /// and secure keys.
    dump: Option<PathBuf>,
    /// Also write the directories that secure keys open, as the Data Proxy dumps them.
    #[arg(long, value_name = "FILE")]
    proxy_dump: Option<PathBuf>,
    /// Replace files that exist.
    #[arg(long)]
    force: bool,
    /// The data directory.
    #[arg(long, env = "BEAMLIVE_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    #[command(flatten)]
    database: Database,
}

impl Export {
    /// Exports, and prints what was written.
    ///
    /// # Errors
    /// When the store can't be opened or read completely, or a file can't be written. Files that
    /// exist are then as they were before.
    pub async fn run(self) -> Result<(), Failure> {
        let Server::Mxlive(MxLive {
            dump,
            proxy_dump,
            force,
            data,
            database,
        }) = self.server;
        for file in [&dump, &proxy_dump].into_iter().flatten() {
            if !force && file.exists() {
                let file = file.display();
                return Err(format!("{file} exists: name another file, or replace it with --force").into());
            }
        }
        let to_output = dump.is_none();
        let database = database.settings()?;
        let work = move || write(&data, database, dump.as_deref(), proxy_dump.as_deref());
        let exported = tokio::task::spawn_blocking(work).await??;
        for line in lines(&exported) {
            // The dump itself may be on standard output.
            if to_output {
                writeln!(io::stderr(), "{line}")?;
            } else {
                print(line)?;
            }
        }
        Ok(())
    }
}

/// What was written, a line for each label, and what was not.
fn lines(exported: &Exported) -> Vec<String> {
    let mut lines: Vec<_> = exported
        .rows
        .iter()
        .map(|(model, rows)| format!("{model:<24} {rows:>10}"))
        .collect();
    lines.extend(
        exported
            .left
            .iter()
            .map(|(what, count)| format!("not in the dump: {count} {what}")),
    );
    lines
}

fn write(
    data: &Path,
    database: Option<PostgresSettings>,
    dump: Option<&Path>,
    proxy_dump: Option<&Path>,
) -> Result<Exported, Failure> {
    let copy = ", or export a copy that beamlive backup and beamlive restore make";
    let store = open_to_read(data, database.as_ref()).map_err(|error| in_use(error, copy))?;
    let mut exported = match dump {
        Some(file) => to_file(file, |out| export_to(&store, out))?,
        None => export_to(&store, BufWriter::with_capacity(WRITE_BYTES, io::stdout()))?.0,
    };
    if let Some(file) = proxy_dump {
        let paths = to_file(file, |out| {
            let mut dump = Dump::begin(out, |_| {})?;
            let exported = paths(&store, &mut dump)?;
            Ok((exported, dump.finish()?))
        })?;
        exported.rows.extend(paths.rows);
    }
    Ok(exported)
}

fn export_to<W: Write>(store: &Store, out: W) -> Result<(Exported, W), ExportError> {
    let bar = progress::counting("export");
    let mut dump = Dump::begin(out, {
        let bar = bar.clone();
        move |rows| bar.set_position(rows)
    })?;
    let exported = export(store, &mut dump);
    bar.finish_and_clear();
    Ok((exported?, dump.finish()?))
}

/// Writes a file that only its owner may read. It gets its name when it is whole.
fn to_file(
    path: &Path,
    write: impl FnOnce(BufWriter<File>) -> Result<(Exported, BufWriter<File>), ExportError>,
) -> Result<Exported, Failure> {
    let (part, file) = AtomicFile::create(path)?;
    let (exported, out) = write(BufWriter::with_capacity(WRITE_BYTES, file))?;
    let file = out
        .into_inner()
        .map_err(|error| format!("can't write {}: {}", path.display(), error.error()))?;
    part.publish(&file)?;
    Ok(exported)
}
