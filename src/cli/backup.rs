//! `beamlive backup`: writes the store of a running service to a file.

use super::progress;
use beamlive_client::admin::Service;
use beamlive_client::http::reason;
use beamlive_client::{print, Failure};
use beamlive_storage::backup::{Header, Reader};
use bytes::{Buf, Bytes};
use clap::Args;
use indicatif::ProgressBar;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Maximum pieces that are received and not yet written.
const WAITING: usize = 16;

/// Back up a running service: its store as it is now, into one file. The service goes on meanwhile.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file, which must not exist yet. It gets this name only when the backup is whole.
    file: PathBuf,
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
        if !self.force && self.file.exists() {
            return Err(format!(
                "{} exists: name another file, or replace it with --force",
                self.file.display()
            )
            .into());
        }
        let mut answer = self.service.admin()?.backup().await?;
        let part = part_of(&self.file)?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .map_err(|error| format!("can't write {}: {error}", part.display()))?;
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
        let done = match (sent, checked) {
            (Err(broken), _) => Err(format!(
                "the service broke off ({broken}): see that it runs, and take the backup again"
            )
            .into()),
            (Ok(()), checked) => checked,
        };
        let done = done.and_then(|done| {
            publish(&part, &self.file)
                .map_err(|error| format!("can't write {}: {error}", self.file.display()))?;
            Ok(done)
        });
        match done {
            Ok((header, rows)) => print(format_args!(
                "{}: {rows} rows, the store as it was at {}",
                self.file.display(),
                header.created.to_utc().format("%Y-%m-%dT%H:%M:%SZ")
            )),
            Err(error) => {
                // If this fails, the name of the file tells that it is a part.
                let _ = fs::remove_file(&part);
                Err(error)
            }
        }
    }
}

/// The name of the file while it is incomplete, in the same directory.
fn part_of(file: &Path) -> Result<PathBuf, Failure> {
    let name = file
        .file_name()
        .ok_or_else(|| format!("{} names no file", file.display()))?;
    let mut part = name.to_owned();
    part.push(format!(".part-{}", std::process::id()));
    Ok(file.with_file_name(part))
}

/// Gives the file its name, durably.
fn publish(part: &Path, file: &Path) -> io::Result<()> {
    fs::rename(part, file)?;
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Writes the pieces to the file, and reads them as a restore would.
fn receive(file: File, pieces: mpsc::Receiver<Bytes>, bar: &ProgressBar) -> Result<(Header, u64), Failure> {
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
    let done = (reader.header().clone(), reader.rows());
    incoming.file.sync_all()?;
    Ok(done)
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
