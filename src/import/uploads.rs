//! Imports that are sent to a running service. Its files are received in pieces into the data
//! directory. Then the service stops, imports, and starts again on the same address.

use super::report::Outcome;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use strum::{EnumString, IntoStaticStr};
use tokio::sync::Notify;
use utoipa::ToSchema;

/// A file of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Part {
    /// What `manage.py dumpdata` wrote.
    Dump,
    /// The same of the Data Proxy.
    ProxyDump,
    /// The secret that signs the tokens of the earlier server.
    JwtSecret,
}

/// Where an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// There was none yet.
    #[default]
    None,
    /// It begins in a moment.
    Waiting,
    /// It is running. The service may be unavailable meanwhile.
    Running,
    /// It is done.
    Done,
    /// It failed. Nothing was changed.
    Failed,
}

/// What is known of the newest import.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ImportStatus {
    /// Where it is.
    pub state: Progress,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// What it did, in words.
    pub lines: Vec<String>,
    /// How many lines there are about what was mended or left out: see the report.
    pub notes: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// Receives imports.
#[derive(Debug)]
pub struct ImportUploads {
    directory: PathBuf,
    /// Held while files are written, so that one thing happens at a time. Blocks.
    files: Mutex<()>,
    /// Held for a moment only: async tasks ask for it.
    status: Mutex<ImportStatus>,
    wanted: Notify,
}

/// Why a piece or a start is refused.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefused {
    /// An import is under way.
    #[error("an import is under way: wait until it is done")]
    Busy,
    /// A piece does not follow the last one.
    #[error("the next piece begins at {0}")]
    Offset(u64),
    /// There is no dump.
    #[error("there is no dump: send it first")]
    NoDump,
    /// The data directory can't be written.
    #[error("the data directory can't be written: {0}")]
    Disk(#[from] io::Error),
}

impl ImportUploads {
    /// The imports of a data directory.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        let directory = data.join("import");
        let text = fs::read_to_string(directory.join("status.json")).unwrap_or_default();
        let mut status: ImportStatus = serde_json::from_str(&text).unwrap_or_default();
        // The process ended during it.
        if matches!(status.state, Progress::Waiting | Progress::Running) {
            status.state = Progress::Failed;
            status.error = Some("the service ended during the import: nothing was changed".to_owned());
        }
        Self {
            directory,
            files: Mutex::new(()),
            status: Mutex::new(status),
            wanted: Notify::new(),
        }
    }

    /// What is known of the newest import.
    #[must_use]
    pub fn status(&self) -> ImportStatus {
        self.status.lock().clone()
    }

    /// The file of a part.
    #[must_use]
    pub fn file(&self, part: Part) -> PathBuf {
        let name: &str = part.into();
        self.directory.join(name)
    }

    /// Where the report of the newest import is.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.directory.join("report.txt")
    }

    /// Adds a piece to a file. One at 0 begins it again. Blocks.
    ///
    /// # Errors
    /// [`ImportRefused`].
    pub fn receive(&self, part: Part, offset: u64, piece: &[u8]) -> Result<u64, ImportRefused> {
        let _files = self.files.lock();
        self.is_free()?;
        if !self.directory.is_dir() {
            fs::DirBuilder::new().mode(0o700).create(&self.directory)?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.file(part))?;
        if offset == 0 {
            file.set_len(0)?;
        }
        let end = file.seek(SeekFrom::End(0))?;
        if end != offset {
            return Err(ImportRefused::Offset(end));
        }
        file.write_all(piece)?;
        file.sync_data()?;
        Ok(end + piece.len() as u64)
    }

    /// Asks for the import of what was received. Blocks.
    ///
    /// # Errors
    /// [`ImportRefused`].
    pub fn start(&self, dry_run: bool) -> Result<(), ImportRefused> {
        let _files = self.files.lock();
        self.is_free()?;
        if !self.file(Part::Dump).is_file() {
            return Err(ImportRefused::NoDump);
        }
        let status = ImportStatus {
            state: Progress::Waiting,
            dry_run,
            ..ImportStatus::default()
        };
        self.keep(&status)?;
        *self.status.lock() = status;
        self.wanted.notify_one();
        Ok(())
    }

    /// Waits until an import is asked for.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Notes that the import is running. Blocks.
    pub fn running(&self) {
        let _files = self.files.lock();
        let mut status = self.status();
        status.state = Progress::Running;
        self.note(&status);
        *self.status.lock() = status;
    }

    /// Notes how the import ended, and removes its files. Blocks.
    pub fn ended(&self, outcome: Result<Outcome, String>) {
        let _files = self.files.lock();
        let mut status = self.status();
        match outcome {
            Ok(outcome) => {
                status.state = Progress::Done;
                status.lines = outcome.lines();
                status.notes = outcome.notes;
            }
            Err(error) => {
                status.state = Progress::Failed;
                status.error = Some(error);
            }
        }
        self.note(&status);
        for part in [Part::Dump, Part::ProxyDump, Part::JwtSecret] {
            let file = self.file(part);
            if file.exists() {
                if let Err(error) = fs::remove_file(&file) {
                    tracing::warn!(?file, %error, "a file of an import could not be removed");
                }
            }
        }
        *self.status.lock() = status;
    }

    /// Refuses while an import is under way.
    fn is_free(&self) -> Result<(), ImportRefused> {
        match self.status.lock().state {
            Progress::Waiting | Progress::Running => Err(ImportRefused::Busy),
            Progress::None | Progress::Done | Progress::Failed => Ok(()),
        }
    }

    fn note(&self, status: &ImportStatus) {
        if let Err(error) = self.keep(status) {
            tracing::warn!(%error, "the status of an import could not be kept");
        }
    }

    fn keep(&self, status: &ImportStatus) -> io::Result<()> {
        let new = self.directory.join("status.new");
        let mut file = File::create(&new)?;
        serde_json::to_writer(&mut file, status)?;
        file.sync_all()?;
        fs::rename(new, self.directory.join("status.json"))
    }
}
