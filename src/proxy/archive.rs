//! Archives: a tar of a directory, or of some files of it, made and compressed while it is sent.
//!
//! - What is in memory does not depend on how much is in the directory, but for the names of the directories on the way.
//! - The order is that of the names, so that the same files make the same tar.
//! - Links are left out: unpacked elsewhere, they would lead anywhere. So are pipes, sockets and devices.
//! - A file that vanishes before its turn is left out, and logged. One that grows is cut at the length that its header says. One that
//!   shrinks, or can't be read, cuts the archive off: without its end it can't be taken for whole.

pub mod compressors;
mod entry;
mod sink;

use super::pump::{self, Pumped};
use super::shares::Place;
use super::shelf::{Entry, FileError, FilePath, OpenDirectory, Shelf};
use compressors::Compressors;
use sink::Sink;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Directories within directories.
const DEEPEST: usize = 128;

/// How an archive is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// `.tar`
    Tar,
    /// `.tar.gz`
    Gzip,
}

impl Packing {
    /// The packing that a file name asks for; none when it asks for no archive.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        let ends = |with: &[u8]| name.len() > with.len() && name.ends_with(with);
        match (ends(b".tar.gz") || ends(b".tgz"), ends(b".tar")) {
            (true, _) => Some(Self::Gzip),
            (_, true) => Some(Self::Tar),
            _ => None,
        }
    }

    /// The content type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Tar => "application/x-tar",
            Self::Gzip => "application/gzip",
        }
    }
}

/// What goes into an archive.
#[derive(Debug)]
pub enum Contents {
    /// All that is in the directory, in a folder of its name.
    All(OpenDirectory),
    /// These files of the directory, in a folder of its name.
    Some(OpenDirectory, Vec<FilePath>),
}

/// Looks for the directory of `key`, which must be there.
///
/// # Errors
/// [`FileError`].
pub async fn all(shelf: &Shelf, key: &str) -> Result<Contents, FileError> {
    let directory = shelf.first(key, |directory| directory.directory(None)).await?;
    Ok(Contents::All(directory))
}

/// Looks for the files of these names beneath the directory of `key`, each with every suffix until one is there. Names that
/// are not there are left out, and logged.
///
/// # Errors
/// [`FileError::NotFound`] when none of them is there.
pub async fn named(
    shelf: &Shelf,
    key: &str,
    names: Vec<FilePath>,
    suffixes: Vec<String>,
) -> Result<Contents, FileError> {
    let look = move |directory: &OpenDirectory| {
        let mut files = Vec::new();
        for name in &names {
            let candidates = suffixes.iter().filter_map(|suffix| name.with_suffix(suffix).ok());
            let mut found = None;
            for candidate in candidates {
                match directory.open(&candidate) {
                    Err(FileError::NotFound) => {}
                    // It is opened again in its turn: that may be late, and open files are few.
                    Ok(_) => {
                        found = Some(candidate);
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            match found {
                Some(path) => files.push(path),
                None => tracing::info!(%name, "left out of an archive: there is no such file"),
            }
        }
        match files.is_empty() {
            true => Err(FileError::NotFound),
            false => Ok(Contents::Some(directory.directory(None)?, files)),
        }
    };
    shelf.first(key, look).await
}

/// The archive. It keeps `place` until it is made.
///
/// # Errors
/// When the system gives no thread.
pub fn pack(
    contents: Contents,
    packing: Packing,
    compressors: &Compressors,
    place: Place,
) -> io::Result<Pumped> {
    let compressors = compressors.clone();
    let (Contents::All(directory) | Contents::Some(directory, _)) = &contents;
    let disk = directory.disk().clone();
    pump::start(&disk, place, move |outlet| {
        let mut sink = Sink::new(outlet, packing, &compressors)?;
        match contents {
            Contents::All(directory) => {
                let top = directory.name().as_bytes().to_vec();
                pack_directory(&mut sink, &directory, &top, 0)?;
            }
            Contents::Some(directory, files) => {
                let top = directory.name().as_bytes();
                for path in files {
                    match directory.open(&path) {
                        Ok(file) => entry::file(&mut sink, file, &[top, b"/", path.as_bytes()].concat())?,
                        Err(FileError::Unavailable(error)) => return Err(io::Error::other(error)),
                        Err(_) => tracing::info!(%path, "left out of an archive: it is gone"),
                    }
                }
            }
        }
        entry::end(&mut sink)?;
        sink.finish()
    })
}

fn pack_directory(
    sink: &mut Sink<'_>,
    directory: &OpenDirectory,
    path: &[u8],
    depth: usize,
) -> io::Result<()> {
    let left_out = |name: &OsStr, why: &str| {
        let path = String::from_utf8_lossy(path).into_owned();
        tracing::info!(%path, ?name, why, "left out of an archive");
    };
    let names = match directory.names() {
        Ok(names) => names,
        Err(FileError::Unavailable(error)) => return Err(io::Error::other(error)),
        Err(_) if depth > 0 => {
            left_out(OsStr::new("."), "the directory can't be read");
            return Ok(());
        }
        Err(error) => return Err(io::Error::other(error)),
    };
    entry::directory(sink, path, directory.modified().map_err(io::Error::other)?)?;
    for name in names {
        sink.is_taken()?;
        let inner = [path, b"/", name.as_bytes()].concat();
        match directory.entry(&name) {
            Ok(Entry::File(file)) => entry::file(sink, file, &inner)?,
            Ok(Entry::Directory(directory)) if depth < DEEPEST => {
                pack_directory(sink, &directory, &inner, depth + 1)?;
            }
            Ok(Entry::Directory(_)) => left_out(&name, "too many directories within directories"),
            Ok(Entry::Other) => left_out(&name, "it is a link, or no regular file"),
            Err(FileError::Unavailable(error)) => return Err(io::Error::other(error)),
            Err(_) => left_out(&name, "it is gone, or may not be read"),
        }
    }
    Ok(())
}
