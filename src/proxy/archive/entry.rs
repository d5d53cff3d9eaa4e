//! The entries of a tar, in GNU's format, which has room for long names and large files.

use super::sink::Sink;
use crate::proxy::shelf::OpenFile;
use std::io;
use tar::{EntryType, Header};

/// Bytes of a block: all in a tar is a multiple of it.
const BLOCK: u64 = 512;
/// Bytes of a name that a header has room for.
const SHORT: usize = 100;
/// What the entry is called that holds the long name of the next one.
const LONG_NAME: &[u8] = b"././@LongLink";

/// Writes a directory.
///
/// # Errors
/// As the sink.
pub(super) fn directory(sink: &mut Sink<'_>, path: &[u8], modified: i128) -> io::Result<()> {
    let mut header = header(EntryType::Directory, 0, modified);
    header.set_mode(0o755);
    named(sink, header, &[path, b"/"].concat())
}

/// Writes a file, which is at its beginning.
///
/// # Errors
/// As the sink; when it can't be read, and when it is shorter than it was.
pub(super) fn file(sink: &mut Sink<'_>, file: OpenFile, path: &[u8]) -> io::Result<()> {
    let length = file.identity.length;
    let mut header = header(EntryType::Regular, length, file.identity.modified);
    header.set_mode(if file.mode & 0o100 == 0 { 0o644 } else { 0o755 });
    named(sink, header, path)?;
    let mut left = length;
    while left > 0 {
        let read = sink.read_from(&file.file, left)?;
        if read == 0 {
            let path = String::from_utf8_lossy(path);
            let why = format!("{path} has become shorter while it was read");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        left = left.saturating_sub(read);
    }
    if file.state()? != file.identity {
        let path = String::from_utf8_lossy(path);
        tracing::warn!(%path, "a file changed while it was put into an archive");
    }
    pad(sink, length)
}

/// Writes the end: two empty blocks.
///
/// # Errors
/// As the sink.
pub(super) fn end(sink: &mut Sink<'_>) -> io::Result<()> {
    sink.zeros(2 * BLOCK)
}

fn header(kind: EntryType, length: u64, modified: i128) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(length);
    let seconds = u64::try_from(modified.div_euclid(1_000_000_000)).unwrap_or(0);
    header.set_mtime(seconds);
    // Whose the files are is this machine's affair.
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Writes a header with its name, which may take an entry of its own.
fn named(sink: &mut Sink<'_>, mut header: Header, path: &[u8]) -> io::Result<()> {
    if path.len() >= SHORT {
        let length = u64::try_from(path.len()).unwrap_or(u64::MAX).saturating_add(1);
        let mut long = self::header(EntryType::GNULongName, length, 0);
        long.set_mode(0o644);
        put_name(&mut long, LONG_NAME);
        long.set_cksum();
        sink.write(long.as_bytes())?;
        sink.write(path)?;
        sink.write(&[0])?;
        pad(sink, length)?;
    }
    put_name(&mut header, path);
    header.set_cksum();
    sink.write(header.as_bytes())
}

/// As much of a name as there is room for.
fn put_name(header: &mut Header, name: &[u8]) {
    for (place, byte) in header.as_old_mut().name.iter_mut().take(SHORT - 1).zip(name) {
        *place = *byte;
    }
}

fn pad(sink: &mut Sink<'_>, length: u64) -> io::Result<()> {
    sink.zeros((BLOCK - length % BLOCK) % BLOCK)
}
