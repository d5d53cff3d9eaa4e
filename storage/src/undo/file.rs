//! The undo file: what the database held before an import, in the order in which it was changed.

use super::error::UndoError;
use super::frame::{self, BadHeader, Head, Header, Kind, HEAD, HEADER};
use crate::engine::error::EngineError;
use crate::engine::faults::{Faults, Step};
use crate::engine::files;
use crate::group::{Plan, Rows};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The file, in the store's directory.
pub(crate) const FILE: &str = "undo";
/// The file until it is whole.
const NEW: &str = "undo.new";
/// Bytes of the disk that stay free during an import, so that it can be undone: twice what
/// an engine keeps free.
const RESERVE: u64 = 320 * 1024 * 1024;
/// Bytes that a database may write to restore a byte of the undo file. sled writes four.
const RESTORED: u64 = 5;

/// A file that is being written.
pub(crate) struct UndoFile<F> {
    file: File,
    path: PathBuf,
    /// Where the next frame begins.
    end: u64,
    /// The number of the last group, once there is one.
    number: Option<u64>,
    /// Whether an append failed, so that the end of the file is not known.
    failed: bool,
    faults: F,
}

impl<F: Faults> UndoFile<F> {
    /// Creates the file of the import `id` in `directory`, durably.
    pub(crate) fn create(directory: &Path, id: [u8; 16], faults: F) -> Result<Self, UndoError> {
        let (path, new) = (directory.join(FILE), directory.join(NEW));
        let create = || {
            faults.before(Step::Note)?;
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(true).open(&new)?;
            file.write_all_at(&Header::new(id).encode(), 0)?;
            faults.before(Step::Sync)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            files::sync_entries(directory)?;
            Ok(file)
        };
        match create() {
            Ok(file) => Ok(Self {
                file,
                path,
                end: HEADER as u64,
                number: None,
                failed: false,
                faults,
            }),
            Err(source) => Err(UndoError::Io { path, source }),
        }
    }

    /// Notes durably what `plan` changes.
    pub(crate) fn append(&mut self, plan: &Plan) -> Result<(), EngineError> {
        let number = plan.applied.groups;
        if !follows(self.number, number) {
            return Err(EngineError::NotAlone);
        }
        if self.failed {
            let failed = io::Error::other("an earlier write to it failed");
            return Err(EngineError::Undo(failed));
        }
        let needed = RESERVE.saturating_add(self.end.saturating_mul(RESTORED));
        files::check_room(self.path.parent().unwrap_or(&self.path), needed)?;
        let content = frame::encode_rows(plan.before());
        self.failed = true;
        self.write(number, &content).map_err(EngineError::Undo)?;
        self.failed = false;
        self.number = Some(number);
        Ok(())
    }

    fn write(&mut self, number: u64, content: &[u8]) -> io::Result<()> {
        let too_large = || io::Error::other("a group has too many old values");
        let frame = frame::encode(Kind::Rows, number, content).ok_or_else(too_large)?;
        self.faults.before(Step::Note)?;
        self.file.write_all_at(&frame, self.end)?;
        self.faults.before(Step::Sync)?;
        self.file.sync_data()?;
        self.end += frame.len() as u64;
        Ok(())
    }
}

/// A frame in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    at: u64,
    head: Head,
}

/// A file whose rows are restored.
pub(super) struct Noted {
    file: File,
    path: PathBuf,
    header: Header,
}

