//! Archives: a tar of a directory, or of some of its files, made and compressed while it is sent.
//!
//! - Memory use does not depend on the size of the directory, except for the names in the
//!   directories on the current path.
//! - Entries are sorted by name, so that the same files make the same tar.
//! - Links are omitted, because they could lead anywhere where the archive is unpacked. Pipes,
//!   sockets and devices are omitted too.
//! - A file that vanishes before it is read is omitted and logged. One that grows is cut at the
//!   length in its header. One that shrinks or can't be read ends the body early, without the end
//!   of the tar.

pub mod compressors;
mod entry;
mod writer;

pub use writer::Packing;

use super::shelf::{Entry, FileError, FilePath, OpenDirectory, Shelf};
use super::slots::Slot;
use super::threaded_body::{self, ThreadedBody};
use compressors::Compressors;
use entry::Tar;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Longest chain of directories within directories.
const DEEPEST: usize = 128;

/// The contents of an archive.
#[derive(Debug)]
pub enum Contents {
    /// The whole directory, in a folder of its name.
    All(OpenDirectory),
    /// These files of the directory, in a folder of its name.
    Some(OpenDirectory, Vec<FilePath>),
}

/// The directory of `key`.
///
/// # Errors
/// [`FileError`].
pub async fn all(shelf: &Shelf, key: &str) -> Result<Contents, FileError> {
    let directory = shelf.first(key, |directory| directory.directory(None)).await?;
    Ok(Contents::All(directory))
}

/// The files of these names beneath the directory of `key`. Each is tried with every suffix until
/// one exists. Files that do not exist are omitted and logged.
///
/// # Errors
/// [`FileError::NotFound`] if none of them exists.
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
            match directory.open_first(candidates) {
                // It is opened again when it is packed, which may be much later: open files are
                // limited.
                Ok((_, path)) => files.push(path),
                Err(FileError::NotFound) => {
                    tracing::info!(%name, "omitted from an archive: there is no such file");
                }
                Err(error) => return Err(error),
            }
        }
        match files.is_empty() {
            true => Err(FileError::NotFound),
            false => Ok(Contents::Some(directory.directory(None)?, files)),
        }
    };
    shelf.first(key, look).await
}

/// The body with the archive. It holds `slot` until it is made.
///
/// # Errors
/// If the system can't start a thread.
pub fn pack(
    contents: Contents,
    packing: Packing,
    compressors: &Compressors,
    slot: Slot,
) -> io::Result<ThreadedBody> {
    let compressors = compressors.clone();
    let (Contents::All(directory) | Contents::Some(directory, _)) = &contents;
    let disk = directory.disk().clone();
    threaded_body::start(&disk, slot, move |body| {
        let mut tar = Tar::new(writer::PieceWriter::new(body, packing, &compressors)?);
        match pack_contents(&mut tar, contents) {
            Ok(()) => tar.into_inner()?.finish(),
            Err(error) => {
                tar.get_mut().abort();
                Err(error)
            }
        }
    })
}

fn pack_contents(tar: &mut Tar<'_>, contents: Contents) -> io::Result<()> {
    let (directory, files) = match contents {
        Contents::All(directory) => {
            let top = top_name(&directory);
            return pack_directory(tar, &directory, &top, 0);
        }
        Contents::Some(directory, files) => (directory, files),
    };
    let top = top_name(&directory);
    for path in files {
        match directory.open(&path) {
            Ok(file) => entry::file(tar, &file, &[&top, b"/".as_slice(), path.as_bytes()].concat())?,
            Err(FileError::Unavailable(error)) => return Err(io::Error::other(error)),
            Err(_) => tracing::info!(%path, "omitted from an archive: it no longer exists"),
        }
    }
    Ok(())
}

/// The name of the folder in the archive. The root of the file system has no name.
fn top_name(directory: &OpenDirectory) -> Vec<u8> {
    match directory.name().as_bytes() {
        b"" => b".".to_vec(),
        name => name.to_vec(),
    }
}

fn pack_directory(tar: &mut Tar<'_>, directory: &OpenDirectory, path: &[u8], depth: usize) -> io::Result<()> {
    let omit = |name: &OsStr, why: &str| {
        let path = String::from_utf8_lossy(path);
        tracing::info!(%path, ?name, why, "omitted from an archive");
    };
    let names = match directory.names() {
        Ok(names) => names,
        Err(FileError::Unavailable(error)) => return Err(io::Error::other(error)),
        Err(_) if depth > 0 => {
            omit(OsStr::new("."), "the directory can't be read");
            return Ok(());
        }
        Err(error) => return Err(io::Error::other(error)),
    };
    entry::directory(tar, path, directory.modified().map_err(io::Error::other)?)?;
    for name in names {
        tar.get_ref().check_open()?;
        let inner = [path, b"/", name.as_bytes()].concat();
        match directory.entry(&name) {
            Ok(Entry::File(file)) => entry::file(tar, &file, &inner)?,
            Ok(Entry::Directory(directory)) if depth < DEEPEST => {
                pack_directory(tar, &directory, &inner, depth + 1)?;
            }
            Ok(Entry::Directory(_)) => omit(&name, "too many directories within directories"),
            Ok(Entry::Other) => omit(&name, "it is a link, or no regular file"),
            Err(FileError::Unavailable(error)) => return Err(io::Error::other(error)),
            Err(_) => omit(&name, "it no longer exists, or may not be read"),
        }
    }
    Ok(())
}
