//! Appends files and directories to a tar.

use super::writer::PieceWriter;
use crate::proxy::disk::DiskFile;
use crate::proxy::shelf::OpenFile;
use crate::proxy::threaded_body::PIECE;
use std::ffi::OsStr;
use std::io::{self, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use tar::{Builder, EntryType, Header};

/// The tar that is written.
pub(super) type Tar<'a> = Builder<PieceWriter<'a>>;

/// Appends a directory, which was last changed at `modified`, in nanoseconds since 1970.
///
/// # Errors
/// Those of the writer.
pub(super) fn directory(tar: &mut Tar<'_>, path: &[u8], modified: i128) -> io::Result<()> {
    let mut header = header(EntryType::Directory, 0, 0o755, modified);
    let path = [path, b"/"].concat();
    tar.append_data(&mut header, OsStr::from_bytes(&path), io::empty())
}

/// Appends a file. It must be at its beginning.
///
/// # Errors
/// Those of the writer; if the file can't be read, or is shorter than it was.
pub(super) fn file(tar: &mut Tar<'_>, file: &OpenFile, path: &[u8]) -> io::Result<()> {
    let mode = if file.mode & 0o100 == 0 { 0o644 } else { 0o755 };
    let length = file.identity.length;
    let mut header = header(EntryType::Regular, length, mode, file.identity.modified);
    let path = OsStr::from_bytes(path);
    let data = ExactLength {
        file: &file.file,
        left: length,
    };
    tar.append_data(&mut header, path, BufReader::with_capacity(PIECE, data))?;
    if file.state()? != file.identity {
        tracing::warn!(path = %path.display(), "a file changed while it was put into an archive");
    }
    Ok(())
}

/// The owner and the group are omitted, because they mean nothing on other machines.
fn header(kind: EntryType, length: u64, mode: u32, modified: i128) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(length);
    header.set_mode(mode);
    header.set_mtime(u64::try_from(modified.div_euclid(1_000_000_000)).unwrap_or(0));
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Reads as many bytes of a file as its header in the tar says.
struct ExactLength<'a> {
    file: &'a DiskFile,
    left: u64,
}

impl Read for ExactLength<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.take(self.left).read(into)?;
        if read == 0 && self.left > 0 && !into.is_empty() {
            let why = "a file has become shorter while it was read";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        self.left -= read as u64;
        Ok(read)
    }
}