impl Noted {
    /// Opens the file in `directory`.
    pub(super) fn open(directory: &Path) -> Result<Self, UndoError> {
        let path = directory.join(FILE);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Err(UndoError::Missing(path)),
            Err(source) => return Err(UndoError::Io { path, source }),
        };
        let mut bytes = [0; HEADER];
        let read = file.read_exact_at(&mut bytes, 0);
        let header = match read.map(|()| Header::decode(&bytes)) {
            Ok(Ok(header)) => header,
            Ok(Err(BadHeader::Newer)) => return Err(UndoError::Newer(path)),
            Ok(Err(BadHeader::Damaged)) => return Err(damaged(&path, "its beginning")),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(damaged(&path, "its beginning"))
            }
            Err(source) => return Err(UndoError::Io { path, source }),
        };
        Ok(Self { file, path, header })
    }

    pub(super) fn id(&self) -> [u8; 16] {
        self.header.id
    }

    /// Finds the frames that cover a database with `groups` groups, and seals the file behind them.
    ///
    /// Every group of the import has its frame, because the frame was synced first. What follows
    /// the last of these frames belongs to a group that was not written. Restoring rows writes
    /// groups too, so before that begins the seal says durably where the frames end.
    pub(super) fn seal(&self, groups: u64) -> Result<Vec<Place>, UndoError> {
        let (places, sealed) = self.places().map_err(|source| self.io(source))?;
        let last = places.last().filter(|last| sealed || last.head.number >= groups);
        let last = last.ok_or_else(|| damaged(&self.path, "a frame"))?;
        self.write_seal(&places, groups, last)
            .map_err(|source| self.io(source))?;
        Ok(places)
    }

    /// Writes the seal behind the `last` frame. The frames of groups above `groups`, and a seal
    /// that exists, are written again, because their sync may have failed.
    fn write_seal(&self, places: &[Place], groups: u64, last: &Place) -> io::Result<()> {
        for place in places.iter().filter(|place| place.head.number > groups) {
            let mut bytes = vec![0; usize::try_from(place.end() - place.at).unwrap_or(usize::MAX)];
            self.file.read_exact_at(&mut bytes, place.at)?;
            self.file.write_all_at(&bytes, place.at)?;
        }
        let seal = frame::encode(Kind::Seal, last.head.number, &[]).unwrap_or_default();
        self.file.set_len(last.end())?;
        self.file.write_all_at(&seal, last.end())?;
        self.file.sync_all()
    }

    /// All whole frames of rows from the beginning, and whether a seal follows them.
    fn places(&self) -> io::Result<(Vec<Place>, bool)> {
        let (mut places, mut number) = (Vec::new(), None);
        let length = self.file.metadata()?.len();
        let mut reader = BufReader::with_capacity(1 << 16, &self.file);
        let mut header = [0; HEADER];
        io::Seek::rewind(&mut reader)?;
        reader.read_exact(&mut header)?;
        let (mut at, mut content) = (HEADER as u64, Vec::new());
        while length.saturating_sub(at) >= HEAD as u64 {
            let mut head = [0; HEAD];
            reader.read_exact(&mut head)?;
            let Some(head) = Head::decode(&head) else { break };
            let place = Place { at, head };
            if place.end() > length || !follows(number, head.number) {
                break;
            }
            content.resize(head.length as usize, 0);
            reader.read_exact(&mut content)?;
            match head.check(&content) {
                Some(Kind::Rows) => places.push(place),
                Some(Kind::Seal) => return Ok((places, true)),
                None => break,
            }
            (at, number) = (place.end(), Some(head.number));
        }
        Ok((places, false))
    }

    /// Reads the rows of a frame.
    pub(super) fn rows(&self, place: &Place) -> Result<Rows, UndoError> {
        let mut content = vec![0; place.head.length as usize];
        let read = self.file.read_exact_at(&mut content, place.at + HEAD as u64);
        read.map_err(|source| self.io(source))?;
        let checked = place.head.check(&content);
        let rows = checked.and_then(|_| frame::decode_rows(&content));
        let rows = rows.ok_or_else(|| damaged(&self.path, "a frame"))?;
        let owned = |(key, value): (serde_bytes::ByteBuf, Option<serde_bytes::ByteBuf>)| {
            (key.into_vec(), value.map(serde_bytes::ByteBuf::into_vec))
        };
        Ok(rows.into_iter().map(owned).collect())
    }

    fn io(&self, source: io::Error) -> UndoError {
        UndoError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

impl Place {
    /// Where the next frame begins.
    fn end(&self) -> u64 {
        self.at + HEAD as u64 + u64::from(self.head.length)
    }
}

/// Whether the frame of the group `next` may follow that of `last`. A group that is tried again has
/// several frames.
fn follows(last: Option<u64>, next: u64) -> bool {
    last.is_none_or(|last| next == last || next == last + 1)
}

fn damaged(path: &Path, reason: &'static str) -> UndoError {
    UndoError::Damaged {
        path: path.to_owned(),
        reason,
    }
}

/// Removes the file of an import that is over. A file that stays is removed at the next opening.
pub(crate) fn remove(directory: &Path) {
    for name in [FILE, NEW] {
        let path = directory.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "a file that is no longer needed could not be removed");
            }
            _ => {}
        }
    }
}
