//! `beamlive backup`: writes the store of a running service to a file.
//!
//! `rotation.rs` names backups in one directory, and says which are too old.

mod rotation;

use super::atomic_file::AtomicFile;
use super::progress;
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::admin::Service;
use beamlive_client::http::reason;
use beamlive_client::{print, Failure};
use beamlive_storage::backup::{Header, Reader};
use bytes::{Buf, Bytes};
use clap::Args;
use indicatif::ProgressBar;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Maximum pieces that are received and not yet written.
const WAITING: usize = 16;

/// Back up a running service: its store as it is now, into one file. The service goes on meanwhile.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file, which must not exist yet. It gets this name only when the backup is whole.
    #[arg(required_unless_present = "into", conflicts_with = "into")]
    file: Option<PathBuf>,
    /// A directory that gets a new file instead, named by the time.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Backups that are kept in that directory; when a new one is whole, older ones are removed
    /// [default: all].
    #[arg(long, value_name = "N", requires = "into", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
    /// Which service.
    #[command(flatten)]
    service: Service,
}

impl Backup {
    /// Takes the backup and checks it while it arrives.
    ///
    /// # Errors
    /// When the service can't be reached or refuses, the backup is incomplete, or the file can't be
    /// written. The file is then as it was before.
    pub async fn run(self) -> Result<(), Failure> {
        let named = self
            .into
            .as_ref()
            .map(|directory| directory.join(rotation::name(SystemClock.now())));
        let target = named.or(self.file).unwrap_or_default();
        if !self.force && target.exists() {
            return Err(format!(
                "{} exists: name another file, or replace it with --force",
                target.display()
            )
            .into());
        }
        let mut answer = self.service.admin()?.backup().await?;
        let (part, file) = AtomicFile::create(&target)?;
        let (sender, pieces) = mpsc::channel(WAITING);
        let bar = progress::rows("backup");
        let checking = tokio::task::spawn_blocking({
            let bar = bar.clone();
            move || receive(file, pieces, &bar)
        });
        let sent = loop {
            match answer.chunk().await {
                Ok(Some(piece)) => {
                    // The check failed; its result says why.
                    if sender.send(piece).await.is_err() {
                        break Ok(());
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(reason(&error)),
            }
        };
        drop(sender);
        let checked = checking.await?;
        bar.finish_and_clear();
        if let Err(broken) = sent {
            return Err(format!(
                "the service broke off ({broken}): see that it runs, and take the backup again"
            )
            .into());
        }
        let (header, rows, file) = checked?;
        part.publish(&file)?;
        print(format_args!(
            "{}: {rows} rows, the store as it was at {}",
            target.display(),
            header.created.to_utc().format("%Y-%m-%dT%H:%M:%SZ")
        ))?;
        match (&self.into, self.keep) {
            (Some(directory), Some(keep)) => rotate(directory, keep as usize),
            _ => Ok(()),
        }
    }
}

/// Removes the backups that are too old.
fn rotate(directory: &Path, keep: usize) -> Result<(), Failure> {
    let listed = std::fs::read_dir(directory)?.flatten();
    let names = listed
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    for name in rotation::outdated(names, keep) {
        let old = directory.join(name);
        std::fs::remove_file(&old).map_err(|error| format!("can't remove {}: {error}", old.display()))?;
        print(format_args!(
            "{}: removed, because {keep} newer ones are kept",
            old.display()
        ))?;
    }
    Ok(())
}

/// Writes the pieces to the file, and reads them as a restore would.
fn receive(
    file: File,
    pieces: mpsc::Receiver<Bytes>,
    bar: &ProgressBar,
) -> Result<(Header, u64, File), Failure> {
    let mut incoming = Incoming {
        pieces,
        current: Bytes::new(),
        file,
    };
    let mut reader = Reader::open(&mut incoming)?;
    bar.set_length(reader.header().about_rows);
    while reader.next_rows()?.is_some() {
        // The length is an estimate.
        if bar.length() < Some(reader.rows()) {
            bar.set_length(reader.rows());
        }
        bar.set_position(reader.rows());
    }
    let (header, rows) = (reader.header().clone(), reader.rows());
    Ok((header, rows, incoming.file))
}

/// The bytes from the service. Each piece is written to the file before it is read.
struct Incoming {
    pieces: mpsc::Receiver<Bytes>,
    current: Bytes,
    file: File,
}

impl Read for Incoming {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while !self.current.has_remaining() {
            match self.pieces.blocking_recv() {
                Some(piece) => {
                    self.file.write_all(&piece)?;
                    self.current = piece;
                }
                None => return Ok(0),
            }
        }
        let length = bytes.len().min(self.current.remaining());
        let (now, _) = bytes.split_at_mut(length);
        self.current.copy_to_slice(now);
        Ok(length)
    }
}
